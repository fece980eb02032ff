"""Programs from Debian's packages: fetched once, and refused where Debian has
another version by now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from lab import programs
from lab.commands import LabError
from tests.support.local_registry import LocalRegistry, crane, run_registry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path / "registry") as registry:
        yield registry


def test_a_real_registry_takes_what_crane_pushes(registry: LocalRegistry, tmp_path: Path) -> None:
    (tmp_path / "greeting").write_text("hello\n")
    layer = tmp_path / "layer.tar"
    programs.run(["tar", "-C", str(tmp_path), "-cf", str(layer), "greeting"])
    pushed = crane("append", f"--new_layer={layer}", f"--new_tag={registry.authority}/library/greeting:1")
    assert crane("digest", f"{registry.authority}/library/greeting:1") == pushed.partition("@")[2]
    with urlopen(f"{registry.url}/v2/library/greeting/tags/list") as answer:
        assert answer.read().strip() == b'{"name":"library/greeting","tags":["1"]}'
    assert list(registry.storage.rglob("greeting"))


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is run, on a machine whose Debian has greeter 2.1 by now."""
    calls: list[list[str]] = []

    def run(argv: list[str], **options: object) -> str:
        calls.append(argv)
        if "download" in argv:
            (Path(argv[2]) / "greeter_2.1-1_all.deb").touch()
        if argv[0] == "dpkg-deb":
            (Path(argv[3]) / "bin").mkdir(parents=True)
            (Path(argv[3]) / "bin/greeter").touch()
        return ""

    monkeypatch.setattr(programs, "run", run)
    monkeypatch.setattr(programs, "cache", lambda: tmp_path)
    monkeypatch.setattr(programs, "find_program", lambda name: name)
    monkeypatch.setattr(programs, "machine_sources", lambda: ["deb http://mirror.example.com/debian bookworm main"])
    return calls


def greeter(version: str) -> dict[str, programs.Program]:
    return {"greeter": programs.Program("greeter", "sid", version, "bin/greeter")}


def test_a_program_is_fetched_once(debian: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", greeter("2.1"))
    assert programs.ensure_program("greeter") == tmp_path / "programs/greeter-2.1"
    assert len(debian) == 3
    assert programs.ensure_program("greeter").exists()
    assert len(debian) == 3
    assert sorted(path.name for path in (tmp_path / "programs").iterdir()) == ["greeter-2.1", "lock"]


def test_another_version_is_refused(debian: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", greeter("2.0"))
    with pytest.raises(LabError, match=r"sid has greeter_2\.1-1_all\.deb now, and no longer 2\.0"):
        programs.ensure_program("greeter")
    messages: list[str] = []
    programs.ensure_programs(messages.append)
    assert messages[0].startswith("without greeter: Debian's sid has")
    assert [path.name for path in (tmp_path / "programs").iterdir()] == ["lock"]


def test_a_machine_that_is_no_debian_is_told(debian: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", greeter("2.1"))
    monkeypatch.setattr(programs, "find_program", lambda name: None)
    with pytest.raises(LabError, match="this machine has no apt-get and no dpkg-deb"):
        programs.ensure_program("greeter")
    assert not debian
