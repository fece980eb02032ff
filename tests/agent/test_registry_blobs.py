"""Layers from the lab's hub, before a real registry, into a real registry: by the
rules, once, and whole."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from module_process import ModuleProcess, run_modules

from tests.support.blob_world import BLOBS, MIB, TOKENS, BlobWorld, Layer, run_blob_world

OUTERMOST = True


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobWorld]:
    with run_blob_world(tmp_path_factory.mktemp("blobs")) as world:
        yield world


@pytest.fixture
def world(shared_world: BlobWorld) -> BlobWorld:
    """The hub on a good day, with nothing in its log."""
    shared_world.hub.set_knobs()
    shared_world.hub.forget()
    return shared_world


@pytest.fixture(scope="module")
def agent(interpreter: str) -> Iterator[ModuleProcess]:
    with run_modules(interpreter) as process:
        yield process


def copy(agent: ModuleProcess, world: BlobWorld, *layers: Layer, **more: object) -> list[dict[str, object]]:
    """What became of each layer, without its names."""
    reply = agent.run("registry_blobs", **world.arguments(*(layer.entry() for layer in layers), **more))
    return [{key: blob[key] for key in blob if key not in ("digest", "target_repository")} for blob in reply["blobs"]]


def test_layers_are_copied_once(agent: ModuleProcess, world: BlobWorld) -> None:
    sizes = (0, 1, 3 * MIB, 8 * MIB, 20 * MIB)
    name = f"library/{os.urandom(4).hex()}"  # what is empty has the same digest on each interpreter
    layers = [world.push(size, name) for size in sizes]
    entries = [layer.entry(target) for layer in layers for target in (name, f"team/{name}")]
    reply = agent.run("registry_blobs", **world.arguments(*entries))
    assert reply["changed"]
    assert {blob["state"] for blob in reply["blobs"][::2]} == {"copied"}, reply
    assert {blob["state"] for blob in reply["blobs"][1::2]} == {"mounted"}
    assert [blob["sent"] for blob in reply["blobs"]] == [number for size in sizes for number in (size, 0)]
    assert all(world.has(layer) and world.has(layer, f"team/{name}") for layer in layers)
    assert not world.directory.exists()
    world.hub.forget()
    again = agent.run("registry_blobs", **world.arguments(*entries))
    assert not again["changed"]
    assert {(blob["state"], blob["sent"]) for blob in again["blobs"]} == {("present", 0)}
    assert world.hub.requests() == []


def test_a_layer_is_mounted_from_who_has_it(agent: ModuleProcess, world: BlobWorld) -> None:
    layer = world.push(MIB)
    copy(agent, world, layer)
    world.hub.forget()
    entry = layer.entry("team/app", mount_from=["no/body", layer.repository])
    reply = agent.run("registry_blobs", **world.arguments(entry))
    assert (reply["changed"], reply["blobs"][0]["state"], reply["blobs"][0]["sent"]) == (True, "mounted", 0)
    assert world.hub.requests() == []
    # The upload that began in place of the first mount is taken back.
    assert list(world.own.storage.glob("docker/registry/v2/repositories/team/app/_uploads/*/data")) == []
    other = world.push(MIB)
    reply = agent.run("registry_blobs", **world.arguments(other.entry("team/app", mount_from=["no/body"])))
    assert reply["blobs"][0]["state"] == "copied"


def test_the_token_and_the_account_are_sent_to_nobody_else(agent: ModuleProcess, world: BlobWorld) -> None:
    layers = [world.push(MIB, "acme/secret") for _ in range(3)]
    world.hub.set_knobs(accounts={"moor": "ring"}, private=["acme/*"])
    assert copy(agent, world, layers[0])[0]["message"] == (
        f"{world.hub.authority} refuses acme/secret (status 401), also with a fresh token: it is not there, or "
        "who has no account may not read it"
    )
    wrong = copy(agent, world, layers[0], source_username="moor", source_password="wrong-ring")[0]["message"]
    assert wrong == f"the token service {world.hub.authority} refuses the account moor for acme/secret (status 401)"
    world.hub.forget()
    account = {"source_username": "moor", "source_password": "ring"}
    assert {blob["state"] for blob in copy(agent, world, *layers, **account)} == {"copied"}
    words = {
        (line["host"].partition(":")[0], line["path"].split("/")[1], line["authorization"])
        for line in world.hub.requests()
    }
    # The registry is 127.0.0.1, the host of its blobs is called localhost.
    assert words == {
        ("127.0.0.1", "v2", ""),
        ("127.0.0.1", "token", "basic"),
        ("127.0.0.1", "v2", "bearer"),
        ("localhost", "registry-v2", ""),
    }
    assert sum(line["path"] == TOKENS for line in world.hub.requests()) == 1
    assert [line["query"] for line in world.hub.requests() if line["path"] == TOKENS] == [
        "service=registry.docker.io&scope=repository%3Aacme%2Fsecret%3Apull"
    ]


def test_a_token_that_expires_in_the_middle_is_renewed(agent: ModuleProcess, world: BlobWorld) -> None:
    layers = [world.push(1024) for _ in range(3)]
    world.hub.set_knobs(token_seconds=2, delay=0.6)
    replies = copy(agent, world, *layers, parallel=1)
    assert {blob["state"] for blob in replies} == {"copied"}, replies
    assert sum(line["path"] == TOKENS for line in world.hub.requests()) > 1


def test_a_broken_connection_goes_on_where_it_was(agent: ModuleProcess, world: BlobWorld) -> None:
    layer = world.push(5 * MIB + 7)
    world.hub.set_knobs(drop_after=2 * MIB, only=BLOBS)
    assert copy(agent, world, layer, chunk_size=MIB) == [{"state": "copied", "sent": layer.size}]
    assert world.fetches(layer) == [(0, 2 * MIB), (2 * MIB, 2 * MIB), (4 * MIB, MIB + 7)]
    assert world.has(layer)


def test_a_source_that_always_breaks_off_is_given_up(agent: ModuleProcess, world: BlobWorld) -> None:
    layers = [world.push(MIB) for _ in range(2)]
    name = layers[0].digest.partition(":")[2]
    world.hub.set_knobs(drop_after=1000, only=name)
    broken, whole = copy(agent, world, *layers, retries=1)
    assert (broken["state"], broken["sent"], whole["state"]) == ("failed", 2000, "copied")
    assert str(broken["message"]).startswith(f"localhost:{world.hub.authority.partition(':')[2]}: Request failed: ")
    assert str(broken["message"]).endswith("; given up after 2 tries")
    world.hub.set_knobs()
    assert copy(agent, world, layers[0]) == [{"state": "copied", "sent": MIB - 2000}]


def test_who_wants_to_be_left_alone_is(agent: ModuleProcess, world: BlobWorld) -> None:
    layers = [world.push(1024) for _ in range(8)]
    world.hub.set_knobs(answer=429, retry_after=3600, only="/v2/library/")
    replies = copy(agent, world, *layers, parallel=2)
    assert {blob["state"] for blob in replies} == {"failed"}
    assert all("it wants to be left alone for 3" in str(blob["message"]) for blob in replies), replies
    assert all(3500 < blob["retry_after"] <= 3601 for blob in replies)  # type: ignore[operator]
    assert len(world.hub.requests()) <= 2
    world.hub.set_knobs(answer=429, retry_after=1, only="/v2/library/")
    world.hub.forget()

    def relent() -> None:
        while not world.hub.requests():
            over.wait(0.01)
        world.hub.set_knobs()

    over = threading.Event()
    thread = threading.Thread(target=relent)
    thread.start()
    assert {blob["state"] for blob in copy(agent, world, *layers)} == {"copied"}
    thread.join()


def test_what_the_source_lacks_or_has_otherwise(agent: ModuleProcess, world: BlobWorld) -> None:
    """Bytes that rotted on the upstream's disk, a size that is not the layer's, a layer
    that is not there."""
    rotten, short, long, lost, sound = (world.push(3 * MIB) for _ in range(5))
    data = world.stored(world.upstream, rotten)
    content = data.read_bytes()
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    world.stored(world.upstream, lost).unlink()
    layers = [rotten, Layer(short.digest, short.size + 1), Layer(long.digest, long.size - 1), lost, sound]
    replies = copy(agent, world, *layers, chunk_size=MIB)
    assert [blob["state"] for blob in replies] == ["failed"] * 4 + ["copied"]
    messages = [str(blob["message"]) for blob in replies[:4]]
    assert messages[0] == f"the source sends other bytes than {rotten.digest} stands for"
    assert f"sends {short.size} bytes, not {short.size + 1}: the size is wrong" in messages[1]
    assert f"sends {long.size} bytes, not {long.size - 1}: the size is wrong" in messages[2]
    assert f"has no blob {lost.digest} in library/nginx (status 404)" in messages[3]
    assert not world.directory.exists()
    assert not any(world.has(layer) for layer in layers[:4])
