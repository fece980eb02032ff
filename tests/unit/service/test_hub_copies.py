"""Copies from the lab's stand-in for Docker Hub: tokens, redirects, limits, broken answers, counted
by its own log."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from mooring.errors import RegistryError
from mooring.registry.pool import Pool
from mooring.registry.tokens import ANYBODY, Account
from mooring.registry.transport import Endpoint
from mooring.registry.upstream import Upstream
from mooring.service.budget import Budget, OutOfBudget
from mooring.service.copying import Copier, Copy
from mooring.service.image_places import Origin
from mooring.service.movers import ControlMover, Holders
from mooring.service.registry_target import RegistryTarget
from mooring.service.source import CountedSource
from tests.support.indexed_images import Indexed, push_indexed
from tests.support.local_hub import LocalHub, run_hub
from tests.support.local_registry import LocalRegistry, crane, run_registry

NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path_factory.mktemp("backend")) as running:
        yield running


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory, backend: LocalRegistry) -> Iterator[LocalHub]:
    with run_hub(tmp_path_factory.mktemp("hub"), backend.url) as running:
        yield running


@pytest.fixture
def hub(shared_hub: LocalHub) -> LocalHub:
    shared_hub.set_knobs(remaining=100)
    shared_hub.forget()
    return shared_hub


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path_factory.mktemp("own")) as running:
        yield running


def at(authority: str) -> Endpoint:
    host, _, port = authority.rpartition(":")
    return Endpoint(host, int(port))


class Desk:
    """A copier from the hub, with the pauses that it makes."""

    def __init__(self, hub: LocalHub, own: LocalRegistry, account: Account = ANYBODY, reserve: int = 20) -> None:
        pool, self.pauses = Pool(), list[float]()
        self.budget = Budget("docker.io", reserve, random.Random(1).random, lambda: NOW)
        source = CountedSource(
            Upstream([at(hub.authority)], pool, account, self.budget.observe), self.budget, self.pauses.append
        )
        target = RegistryTarget(at(own.authority), pool)
        self.copier = Copier(source, target, ControlMover(source, target, Holders()))

    def copy(self, name: str, pushed: Indexed) -> int:
        return self.copier.copy(Copy(Origin("docker.io", name), "1", pushed.index.digest))


def manifests(hub: LocalHub, method: str) -> list[int]:
    """The answers to the requests for manifests that were let in."""
    manifest_requests = [
        entry for entry in hub.requests() if "/manifests/" in entry["path"] and entry["method"] == method
    ]
    return [entry["status"] for entry in manifest_requests if entry["status"] != 401]


def test_a_first_copy_asks_for_each_manifest_once(hub: LocalHub, backend: LocalRegistry, own: LocalRegistry) -> None:
    pushed = push_indexed(backend.url, "library/once", "1", b"once")
    desk = Desk(hub, own)
    desk.copy("library/once", pushed)
    # Index, three children, the referrers' index, the referrer, which is cosign's signature here
    # too.
    assert manifests(hub, "GET") == [200] * 7
    assert desk.budget.remaining == 100 - 7
    crane("validate", "--remote", f"{own.authority}/library/once:1")
    tokens = [entry for entry in hub.requests() if entry["path"].startswith("/token")]
    assert len(tokens) == 1


def test_tokens_that_expire_meanwhile_are_renewed(hub: LocalHub, backend: LocalRegistry, own: LocalRegistry) -> None:
    hub.set_knobs(token_seconds=0)
    pushed = push_indexed(backend.url, "library/expiring", "1", b"expiring")
    with pytest.raises(RegistryError, match="401"):
        Desk(hub, own).copy("library/expiring", pushed)
    hub.set_knobs(token_seconds=2, delay=0.4)
    Desk(hub, own).copy("library/expiring", pushed)
    assert len([entry for entry in hub.requests() if entry["path"].startswith("/token")]) > 2
    crane("validate", "--remote", f"{own.authority}/library/expiring:1")


def test_an_account_is_used_and_told_to_the_token_service_alone(
    hub: LocalHub, backend: LocalRegistry, own: LocalRegistry
) -> None:
    hub.set_knobs(accounts={"ada": "s3cret"}, private=["library/private"])
    pushed = push_indexed(backend.url, "library/private", "1", b"private")
    with pytest.raises(RegistryError):
        Desk(hub, own).copy("library/private", pushed)
    with pytest.raises(RegistryError) as caught:
        Desk(hub, own, Account("ada", "wrong-w0rd")).copy("library/private", pushed)
    assert "does not take the password of ada" in str(caught.value)
    assert "w0rd" not in str(caught.value)
    Desk(hub, own, Account("ada", "s3cret")).copy("library/private", pushed)
    assert crane("digest", f"{own.authority}/library/private:1") == pushed.index.digest


def test_a_layer_that_breaks_off_goes_on_where_it_was(
    hub: LocalHub, backend: LocalRegistry, own: LocalRegistry
) -> None:
    layer = random.Random(7).randbytes(900_000)
    pushed = push_indexed(backend.url, "library/broken", "1", layer)
    hub.set_knobs(drop_after=400_000, only="/registry-v2/")
    Desk(hub, own).copy("library/broken", pushed)
    sizes = [entry for entry in hub.requests() if "/registry-v2/" in entry["path"]]
    assert sum(entry["bytes"] for entry in sizes) < 1.2 * sum(
        len(blob.content) for image in pushed.images for blob in image.blobs
    )
    crane("validate", "--remote", f"{own.authority}/library/broken:1")


def test_the_reserve_is_left_alone(hub: LocalHub, backend: LocalRegistry, own: LocalRegistry) -> None:
    pushed = push_indexed(backend.url, "library/reserved", "1", b"reserved")
    hub.set_knobs(remaining=23)
    desk = Desk(hub, own)
    with pytest.raises(OutOfBudget, match="20 are kept back") as caught:
        desk.copy("library/reserved", pushed)
    assert 0 < caught.value.seconds <= 21600
    assert manifests(hub, "GET") == [200] * 3
    assert desk.budget.remaining == 20


def test_a_storm_of_429_is_waited_out_by_its_own_word(
    hub: LocalHub, backend: LocalRegistry, own: LocalRegistry
) -> None:
    pushed = push_indexed(backend.url, "library/storm", "1", b"storm")
    hub.set_knobs(answer=429, retry_after=30, only="/v2/")
    desk = Desk(hub, own)
    with pytest.raises(OutOfBudget, match="answers 429"):
        desk.copy("library/storm", pushed)
    assert len(desk.pauses) == 10
    assert all(30 <= pause <= 45 for pause in desk.pauses)
    assert len(set(desk.pauses)) > 5
    assert manifests(hub, "GET") == []
    hub.set_knobs(answer=429, retry_after=3600, only="/v2/")
    desk = Desk(hub, own)
    with pytest.raises(OutOfBudget) as caught:
        desk.copy("library/storm", pushed)
    assert (caught.value.seconds, desk.pauses) == (3600, [])
    hub.set_knobs(remaining=100)
    desk.copy("library/storm", pushed)
    assert manifests(hub, "GET") == [200] * 7
