"""What is wrong with buildkitd.toml, and with expecting daemon.json to count for builds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mooring.engines.buildkit.buildkitd_toml import DEFAULT, KEYS, Effective
from mooring.engines.docker import daemon_json
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.engine import DOCKER, Engine
from mooring.engines.docker.rules import ORDER
from mooring.engines.origin import Origin
from mooring.engines.toml import get
from mooring.records.hub import HUB

KINDS: dict[str, tuple[type, str]] = {
    "mirrors": (list, "a list"),
    "http": (bool, "true or false"),
    "insecure": (bool, "true or false"),
    "ca": (list, "a list"),
    "keypair": (list, "tables: [[registry.NAME.keypair]]"),
}
IGNORED = ("registry-mirrors", "insecure-registries")
NEWEST = Engine(DOCKER, (99,))


def find_bad_file(effective: Effective) -> Iterator[Conflict]:
    """buildkitd does not start with a file that is no TOML, and buildx makes no builder of it."""
    if effective.file.error:
        message = f"it cannot be read: {effective.file.error}"
        yield Conflict("bad-toml", Severity.STOPS, message, (Origin(effective.file.path),))


def find_wrong_types(effective: Effective) -> Iterator[Conflict]:
    """A value of the wrong kind is an error of the TOML reader (source: `config.Load`)."""
    tables = effective.file.values.get("registry")
    for name, table in tables.items() if isinstance(tables, dict) else ():
        for key, (kind, words) in KINDS.items():
            value: Any = get(table, key)
            if value is not None and not isinstance(value, kind):
                place = effective.file.origin("registry", name, key)
                yield Conflict("wrong-type", Severity.STOPS, f'"{key}" must be {words}', (place,))


def find_useless_entries(effective: Effective) -> Iterator[Conflict]:
    """A mirror is host[:port][/path] (source: `extractMirrorHostAndPath`), a registry's name
    host[:port]: for a port, the port must be named (buildx#1642); Docker Hub is docker.io."""
    for registry in effective.registries.values():
        place = effective.file.origin("registry", registry.name, "mirrors")
        for mirror in registry.mirrors:
            if "://" in mirror:
                bare = mirror.partition("://")[2]
                message = (
                    f'mirror "{mirror}" must be without a scheme: "{bare}", and http = true in [registry."{bare}"]'
                )
                yield Conflict("mirror", Severity.USELESS, message, (place,))
        if "://" in registry.name or "/" in registry.name:
            message = f'no registry is called "{registry.name}": the name is host[:port]'
            yield Conflict("registry-name", Severity.USELESS, message, (registry.origin,))
        elif registry.name in (f"index.{HUB}", f"registry-1.{HUB}", "hub.docker.com"):
            yield Conflict("registry-name", Severity.USELESS, f'Docker Hub is called "{HUB}" here', (registry.origin,))
        for key in registry.keys:
            if key not in KEYS:
                place = effective.file.origin("registry", registry.name, key)
                yield Conflict("unknown-key", Severity.USELESS, f'there is no setting "{key}"', (place,))


def find_expected_daemon_json(effective: Effective) -> Iterator[Conflict]:
    """Builders of the docker-container driver ignore daemon.json (buildx#777); the remote driver
    takes no file at all (buildx#2985)."""
    text = effective.texts.files.get(daemon_json.PATH)
    if text is None or not effective.texts.has_docker:
        return
    file = daemon_json.parse(text, daemon_json.PATH, NEWEST)
    known = {
        *effective.registries,
        *(mirror for registry in effective.registries.values() for mirror in registry.mirrors),
    }
    for key in IGNORED:
        missing = [
            entry
            for entry in file.texts(key)
            if entry.partition("://")[2].rstrip("/") not in known and entry not in known
        ]
        if missing:
            message = (
                f"builders of the docker-container driver ignore {key} ({', '.join(missing)}): set it in {DEFAULT}, "
                "which counts for builders that are made afterwards"
            )
            yield Conflict("daemon-json-ignored", Severity.SURPRISING, message, (file.origin(key),))


RULES = (find_bad_file, find_wrong_types, find_useless_entries, find_expected_daemon_json)


def find_conflicts(effective: Effective) -> list[Conflict]:
    """Every conflict, the gravest first."""
    problems = [conflict for rule in RULES for conflict in rule(effective)]
    return sorted(problems, key=lambda conflict: ORDER.index(conflict.severity))
