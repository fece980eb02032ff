"""The table of the fleet's images, on the screen and as JSON."""

from __future__ import annotations

import io
import json

import pytest

from mooring.records.images import (
    ADDED,
    ASKED,
    CHANGED,
    FAILED,
    PARTLY,
    REMOVED,
    UNREACHABLE,
    Change,
    FleetImages,
    HostNote,
    ImageRow,
    SourcelessRow,
)
from mooring.reporters.images import summarize, write_images
from mooring.service.fleet_images import exit_status

A = "sha256:0123456789abcdef" + "a" * 48
ROW = ImageRow("docker.io/library/nginx", "1.25", A, ("linux/amd64",), ("h1", "h2", "h3", "h4", "h5"), ("h6",))
HOSTS = (HostNote("h1", ASKED, ("docker",)), HostNote("h2", ASKED, ("podman",)))


def fleet(**more: object) -> FleetImages:
    values: dict[str, object] = {
        "path": "images.lock.yml", "images": (ROW,), "without_source": (), "hosts": HOSTS, "changes": (),
        "is_check": False,
    }  # fmt: skip
    return FleetImages(**{**values, **more})  # type: ignore[arg-type]


def draw(report: FleetImages, quiet: bool = False) -> list[str]:
    stream = io.StringIO()
    write_images(report, stream, quiet)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_table_and_a_line() -> None:
    kept = ImageRow("ghcr.io/owner/app", "", A, (), (), (), keep=True)
    banned = ImageRow("docker.io/library/evil", "1", A, (), (), ("h1",), ban="docker.io/library/*")
    lines = draw(fleet(images=(ROW, kept, banned), without_source=(SourcelessRow(A, ("app:1", "app:2"), ("h1",), ()),)))
    assert [line.split("  ")[0] for line in lines[:5]] == [
        "image", "docker.io/library/nginx:1.25", "ghcr.io/owner/app", "docker.io/library/evil:1", "app:1 and 1 more",
    ]  # fmt: skip
    assert lines[1].split()[1:] == ["0123456789ab", "h1,", "h2,", "h3", "and", "2", "more", "h6"]
    assert lines[2].endswith("kept")
    assert lines[3].endswith("forbidden")
    assert lines[4].endswith("no source")
    assert lines[-1] == ("3 images (1 running) on 2 hosts, 1 image without a source; images.lock.yml is up to date")


def test_what_is_other_in_the_file() -> None:
    changes = (Change(ADDED, "a"), Change(CHANGED, "b", ("running: + h1", "idle: - h1")), Change(REMOVED, "c"))
    lines = draw(fleet(changes=changes))
    assert lines[3:6] == ["+ a", "~ b: running: + h1; idle: - h1", "- c"]
    assert summarize(fleet(changes=changes)).endswith("images.lock.yml: 1 added, 1 removed, 1 changed")
    assert summarize(fleet(changes=changes, is_check=True)).endswith("would change: 1 added, 1 removed, 1 changed")


def test_quiet_is_what_needs_attention() -> None:
    changes = (Change(ADDED, "a"),)
    assert draw(fleet(), quiet=True) == [summarize(fleet())]
    assert draw(fleet(changes=changes), quiet=True) == ["+ a", summarize(fleet(changes=changes))]


def test_a_new_file_is_told_by_the_table_alone() -> None:
    lines = draw(fleet(changes=(Change(ADDED, "a"),), is_new=True))
    assert lines[-1].endswith("images.lock.yml was made")
    assert "+ a" not in lines
    assert summarize(fleet(is_new=True, is_check=True)).endswith("images.lock.yml would be made")


def test_hosts_that_did_not_tell() -> None:
    notes = (
        HostNote("h1", ASKED, ("docker",), left_out=2),
        HostNote("h2", UNREACHABLE, reason="no route"),
        HostNote("h3", PARTLY, ("podman",), "docker: down"),
        HostNote("h4", FAILED, reason="senseless"),
        HostNote("h5", ASKED),
    )
    lines = draw(fleet(hosts=notes))
    stays = "what it had by the lock file stays"
    assert lines[3:] == [
        "h1: 2 of its images' names are none, and left out",
        f"h2: unreachable, {stays}: no route",
        f"h3: not all could be asked, {stays}: docker: down",
        f"h4: not all could be asked, {stays}: senseless",
        "h5: has no engine that could be asked",
        "1 image (1 running) on 2 of 5 hosts; images.lock.yml is up to date",
    ]


@pytest.mark.parametrize(
    ("states", "more", "detailed", "status"),
    [
        ([ASKED], {}, True, 0),
        ([ASKED], {"changes": (Change(ADDED, "a"),)}, True, 0),
        ([ASKED], {"changes": (Change(ADDED, "a"),), "is_check": True}, False, 0),
        ([ASKED], {"changes": (Change(ADDED, "a"),), "is_check": True}, True, 8),
        ([ASKED], {"is_new": True, "is_check": True}, True, 8),
        ([ASKED, PARTLY], {"changes": (Change(ADDED, "a"),), "is_check": True}, True, 2),
        ([FAILED], {}, False, 2),
        ([FAILED, UNREACHABLE], {}, False, 4),
    ],
)
def test_the_exit_status(states: list[str], more: dict[str, object], detailed: bool, status: int) -> None:
    notes = tuple(HostNote(f"h{number}", state) for number, state in enumerate(states))
    assert exit_status(fleet(hosts=notes, **more), detailed) == status


def test_json_holds_data() -> None:
    document = json.loads(json.dumps(fleet(images=(ImageRow("n", "", A, (), (), ()),)).as_dict()))
    assert document["images"] == [
        {"name": "n", "tag": None, "digest": A, "platforms": [], "running": [], "idle": [], "keep": False, "ban": None}
    ]
    assert document["hosts"][0] == {
        "host": "h1",
        "state": "asked",
        "engines": ["docker"],
        "reason": None,
        "left_out": 0,
    }
