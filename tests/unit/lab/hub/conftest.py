"""A hub on loopback before a real registry that holds two images; one of each for all
tests of this folder."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.local_hub import LocalHub, run_hub
from tests.support.local_registry import LocalRegistry, crane, run_registry


@dataclass(frozen=True)
class Filled:
    """A registry with library/small:1 and library/large:1; the layer of the latter as it lies
    there, gzipped."""

    registry: LocalRegistry
    layer: bytes
    digest: str


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    work = tmp_path_factory.mktemp("backend")
    with run_registry(work / "registry") as registry:
        for name, size in (("small", 100), ("large", 1_000_000)):
            # gzip shortens none of it.
            (work / name).write_bytes(random.Random(size).randbytes(size))
            tar = work / f"{name}.tar"
            subprocess.run(["tar", "-C", str(work), "-cf", str(tar), name], check=True)
            crane("append", f"--new_layer={tar}", f"--new_tag={registry.authority}/library/{name}:1")
        sizes = {path.stat().st_size: path for path in registry.storage.rglob("data")}
        layer = sizes[max(sizes)]
        yield Filled(registry, layer.read_bytes(), f"sha256:{layer.parent.name}")


@pytest.fixture
def hub(filled: Filled, tmp_path: Path) -> Iterator[LocalHub]:
    with run_hub(tmp_path / "hub", filled.registry.url) as hub:
        yield hub
