"""Which hosts the lab's front is about: the small fleet, unless the opt-in hosts are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import fleet, roots, suites
from lab.commands import LabError
from lab.containers import ensure_container
from lab.topology import HOSTS, OPT_IN, SMALL_FLEET, LabHost


class FakeEngine:
    """An engine on cgroup v1 in which everything is there."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def run(self, *words: str, **options: Any) -> str:
        self.commands.append(" ".join(words))
        return "1" if words[0] == "info" else ""

    def succeeds(self, *words: str) -> bool:
        return True


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, list[str]]:
    """What the front lets others do, by host's or image's name."""
    seen: dict[str, list[str]] = {"images": [], "up": [], "removed": [], "stopped": []}
    engine = FakeEngine()
    seen["commands"] = engine.commands
    monkeypatch.setattr(fleet, "cache", lambda: tmp_path)
    monkeypatch.setattr(fleet, "ensure_engine", lambda say: engine)
    monkeypatch.setattr(fleet, "find_engine", lambda: engine)
    monkeypatch.setattr(fleet, "ensure_images", lambda engine, wanted, say: seen["images"].extend(wanted))
    monkeypatch.setattr(fleet, "install_missing", lambda *words: None)
    monkeypatch.setattr(fleet, "remove_stale_images", lambda engine: None)
    monkeypatch.setattr(fleet, "stop_our_engine", lambda say: seen["stopped"].append("engine"))
    monkeypatch.setattr(fleet.keys, "ensure_keys", lambda: None)
    monkeypatch.setattr(fleet.containers, "ensure_network", lambda engine: None)
    monkeypatch.setattr(fleet.containers, "ensure_container", lambda engine, host: seen["up"].append(host.name))
    monkeypatch.setattr(fleet.containers, "wait_until_booted", lambda engine, host: None)
    monkeypatch.setattr(fleet.containers, "remove_container", lambda engine, host: seen["removed"].append(host.name))
    return seen


def names(hosts: tuple[LabHost, ...]) -> set[str]:
    return {host.name for host in hosts}


@pytest.mark.parametrize(("with_opt_in", "hosts"), [(False, SMALL_FLEET), (True, HOSTS)])
def test_only_what_is_asked_for_is_built_booted_or_made_anew(
    with_opt_in: bool, hosts: tuple[LabHost, ...], done: dict[str, list[str]]
) -> None:
    fleet.up(fresh=True, with_opt_in=with_opt_in, say=lambda line: None)
    assert set(done["images"]) == {host.image for host in hosts}
    assert set(done["up"]) == set(done["removed"]) == names(hosts)


def test_the_opt_in_hosts_go_alone(done: dict[str, list[str]]) -> None:
    fleet.down(only_opt_in=True, say=lambda line: None)
    assert set(done["removed"]) == names(OPT_IN)
    assert done["stopped"] == []
    assert not [line for line in done["commands"] if line.startswith("network")]


def test_everything_goes_together(done: dict[str, list[str]]) -> None:
    fleet.down(say=lambda line: None)
    assert set(done["removed"]) == names(HOSTS)
    assert done["stopped"] == ["engine"]
    assert "network rm mooring-lab" in done["commands"]


def test_a_machine_without_any_cgroup_v2_tree_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("lab.capabilities.UNIFIED", tmp_path / "none")
    with pytest.raises(LabError, match="lab host client-podman needs cgroup v2, and this machine has no"):
        ensure_container(FakeEngine(), OPT_IN[0])  # type: ignore[arg-type]


def test_one_root_serves_all_images_of_a_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []
    handed: list[tuple[str, str]] = []

    def make_root(suite: roots.Suite, mirror: str, where: Path, say: object) -> None:
        made.append(suite.name)
        where.mkdir(parents=True)
        (where / "release").write_text(suite.name)

    monkeypatch.setattr(roots, "cache", lambda: tmp_path)
    monkeypatch.setattr(roots, "make_root", make_root)
    monkeypatch.setattr(suites, "_make_hosts_root", lambda root, image, work: None)
    suites.build(
        list(suites.IMAGES),
        "http://mirror.example.com/debian",
        lambda root, image: handed.append((image, (root / "release").read_text())),
        lambda line: None,
    )
    assert made == ["trixie", "forky"]
    assert dict(handed) == {"podman": "trixie", "containerd": "trixie", "docker26": "trixie", "docker28": "forky"}
    assert list((tmp_path / "build").iterdir()) == []


def test_a_release_without_a_script_is_made_by_sids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(roots, "_SCRIPTS", tmp_path)
    (tmp_path / "trixie").touch()
    assert roots._script("trixie") == []
    assert roots._script("forky") == [str(tmp_path / "sid")]
