"""Conditions that are no booleans, through a whole run: what is done, and what the
operator is told, once."""

from __future__ import annotations

from pathlib import Path

from mooring.cli.extra_vars import parse_extra_vars
from mooring.results import Outcome, Warned
from tests.support.story import Story, play

PLACES = ("4:35", "6:37", "7:65")


def test_false_from_the_command_line_is_a_text_which_is_true(tmp_path: Path) -> None:
    """One warning for each place, however many hosts and items come by, with what to write."""
    tasks = """\
    - {name: bare, debug: , when: b}
    - {name: meant, debug: , when: b | bool}
    - {name: looped, debug: , when: b, loop: [1, 2, 3]}
    - {name: judged, debug: , failed_when: not b, changed_when: b}
    """
    story = Story(tmp_path, play(tasks, hosts="all"), extra_vars=parse_extra_vars(("b=false",)))
    assert story.status == 0
    for host in story.recap:
        assert [outcome for _, outcome in story.outcomes(host)] == [
            Outcome.OK, Outcome.SKIPPED, Outcome.OK, Outcome.CHANGED,
        ]  # fmt: skip
    warnings = [event.message.splitlines()[0] for event in story.events if isinstance(event, Warned)]
    text = 'condition `b` is the text "false", not a boolean: it counts as true (use `b | bool`)'
    assert sorted(warnings) == [f"{tmp_path}/p.yml:{place}: {text}" for place in PLACES]
