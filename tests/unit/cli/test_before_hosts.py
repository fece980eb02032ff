"""Mistakes that only inventory and playbook together show: found before any host is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.errors import SourceError
from mooring.results import Warned
from tests.support.story import Story, play


def test_a_connection_that_we_do_not_have_stops_the_run_before_its_first_task(tmp_path: Path) -> None:
    first = play(f"- copy: {{content: x, dest: {tmp_path}/touched}}", hosts="b")
    second = play("- ping:", hosts="a", head="vars: {ansible_connection: docker}\n")
    with pytest.raises(SourceError, match="a: unsupported ansible_connection 'docker'"):
        Story(tmp_path, f"{first}\n{second}")
    assert not (tmp_path / "touched").exists()


def test_a_connection_that_depends_on_facts_is_left_for_later(tmp_path: Path) -> None:
    story = Story(tmp_path, play("- debug:", head="vars: {ansible_port: '{{ ansible_facts.port }}'}\n"))
    assert story.status == 0


def test_hosts_that_nobody_is_are_named_with_the_play(tmp_path: Path) -> None:
    story = Story(tmp_path, play("- debug:", hosts="a:webb:!nowhere"))
    assert story.status == 0
    warnings = [event.message.splitlines()[0] for event in story.events if isinstance(event, Warned)]
    assert warnings == [
        f'{tmp_path}/p.yml:1:3: no host or group is "{name}": it is left out of the pattern'
        for name in ("webb", "nowhere")
    ]


def test_tasks_that_include_themselves_without_end(tmp_path: Path) -> None:
    (tmp_path / "again.yml").write_text("- include_tasks: again.yml\n")
    (tmp_path / "blocks.yml").write_text("- block:\n    - block:\n        - include_tasks: blocks.yml\n")
    for name in ("again", "blocks"):
        story = Story(tmp_path, play(f"- include_tasks: {name}.yml\n"))
        assert story.status == 2
        last = story.messages()[-1]
        assert "tasks include each other more than 80 levels deep" in last
        assert last.startswith(f"{tmp_path}/{name}.yml:")


def test_an_include_within_an_include_may_come_to_an_end(tmp_path: Path) -> None:
    text = (
        "- set_fact: {left: '{{ left | default(20) | int - 1 }}'}\n- include_tasks: again.yml\n  when: left | int > 0\n"
    )
    (tmp_path / "again.yml").write_text(text)
    story = Story(tmp_path, play("- include_tasks: again.yml\n"))
    assert (story.status, len(story.outcomes())) == (0, 41)


def test_a_value_that_json_does_not_know_fails_its_task_alone(tmp_path: Path) -> None:
    tasks = f"- file: {{path: {tmp_path}/x, state: touch, mode: 2020-01-01}}\n  ignore_errors: true\n- ping:\n"
    story = Story(tmp_path, play(tasks))
    assert story.status == 0
    assert "file: its arguments cannot be written as JSON: " in story.messages()[0]
