"""Copies between two real registries on loopback, through this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from mooring.errors import RegistryError
from mooring.registry.pool import Pool
from mooring.registry.transport import Endpoint
from mooring.registry.upstream import Upstream
from mooring.service.budget import Budget
from mooring.service.copying import Copier, Copy, NotThere
from mooring.service.image_places import Origin
from mooring.service.movers import ControlMover, Holders
from mooring.service.registry_target import RegistryTarget
from mooring.service.source import CountedSource
from tests.support.indexed_images import open_registry, push_indexed
from tests.support.local_registry import LocalRegistry, crane, run_registry


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path_factory.mktemp("upstream")) as running:
        yield running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path_factory.mktemp("own")) as running:
        yield running


def endpoint_of(registry: LocalRegistry) -> Endpoint:
    host, _, port = registry.authority.rpartition(":")
    return Endpoint(host, int(port))


def copier(upstream: LocalRegistry, own: LocalRegistry) -> Copier:
    pool = Pool()
    budget = Budget("docker.io", 20, lambda: 0.0, lambda: datetime.now(timezone.utc))
    source = CountedSource(Upstream([endpoint_of(upstream)], pool), budget)
    target = RegistryTarget(endpoint_of(own), pool)
    return Copier(source, target, ControlMover(source, target, Holders()))


def test_a_copy_has_all_that_its_image_has(upstream: LocalRegistry, own: LocalRegistry) -> None:
    pushed = push_indexed(upstream.url, "library/app", "1")
    copy = Copy(Origin("docker.io", "library/app"), "1", pushed.index.digest)
    sent = copier(upstream, own).copy(copy)
    assert sent == sum(len(blob.content) for image in pushed.images for blob in image.blobs) + 2
    for reference in ("1", pushed.referrers_tag, f"{pushed.referrers_tag}.sig"):
        there, here = (crane("digest", f"{endpoint.authority}/library/app:{reference}") for endpoint in (upstream, own))
        assert there == here
    with open_registry(own.url) as registry:
        assert registry.fetch_manifest("library/app", "1") == pushed.index
        assert all(registry.has_blob("library/app", digest) for digest in pushed.blobs)
    crane("validate", "--remote", f"{own.authority}/library/app:1")
    # Another tag of the same image asks its source for nothing.
    upstream_log = upstream.log.read_bytes()
    assert copier(upstream, own).copy(Copy(copy.origin, "stable", copy.digest)) == 0
    assert crane("digest", f"{own.authority}/library/app:stable") == copy.digest
    assert upstream.log.read_bytes() == upstream_log


def test_a_tag_that_has_moved_is_copied_as_the_lock_file_has_it(upstream: LocalRegistry, own: LocalRegistry) -> None:
    locked = push_indexed(upstream.url, "library/moved", "1", b"first")
    push_indexed(upstream.url, "library/moved", "1", b"second")
    copier(upstream, own).copy(Copy(Origin("ghcr.io", "library/moved"), "1", locked.index.digest))
    assert crane("digest", f"{own.authority}/ghcr.io/library/moved:1") == locked.index.digest


def test_layers_of_another_repository_are_mounted(upstream: LocalRegistry, own: LocalRegistry) -> None:
    first = push_indexed(upstream.url, "library/first", "1", b"shared")
    push_indexed(upstream.url, "library/second", "1", b"shared")
    both = copier(upstream, own)
    assert both.copy(Copy(Origin("docker.io", "library/first"), "1", first.index.digest)) > 0
    assert both.copy(Copy(Origin("docker.io", "library/second"), "1", first.index.digest)) == 0
    crane("validate", "--remote", f"{own.authority}/library/second:1")


def test_an_image_that_its_source_has_no_more(upstream: LocalRegistry, own: LocalRegistry) -> None:
    digest = "sha256:" + "0" * 64
    with pytest.raises(NotThere, match=r"docker\.io has no library/gone@sha256:000"):
        copier(upstream, own).copy(Copy(Origin("docker.io", "library/gone"), "1", digest))


def test_a_layer_with_other_bytes_is_not_taken(upstream: LocalRegistry, own: LocalRegistry) -> None:
    pushed = push_indexed(upstream.url, "library/spoiled", "1", b"spoiled")
    spoiled = pushed.images[0].layers[0].digest.partition(":")[2]
    data = upstream.storage / "docker/registry/v2/blobs/sha256" / spoiled[:2] / spoiled / "data"
    content = data.read_bytes()
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(RegistryError, match="comes with other bytes"):
        copier(upstream, own).copy(Copy(Origin("docker.io", "library/spoiled"), "1", pushed.index.digest))
    with open_registry(own.url) as registry:
        assert registry.resolve("library/spoiled", "1") is None
    uploads = own.storage / "docker/registry/v2/repositories/library/spoiled/_uploads"
    assert list(uploads.glob("*/data")) == []
