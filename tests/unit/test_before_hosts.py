"""Mistakes that only inventory and playbook together show: found before any host is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_runner import Story, play

from mooring.errors import SourceError


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
    with pytest.raises(SourceError) as error:
        Story(tmp_path, play("- ping:", hosts="webb"))
    assert str(error.value).startswith(f'{tmp_path}/p.yml:1:3: host pattern "webb": no host or group is "webb"')
