"""Runs of registry_blobs that are killed at any moment: the next one goes on, and fetches less than
a chunk again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from module_process import run_modules

from tests.support.blob_world import MIB, BlobWorld, Layer, run_blob_world

OUTERMOST = True
CHUNK = 8 * MIB
SIZES = (11 * MIB + 3, 16 * MIB, 25 * MIB + 1)
SECONDS = 120


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobWorld]:
    with run_blob_world(tmp_path_factory.mktemp("blobs")) as world:
        yield world


def fetched(world: BlobWorld, layers: list[Layer]) -> int:
    """How many bytes of the layers have come."""
    there = [layer for layer in layers if world.stored(world.own, layer).exists()]
    files = [world.directory / layer.digest.replace(":", "-") for layer in layers if layer not in there]
    return sum(layer.size for layer in there) + sum(map(size_of, files))


def uploaded(world: BlobWorld, layers: list[Layer]) -> int:
    """How many bytes are in uploads that are open, or were given up."""
    pattern = f"docker/registry/v2/repositories/{layers[0].repository}/_uploads/*/data"
    return sum(size_of(path) for path in world.own.storage.glob(pattern))


def size_of(path: Path) -> int:
    """Its bytes; none where it is gone meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def run_until_killed(interpreter: str, world: BlobWorld, layers: list[Layer], chance: random.Random) -> bool:
    """Kill it when so many bytes more have come, or have got into uploads; False where all was
    there before."""
    measure = chance.choice((fetched, uploaded))
    enough = measure(world, layers) + chance.randrange(1, sum(SIZES) // 2)
    until = time.monotonic() + SECONDS
    with run_modules(interpreter) as process:
        process.begin("registry_blobs", **world.arguments(*(layer.entry() for layer in layers)))
        while measure(world, layers) < enough:
            if fetched(world, layers) == sum(SIZES) and not world.directory.exists():
                process.end()
                return False
            assert time.monotonic() < until
        process.kill()
    return True


def surplus(world: BlobWorld, layer: Layer) -> list[int]:
    """How many bytes each fetch of the layer but the first brought again."""
    fetches = sorted(world.fetches(layer))
    return [start + size - following for (start, size), (following, _) in pairwise(fetches)]


def check_kills(interpreter: str, world: BlobWorld, rounds: int) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for number in range(rounds):
        layers = [world.push(size, f"killed/r{seed}-{number}") for size in SIZES]
        kills = 0
        while kills < 8 and run_until_killed(interpreter, world, layers, chance):
            kills += 1
        with run_modules(interpreter) as process:
            reply = process.run("registry_blobs", **world.arguments(*(layer.entry() for layer in layers)))
        assert {blob["state"] for blob in reply["blobs"]} <= {"copied", "present"}, (seed, reply)
        again = {layer.size: surplus(world, layer) for layer in layers}
        assert kills, seed
        assert all(extra < CHUNK for extras in again.values() for extra in extras), (seed, again)
        assert all(map(world.has, layers)), seed
        assert not world.directory.exists()


def test_a_killed_run_fetches_less_than_a_chunk_again(interpreter: str, world: BlobWorld) -> None:
    check_kills(interpreter, world, 1)


@pytest.mark.long
def test_many_killed_runs_fetch_less_than_a_chunk_again(interpreter: str, world: BlobWorld) -> None:
    check_kills(interpreter, world, 25)
