"""What a look at a Docker host tells: its engine, where pulls go, and whether it is as Mooring left it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.daemon.conflicts import Conflict
from mooring.daemon.effective import Effective
from mooring.daemon.endpoints import Route
from mooring.daemon.registries import Registries, as_it_runs, by_files
from mooring.daemon.running import REGISTRY_KEYS, Difference
from mooring.explain import build, texts_of

RECORD = "/etc/mooring/registry_client.json"
HUB_IMAGE, REPOSITORY = "docker.io/library/busybox", "mooring"


@dataclass(frozen=True)
class Missing:
    """Something that Mooring put in and that is no longer there; `where` is "files" or "effect"."""

    key: str
    value: str
    where: str

    def __str__(self) -> str:
        place = "in the files" if self.where == "files" else "in effect"
        return f"{self.key} {self.value} is not {place}"


@dataclass(frozen=True)
class Checkup:
    """One host. `now` and `later` are the routes of a registry's name (or "docker.io") as the daemon runs, and after
    its next start; `now` is empty where none runs. `state` is what systemd says of the unit, `record` what Mooring
    put in, None where it never did."""

    host: str
    effective: Effective
    now: Mapping[str, Route]
    later: Mapping[str, Route]
    conflicts: tuple[Conflict, ...]
    differences: tuple[Difference, ...]
    missing: tuple[Missing, ...]
    record: Mapping[str, Any] | None
    state: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        return bool(self.now)

    @property
    def stops(self) -> list[Conflict]:
        """The conflicts that keep the daemon from its next start."""
        return [one for one in self.conflicts if one.severity.value == "stops the daemon"]


def examine(host: str, reply: Mapping[str, Any], registries: tuple[str, ...]) -> Checkup:
    """What the module docker_config's reply means; `registries` are the names whose routes are asked for."""
    texts = texts_of(reply)
    images = {name: f"{name}/{REPOSITORY}" for name in registries} | {"docker.io": HUB_IMAGE}
    found = {name: build(host, image, texts) for name, image in images.items()}
    one = found["docker.io"]
    record = read_record(texts.files.get(RECORD))
    return Checkup(
        host,
        one.effective,
        {name: each.now for name, each in found.items() if each.now is not None},
        {name: each.later for name, each in found.items()},
        one.conflicts,
        one.differences,
        tuple(find_missing(one.effective, record or {})),
        record,
        reply.get("state") or {},
    )


def read_record(text: str | None) -> Mapping[str, Any] | None:
    """What Mooring put in on a host; None where nothing is, or what cannot be read."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def find_missing(effective: Effective, record: Mapping[str, Any]) -> Iterator[Missing]:
    """What the record has and the files, or the running daemon, have not."""
    places: dict[str, Registries | None] = {"files": by_files(effective), "effect": as_it_runs(effective)}
    for where, known in places.items():
        for key, name in REGISTRY_KEYS.items() if known else ():
            held = getattr(known, name)
            gone = [str(value) for value in record.get(key) or [] if str(value).rstrip("/") not in held]
            yield from (Missing(key, value, where) for value in gone)
    for name in record.get("ca") or []:
        if "ca.crt" not in effective.texts.certificates.get(str(name), ()):
            yield Missing("certs.d", f"{name}/ca.crt", "files")
