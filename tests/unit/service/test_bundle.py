"""Bundles: whole or refused, and gone on from where a run was broken off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.errors import RegistryError, UsageError
from mooring.registry.image import Blob, build_image
from mooring.service.bundle import Bundle
from mooring.service.copying import Copy
from mooring.service.image_places import Origin
from mooring.service.manifests import Part
from mooring.service.movers import ControlMover, Holders

LAYER = Blob(bytes(range(256)) * 8192, "layer")
COPY = Copy(Origin("docker.io", "library/app"), "1", "sha256:" + "1" * 64)


class Flaky:
    """A source of one layer that breaks off after so many bytes in all."""

    title = "docker.io"

    def __init__(self, content: bytes, gives: int) -> None:
        self.content, self.gives, self.asked = content, gives, list[int]()

    def open_blob(self, repository: str, digest: str, start: int, size: int) -> Flaky:
        self.asked.append(start)
        return self

    def __enter__(self) -> Iterator[bytes]:
        return self.pieces(self.asked[-1])

    def __exit__(self, *_: object) -> None:
        pass

    def pieces(self, start: int) -> Iterator[bytes]:
        for place in range(start, len(self.content), 100_000):
            if self.gives <= 0:
                raise RegistryError("TCP", "broken")
            self.gives -= 100_000
            yield self.content[place : place + 100_000]


def move(source: Flaky, bundle: Bundle) -> int:
    part = Part(LAYER.digest, len(LAYER.content), "layer")
    return ControlMover(source, bundle, Holders()).move(COPY, [part], lambda done, total: None)  # type: ignore[arg-type]


def test_a_layer_goes_on_where_an_earlier_run_was_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mooring.service.movers.CHUNK", 200_000)
    bundle = Bundle.create(tmp_path / "b")
    with pytest.raises(RegistryError, match="broken"):
        move(Flaky(LAYER.content, 1_000_000), bundle)
    assert bundle.count_partial(LAYER.digest) == 1_000_000
    source = Flaky(LAYER.content, len(LAYER.content))
    move(source, Bundle.open(tmp_path / "b"))
    assert source.asked == [1_000_000]
    assert (tmp_path / "b/blobs/sha256" / LAYER.digest.partition(":")[2]).read_bytes() == LAYER.content
    assert list((tmp_path / "b/partial").iterdir()) == []


def test_other_bytes_are_not_taken_and_not_gone_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mooring.service.movers.CHUNK", 200_000)
    bundle = Bundle.create(tmp_path / "b")
    spoiled = b"!" + LAYER.content[1:]
    with pytest.raises(RegistryError, match="broken"):
        move(Flaky(spoiled, 1_000_000), bundle)
    with pytest.raises(RegistryError, match="comes with other bytes"):
        move(Flaky(LAYER.content, len(LAYER.content)), bundle)
    assert not bundle.has_blob("library/app", LAYER.digest)
    assert bundle.count_partial(LAYER.digest) == 0


def test_what_was_put_there_is_read_again_and_nothing_else(tmp_path: Path) -> None:
    image = build_image({"file": b"1"})
    Bundle.create(tmp_path / "b").push_manifest("library/app", "1", image.manifest)
    bundle = Bundle.open(tmp_path / "b")
    assert bundle.resolve("library/app", "1") == bundle.resolve("library/app", image.digest) == image.digest
    assert bundle.fetch_manifest("library/app", image.digest) == image.manifest
    assert bundle.resolve("library/other", image.digest) is None
    assert json.loads((tmp_path / "b/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    path = tmp_path / "b/blobs/sha256" / image.digest.partition(":")[2]
    path.write_bytes(b"{}")
    with pytest.raises(RegistryError, match="has other bytes"):
        bundle.fetch_manifest("library/app", image.digest)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"manifests": []}', "is no bundle of Mooring's"),
        ('{"annotations": {"io.mooring.bundle.version": "9"}}', "is a bundle of version 9"),
        ('{"annotations": {"io.mooring.bundle.version": "1"}, "manifests": [{"digest": "../../x"}]}', "cannot be read"),
    ],
)
def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(UsageError, match=reason):
        Bundle.open(tmp_path)
