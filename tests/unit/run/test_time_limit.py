"""Ansible's `timeout`, and the end of looking; nothing of a task that ran out of time
is left on the host."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mooring.errors import PlaybookError, TaskTimedOut
from mooring.results import Outcome
from mooring.run import time_limit
from mooring.run.time_limit import TimeLimit, looking_seconds
from tests.support.story import Story, play


def test_a_task_that_takes_too_long_fails_and_is_ended_on_the_host(tmp_path: Path) -> None:
    began = time.monotonic()
    story = Story(
        tmp_path,
        play(
            f"""\
            - shell: echo $$ > {tmp_path}/pid; exec sleep 60
              timeout: 1
              register: late
              ignore_errors: true
            - assert: {{that: [late is failed, late is timedout, late.timedout.period == 1]}}
            - command: echo there again
              timeout: 30
            """
        ),
    )
    assert story.status == 0
    assert story.messages()[0] == "Timed out after 1 second(s)."
    assert [outcome for _, outcome in story.outcomes()] == [Outcome.IGNORED, Outcome.OK, Outcome.CHANGED]
    assert time.monotonic() - began < 30
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            return
        time.sleep(0.05)
    raise AssertionError("the command still runs")


def test_a_pause_ends_too(tmp_path: Path) -> None:
    story = Story(tmp_path, play("- pause: {seconds: 60}\n  timeout: 1\n"))
    assert story.messages() == ["Timed out after 1 second(s)."]
    assert story.status == 2


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", "yes", "[1]", "1000000000"])
def test_what_is_no_time_is_told_with_its_place(tmp_path: Path, value: str) -> None:
    with pytest.raises(PlaybookError, match=r'p\.yml:\d+:\d+: "timeout" must be a whole number of seconds'):
        Story(tmp_path, play(f"- ping:\n  timeout: {value}\n"))


def test_a_template_for_no_time_fails_the_task(tmp_path: Path) -> None:
    story = Story(tmp_path, play('- ping:\n  timeout: "{{ inventory_hostname }}"\n'))
    assert 'timeout must be a whole number of seconds, not "a"' in story.messages()[0]


def test_looking_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe without a writer is a file that a look never comes to the end of."""
    monkeypatch.setattr(time_limit, "LOOK_SECONDS", 0.5)
    os.mkfifo(tmp_path / "pipe")
    text = play(
        f"""\
        - slurp: {{src: "{tmp_path}/pipe"}}
          ignore_errors: true
          register: looked
        - assert: {{that: looked is timedout}}
        """
    )
    story = Story(tmp_path, text)
    assert story.status == 0
    assert "Looking at a host must not take longer" in story.messages()[0]


def test_who_looks_and_who_works() -> None:
    for module in ("setup", "stat", "slurp", "docker_host_info", "ping"):
        assert looking_seconds(module, {}) == 300
    for module in ("command", "shell", "yum", "docker_image", "wait_for", "uri"):
        assert looking_seconds(module, {}) is None
    assert looking_seconds("docker_settled", {"seconds": 100}) == 400


def test_a_longer_timeout_wins_over_the_end_of_looking() -> None:
    with TimeLimit(1000).over("stat", {}) as seconds:
        assert 900 < (seconds or 0) <= 1000
    with TimeLimit(None).over("stat", {}) as seconds:
        assert seconds == 300
    with TimeLimit(0).over("command", {}) as seconds:
        assert seconds is None
    with pytest.raises(TaskTimedOut):
        TimeLimit(1).wait(lambda seconds: time.sleep(1.1), 60)
