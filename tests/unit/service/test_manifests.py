"""What manifests of upstreams say, and what they may not say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.errors import RegistryError
from mooring.registry.image import MANIFEST_LIST, OCI, OCI_INDEX, SCHEMA2, Blob, build_image
from mooring.service.manifests import read_manifest

DIGEST = "sha256:" + "a" * 64
PART = {"digest": DIGEST, "size": 5, "mediaType": "x"}


def read(document: Any, kind: str = OCI) -> Any:
    return read_manifest(Blob(json.dumps(document).encode(), kind), "app")


@pytest.mark.parametrize("kind", [SCHEMA2, OCI])
def test_an_image_names_its_configuration_and_layers(kind: str) -> None:
    image = build_image({"file": b"1"}, kind=kind)
    manifest = read_manifest(image.manifest, "app")
    assert [part.digest for part in manifest.parts] == [blob.digest for blob in image.blobs]
    assert manifest.blob == image.manifest


@pytest.mark.parametrize("kind", [OCI_INDEX, MANIFEST_LIST])
def test_an_index_names_its_children(kind: str) -> None:
    manifest = read({"schemaVersion": 2, "manifests": [PART]}, kind)
    assert ([child.digest for child in manifest.children], manifest.parts) == ([DIGEST], ())


def test_what_the_manifest_says_of_its_kind_counts_before_the_header() -> None:
    assert read({"mediaType": OCI_INDEX, "manifests": []}, "application/json").blob.media_type == OCI_INDEX


def test_layers_that_are_kept_elsewhere_are_no_part_of_a_registry() -> None:
    assert len(read({"config": PART, "layers": [{**PART, "urls": ["https://example.com"]}]}).parts) == 1


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "it is no object"),
        ({"schemaVersion": 1}, "it is of schema 1"),
        ({"mediaType": "application/odd"}, "its kind is 'application/odd'"),
        ({"mediaType": ["x"]}, "its kind is ['x']"),
        ({"config": PART, "layers": {}}, "layers is no list"),
        ({"config": PART, "layers": [PART] * 5000}, "layers is no list of up to 4096"),
        ({"config": None, "layers": []}, "describes nothing"),
        ({"config": {**PART, "digest": "sha256:../../etc"}, "layers": []}, "describes nothing"),
        ({"config": {**PART, "size": -1}, "layers": []}, "describes nothing"),
        ({"config": {**PART, "size": True}, "layers": []}, "describes nothing"),
        ({"config": {**PART, "size": 1 << 60}, "layers": []}, "describes nothing"),
    ],
)
def test_what_cannot_be_copied_is_told(document: Any, reason: str) -> None:
    with pytest.raises(RegistryError) as caught:
        read(document)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_json(content: bytes) -> None:
    with pytest.raises(RegistryError, match="it is no JSON"):
        read_manifest(Blob(content, OCI), "app")
