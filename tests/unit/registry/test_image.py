"""The image that is made in memory: its parts fit together as engines demand it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from mooring.registry.image import OCI, SCHEMA2, architecture_of, build_image, digest_of
from mooring.registry.transport import Endpoint


@pytest.mark.parametrize("kind", [SCHEMA2, OCI])
def test_the_parts_refer_to_each_other(kind: str) -> None:
    image = build_image({"a/b": b"content", "c": b""}, "arm64", kind)
    manifest, config = json.loads(image.manifest.content), json.loads(image.config.content)
    assert manifest["mediaType"] == image.manifest.media_type == kind
    assert manifest["config"]["digest"] == digest_of(image.config.content)
    assert manifest["layers"][0]["size"] == len(image.layers[0].content)
    tar = gzip.decompress(image.layers[0].content)
    assert config["rootfs"]["diff_ids"] == [digest_of(tar)]
    assert (config["architecture"], config["os"]) == ("arm64", "linux")
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert archive.getnames() == ["a/b", "c"]


def test_the_same_files_give_the_same_digest_and_others_another() -> None:
    assert build_image({"a": b"1"}).digest == build_image({"a": b"1"}).digest
    assert build_image({"a": b"1"}).digest != build_image({"a": b"2"}).digest


def test_a_machine_is_named_as_images_name_it() -> None:
    assert [architecture_of(word) for word in ("x86_64", "aarch64", "s390x")] == ["amd64", "arm64", "s390x"]


def test_an_endpoint_leaves_its_schemes_own_port_out() -> None:
    assert Endpoint("r.example.com").url == "http://r.example.com"
    assert Endpoint("r.example.com", 443, "https").authority == "r.example.com"
    assert Endpoint("r.example.com", 443).authority == "r.example.com:443"
