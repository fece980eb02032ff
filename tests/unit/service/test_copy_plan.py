"""Which images are to be held, by which tag, in which order."""

from __future__ import annotations

from mooring.service.copy_plan import plan_copies
from mooring.service.image_places import OwnNames
from mooring.service.lock_entries import LockedImage, LockFile, SourcelessImage

OWN = OwnNames.of(["registry.example.com"], ["mirror.registry.example.com"])


def digest(number: int) -> str:
    return f"sha256:{number:064d}"


def locked(name: str, tag: str, number: int, running: int = 0, idle: int = 0, keep: bool = False) -> LockedImage:
    hosts = tuple(f"host{number}" for number in range(running))
    return LockedImage(f"docker.io/{name}", tag, digest(number), running=hosts, idle=("other",) * idle, keep=keep)


def test_what_runs_comes_first_then_what_is_kept() -> None:
    lock = LockFile(
        (locked("a", "1", 1), locked("b", "1", 2, keep=True), locked("c", "1", 3, 1), locked("d", "1", 4, 2))
    )
    plan = plan_copies(lock, OWN)
    assert [str(copy) for copy in plan.copies] == [f"docker.io/{name}:1" for name in "dcba"]
    assert {str(copy) for copy in plan.running} == {"docker.io/d:1", "docker.io/c:1"}


def test_a_tag_with_several_digests_is_that_of_most_hosts() -> None:
    plan = plan_copies(LockFile((locked("a", "1", 1, 1), locked("a", "1", 2, 3), locked("a", "2", 1, idle=1))), OWN)
    assert {(copy.tag, copy.digest) for copy in plan.copies} == {("1", digest(2)), ("", digest(1)), ("2", digest(1))}
    alias = LockedImage("mirror.registry.example.com/a", "1", digest(2), running=("host9",))
    assert len(plan_copies(LockFile((locked("a", "1", 2, 2), alias)), OWN).copies) == 1


def test_what_is_not_copied_is_told() -> None:
    own = LockedImage("registry.example.com/ours", "", digest(1))
    sourceless = (SourcelessImage("sha256:1", ("app:1", "app:2")), SourcelessImage("sha256:2"))
    lock = LockFile(
        (locked("evil", "1", 1), locked("bad/x", "1", 1), own), ("docker.io/evil:1", "docker.io/bad/*"), sourceless
    )
    plan = plan_copies(lock, OWN)
    assert plan.copies == ()
    assert plan.own == (f"registry.example.com/ours@{digest(1)}",)
    assert set(plan.forbidden) == {"docker.io/evil:1", "docker.io/bad/x:1"}
    assert plan.without_source == ("app:1, app:2", "sha256:2")
