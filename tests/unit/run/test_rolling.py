"""What stops a roll-out, and what does not: batches of one host each, none of which may fail."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from mooring.results import Outcome, Warned
from tests.support.story import Story, play

HEAD = """\
serial: 1
max_fail_percentage: 0
vars:
  ansible_connection: "{{ 'ssh' if n in down else 'local' }}"
  ansible_host: 127.0.0.1
"""
TASKS = '- {ping: }\n- {shell: "kill -9 $PPID", when: n in dying}\n- {ping: }'


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def roll_out(folder: Path, port: int, down: tuple[int, ...] = (), dying: tuple[int, ...] = ()) -> Story:
    variables = {"ansible_port": port, "down": list(down), "dying": list(dying)}
    return Story(folder, play(TASKS, hosts="all", head=HEAD), extra_vars=variables)


@pytest.mark.parametrize("down", [1, 2, 3])
def test_a_host_that_is_down_from_the_start_is_left_out(tmp_path: Path, closed_port: int, down: int) -> None:
    story = roll_out(tmp_path, closed_port, down=(down,))
    lost = "abc"[down - 1]
    assert [outcome for _, outcome in story.outcomes(lost)] == [Outcome.UNREACHABLE]
    assert {len(story.outcomes(host)) for host in "abc" if host != lost} == {3}
    assert story.status == 4


def test_a_host_that_is_lost_on_the_way_stops_the_others(tmp_path: Path, closed_port: int) -> None:
    story = roll_out(tmp_path, closed_port, dying=(2,))
    assert [outcome for _, outcome in story.outcomes("b")] == [Outcome.OK, Outcome.UNREACHABLE]
    assert story.outcomes("c") == []
    assert len(story.outcomes("a")) == 3
    assert story.status == 4


def test_a_lost_host_among_others_is_said_to_stop_the_roll_out(tmp_path: Path, closed_port: int) -> None:
    text = play(TASKS, hosts="all", head=HEAD.replace("serial: 1", "serial: 2"))
    story = Story(tmp_path, text, extra_vars={"ansible_port": closed_port, "down": [1], "dying": [2]})
    assert story.outcomes("c") == []
    story = Story(tmp_path, text, extra_vars={"ansible_port": closed_port, "down": [], "dying": [2]})
    assert [event.message for event in story.events if isinstance(event, Warned)] == [
        "1 of 2 hosts failed, more than 0 %: no further batch"
    ]


def test_no_further_play_when_every_host_is_down(tmp_path: Path, closed_port: int) -> None:
    first = play("- ping:", hosts="a:b", head=HEAD)
    text = first + "\n" + play("- ping:", hosts="c", head=HEAD)
    story = Story(tmp_path, text, extra_vars={"ansible_port": closed_port, "down": [1, 2], "dying": []})
    assert [len(story.outcomes(host)) for host in "abc"] == [1, 1, 0]
