"""A yard for each test, with keys that are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import settings

from tests.hostile.drawn import Yards
from tests.hostile.yard import Yard
from tests.support.registry_server import RegistryServer, serve_registry

settings.register_profile("mooring", deadline=None, derandomize=True)
settings.load_profile("mooring")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the user's key and of the hosts' key."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("user", "host"):
        private = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.OpenSSH
        data = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)
    return {name: folder / name for name in ("user", "host")}


@pytest.fixture
def yards(tmp_path: Path, keys: dict[str, Path]) -> Yards:
    return Yards(tmp_path, keys)


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    """A registry for the tunnels to end at."""
    with serve_registry() as server:
        yield server


@pytest.fixture
def yard(tmp_path: Path, keys: dict[str, Path]) -> Iterator[Yard]:
    yard_of_test = Yard(tmp_path, keys)
    yield yard_of_test
    yard_of_test.close()
