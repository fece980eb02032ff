"""What the lab says when this machine lacks what it needs, before it touches anything."""

from __future__ import annotations

import pytest

from lab import engine, fleet
from lab.commands import LabError, run, watch
from lab.roots import _Stages


def lacking(monkeypatch: pytest.MonkeyPatch, *present: str) -> None:
    monkeypatch.setattr(engine, "find_program", lambda name: f"/usr/bin/{name}" if name in present else None)


def test_elsewhere_than_on_debian_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch)
    with pytest.raises(LabError, match="to run the lab, dockerd must be installed first; only on Debian"):
        engine.install_missing({"dockerd": "docker.io"}, "run the lab", print)


def test_without_root_it_asks_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="run this as root, or install them yourself"):
        engine.install_missing({"dockerd": "docker.io"}, "run the lab", print)


def test_what_is_there_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "dockerd")
    messages: list[str] = []
    engine.install_missing({"dockerd": "docker.io"}, "run the lab", messages.append)
    assert messages == []


def test_without_an_engine_nothing_is_down_or_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "find_engine", lambda: None)
    messages: list[str] = []
    fleet.down(say=messages.append)
    assert messages == ["no Docker engine answers, so the lab is down"]
    assert all("no engine" in line for line in fleet.status().splitlines())


@pytest.mark.parametrize(("name", "task"), [("server", "lab.up$"), ("client-podman", "lab.up --all$")])
def test_a_host_that_is_down_says_how_it_comes_up(name: str, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet.containers, "answers", lambda host: False)
    with pytest.raises(LabError, match=f"lab host {name} is not up; bring it up with: ./invoke {task}"):
        fleet.ssh(name)


def test_an_unknown_host_is_answered_with_the_known_ones() -> None:
    with pytest.raises(LabError, match="the lab has no host 'nobody'; it has server, client-el7, client-debian, hub"):
        fleet.ssh("nobody")


def test_failures_show_what_the_program_said() -> None:
    with pytest.raises(LabError, match="ended with status 3\n    no luck"):
        run(["sh", "-c", "echo no luck >&2; exit 3"])
    with pytest.raises(LabError, match="ended with status 4\n    one\n    two"):
        watch(["sh", "-c", "echo one; echo two >&2; exit 4"], lambda line: None)
    with pytest.raises(LabError, match="cannot run /nonexistent"):
        run(["/nonexistent"])


def test_debootstraps_many_lines_become_few() -> None:
    messages: list[str] = []
    stages = _Stages("bookworm", messages.append)
    for number in range(150):
        stages.take(f"I: Retrieving package{number} 1.0")
    stages.take("I: Base system installed successfully.")
    stages.take("I: Unpacking dpkg...")
    assert messages == [
        "bookworm: retrieving packages",
        "bookworm: retrieving packages (101 done)",
        "bookworm: unpacking packages",
    ]
