"""A look at the hosts renews the lock file, and loses nothing that it cannot know."""

from __future__ import annotations

from mooring.records.images import ADDED, CHANGED, REMOVED, Change
from mooring.service.holdings import Holdings
from mooring.service.lock_changes import compare
from mooring.service.lock_entries import LockedImage, LockFile, SourcelessImage
from mooring.service.lock_merge import merge

A, B, C = ("sha256:" + digit * 64 for digit in "abc")
NGINX, APP = "docker.io/library/nginx", "ghcr.io/owner/app"
HOSTS = ("h1", "h2", "h3")


def host(name: str, *images: tuple[str, str, str, bool], platform: str = "linux/amd64", **more: object) -> Holdings:
    return Holdings(name, {image[:3]: image[3] for image in images}, platforms=(platform,), **more)  # type: ignore[arg-type]


def locked(name: str = NGINX, tag: str = "1", digest: str = A, **more: object) -> LockedImage:
    return LockedImage(name, tag, digest, **more)  # type: ignore[arg-type]


def test_hosts_with_the_same_image_share_an_entry() -> None:
    holdings = [host("h2", (NGINX, "1", A, True)), host("h1", (NGINX, "1", A, False), platform="linux/arm64")]
    assert merge(LockFile(), holdings, HOSTS) == LockFile(
        (locked(platforms=("linux/amd64", "linux/arm64"), running=("h2",), idle=("h1",)),)
    )


def test_two_digests_of_one_tag_are_two_entries() -> None:
    holdings = [host("h1", (NGINX, "1", B, True)), host("h2", (NGINX, "1", A, True))]
    assert [image.digest for image in merge(LockFile(), holdings, HOSTS).images] == [A, B]


def test_what_no_host_has_any_more_goes_away() -> None:
    before = LockFile((locked(idle=("h1",)), locked(APP, running=("h1",))))
    after = merge(before, [host("h1", (APP, "1", A, True))], HOSTS)
    assert [image.name for image in after.images] == [APP]
    by_hand = LockFile((locked(),))
    assert merge(by_hand, [host("h1")], HOSTS) == LockFile()


def test_what_says_keep_stays_with_its_own_platforms() -> None:
    kept = locked(keep=True, platforms=("linux/arm64",))
    assert merge(LockFile((kept,)), [host("h1")], HOSTS).images == (kept,)
    (image,) = merge(LockFile((kept,)), [host("h1", (NGINX, "1", A, True))], HOSTS).images
    assert image == locked(keep=True, platforms=("linux/amd64", "linux/arm64"), running=("h1",))


def test_a_host_that_was_not_asked_keeps_what_it_had() -> None:
    before = LockFile((locked(platforms=("linux/arm64",), running=("h1", "h2"), idle=("h3",)),))
    (image,) = merge(before, [host("h1")], HOSTS).images
    assert image == locked(platforms=("linux/arm64",), running=("h2",), idle=("h3",))
    (image,) = merge(before, [host("h1"), host("h2", (NGINX, "1", A, False))], HOSTS).images
    assert image == locked(platforms=("linux/amd64", "linux/arm64"), idle=("h2", "h3"))


def test_a_host_that_did_not_tell_all_keeps_what_it_had() -> None:
    before = LockFile((locked(running=("h1",)), locked(APP, running=("h1",))))
    (app, nginx) = sorted(
        merge(before, [host("h1", (APP, "1", A, False), problems=("docker: down",))], HOSTS).images,
        key=lambda image: image.name != APP,
    )
    assert (app.running, app.idle, nginx.running) == ((), ("h1",), ("h1",))


def test_a_host_that_left_the_inventory_has_nothing() -> None:
    before = LockFile((locked(running=("gone",)), locked(APP, idle=("gone", "h3"))))
    assert merge(before, [host("h1")], HOSTS).images == (locked(APP, idle=("h3",)),)


def test_what_is_forbidden_stays() -> None:
    before = LockFile((), ("docker.io/library/evil",))
    assert merge(before, [host("h1", ("docker.io/library/evil", "1", A, True))], HOSTS).forbidden == before.forbidden


def test_images_without_a_source_are_merged_by_their_id() -> None:
    before = LockFile(
        without_source=(SourcelessImage(A, ("app:0",), idle=("h1", "h3")), SourcelessImage(B, idle=("h1",)))
    )
    holdings = [Holdings("h1", {}, {(C, "x:1"): True}), Holdings("h2", {}, {(A, "app:1"): True, (A, "app:2"): False})]
    assert merge(before, holdings, HOSTS).without_source == (
        SourcelessImage(A, ("app:0", "app:1", "app:2"), running=("h2",), idle=("h3",)),
        SourcelessImage(C, ("x:1",), running=("h1",)),
    )


def test_a_second_look_changes_nothing() -> None:
    holdings = [host("h1", (NGINX, "1", A, True), (APP, "", B, False)), Holdings("h2", {}, {(C, ""): False})]
    once = merge(LockFile(), holdings, HOSTS)
    assert merge(once, holdings, HOSTS) == once
    assert compare(once, once) == []


def test_what_is_other() -> None:
    before = LockFile(
        (locked(platforms=("linux/amd64",), running=("h1",), idle=("h2",)), locked(APP, running=("h1",))),
        without_source=(SourcelessImage(A, ("app:1",), idle=("h1",)),),
    )
    now = LockFile(
        (locked(platforms=("linux/amd64",), running=tuple(f"h{n}" for n in range(2, 9))), locked(tag="", digest=B)),
        without_source=(SourcelessImage(A, ("app:2",), idle=("h1",)), SourcelessImage(B, running=("h1",))),
    )
    assert compare(before, now) == [
        Change(ADDED, f"{NGINX}@{B}"),
        Change(CHANGED, f"{NGINX}:1@{A}", ("running: + h2, + h3, + h4, + h5, + h6, + 2 more, - h1", "idle: - h2")),
        Change(REMOVED, f"{APP}:1@{A}"),
        Change(CHANGED, f"{A} (app:2)", ("names: + app:2, - app:1",)),
        Change(ADDED, B),
    ]
