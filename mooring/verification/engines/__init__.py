"""The engines that verification knows, each with its way to pull, list, remove and show settings.

engine.py    what is asked of all of them     docker.py podman.py containerd.py crio.py  one each
settings.py  what Docker's `/info` says       cri.py     what containerd and CRI-O share
"""

from __future__ import annotations

from collections.abc import Mapping

from mooring.errors import UsageError
from mooring.verification.engines.containerd import Containerd
from mooring.verification.engines.crio import Crio
from mooring.verification.engines.docker import Docker
from mooring.verification.engines.engine import Asked, Engine
from mooring.verification.engines.podman import Podman

ENGINES: Mapping[str, type[Engine]] = {"docker": Docker, "podman": Podman, "containerd": Containerd, "crio": Crio}
"""By the value of `registry_client_engine`."""


def engine_of(host: Asked) -> Engine:
    """The engine that the host's variables say is its; UsageError for one that nobody knows."""
    name = str(host.variables["registry_client_engine"])
    if name not in ENGINES:
        known = ", ".join(ENGINES)
        raise UsageError(f"{host.name}: registry_client_engine is {name!r}, but must be one of {known}")
    return ENGINES[name](host)
