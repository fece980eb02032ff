"""What a look at a host tells: its engine, where pulls go, and whether it is as Mooring left it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from mooring.engines import explanation
from mooring.engines import explanation_containers as explain_containers
from mooring.engines.containerd import config
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.registries import Registries, as_it_runs, by_files
from mooring.engines.docker.reply import texts_of
from mooring.engines.docker.running import REGISTRY_KEYS
from mooring.engines.explanation import BootExplanation
from mooring.engines.origin import Placed
from mooring.engines.plan.containers.host import record_path
from mooring.engines.plan.record import PATH as RECORD
from mooring.engines.texts import CONTAINERD, CRIO
from mooring.fleet.server_checkup import ServerCheckup
from mooring.records.explanation import Difference
from mooring.records.hub import HUB
from mooring.records.route import Route
from mooring.transport.reply_shapes import OrNull, parse

HUB_IMAGE, REPOSITORY = f"{HUB}/library/busybox", "mooring"


@dataclass(frozen=True)
class Missing:
    """Something that Mooring put in and that is not so any more; `where` is "files" or "effect"."""

    key: str
    value: str
    where: str

    def __str__(self) -> str:
        if self.key == "edit":
            return f"{self.value} was changed by somebody else"
        place = "there" if self.key in ("file", "line") else "in the files" if self.where == "files" else "in effect"
        return f"{self.key} {self.value} is not {place}"


@dataclass(frozen=True)
class Checkup:
    """One host; `kind` is "docker", "redhat" or another engine's name, `engine` its name and
    version for people.

    `routes` are those of each registry's name (and of "docker.io") now, `later` the ones after the
    next start; they are the same where the engine has no daemon that would remember others. `state`
    is what systemd says of the unit, `record` what Mooring put in, None where it never did, `boot`
    what is other after the next boot, where known, `server` how the registry stands, where it is
    one and was asked, `old_mirrors` the URLs by which a client still uses the registry's own name
    as its mirror.
    """

    host: str
    kind: str
    engine: str
    is_running: bool
    routes: Mapping[str, Route]
    later: Mapping[str, Route]
    _: KW_ONLY
    conflicts: tuple[Conflict, ...] = ()
    differences: tuple[Difference, ...] = ()
    missing: tuple[Missing, ...] = ()
    settings: Mapping[str, list[Placed]] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    state: Mapping[str, str] = field(default_factory=dict)
    boot: BootExplanation | None = None
    server: ServerCheckup | None = None
    old_mirrors: tuple[str, ...] = ()

    @property
    def stops(self) -> list[Conflict]:
        """The conflicts that keep the engine from its next start."""
        return [conflict for conflict in self.conflicts if conflict.severity is Severity.STOPS]

    @property
    def ends(self) -> list[Conflict]:
        """The conflicts that end pulls though the engine runs."""
        return [conflict for conflict in self.conflicts if conflict.severity is Severity.ENDS_PULLS]


def examine(host: str, reply: Mapping[str, Any], registries: tuple[str, ...], record_at: str = RECORD) -> Checkup:
    """What the module docker_config's reply means; `registries` are the names whose
    routes are asked for."""
    texts = texts_of(reply)
    boot = explanation.boot_of(reply) if reply.get("state") else None
    explanations = {name: explanation.build(host, image, texts, boot) for name, image in _images(registries).items()}
    hub = explanations[HUB]
    now = {name: pull.now for name, pull in explanations.items() if pull.now is not None}
    later = {name: pull.later for name, pull in explanations.items()}
    record = read_record(texts.files.get(record_at))
    missing = [*find_missing(hub.effective, record or {}), *find_missing_files(reply, record or {})]
    return Checkup(
        host,
        "redhat" if hub.effective.engine.is_redhat else "docker",
        hub.engine,
        is_running=bool(now),
        routes=now or later,
        later=later,
        conflicts=hub.conflicts,
        differences=hub.differences,
        missing=tuple(missing),
        settings=hub.effective.settings(),
        record=record,
        state=reply.get("state") or {},
        boot=hub.boot,
    )


def examine_containers(
    host: str, reply: Mapping[str, Any], registries: tuple[str, ...], name: str, record_at: str = RECORD
) -> Checkup | None:
    """The same of container_config's reply for the engine of that name; None where the host does
    not have it."""
    texts = explain_containers.texts_of(reply)
    if name not in texts.programs and f"{name}d" not in texts.programs:
        return None
    images = _images(registries)
    explanations = {key: explain_containers.build(host, image, texts, name) for key, image in images.items()}
    routes = {key: pull.later for key, pull in explanations.items()}
    record = read_record(texts.files.get(record_path(record_at, name)))
    missing = [*find_missing_files(reply, record or {}), *find_edited(reply, record or {})]
    if name == CONTAINERD and record:
        unread = config.find_unread(config.resolve(texts))
        missing += [Missing("configuration", path, "effect") for path in unread]
    return Checkup(
        host,
        name,
        explanations[HUB].engine,
        is_running=name not in (CONTAINERD, CRIO) or texts.unit(name).is_active,
        routes=routes,
        later=routes,
        conflicts=explanations[HUB].conflicts,
        missing=tuple(missing),
        settings=explanations[HUB].settings,
        record=record,
        state=texts.unit(name).states,
    )


def _images(registries: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{name}/{REPOSITORY}" for name in registries} | {HUB: HUB_IMAGE}


def read_record(text: str | None) -> Mapping[str, Any] | None:
    """What Mooring put in on a host; None where nothing is, or what cannot be read."""
    shape = {**dict.fromkeys((*REGISTRY_KEYS, "ca", "files"), OrNull(list)), "sums": OrNull(dict)}
    try:
        record: Mapping[str, Any] = parse(text or "", shape, "the record")
    except ValueError:
        return None
    return record


def find_missing(effective: Effective, record: Mapping[str, Any]) -> Iterator[Missing]:
    """What the record has and the files, or the running daemon, have not."""
    places: dict[str, Registries | None] = {"files": by_files(effective), "effect": as_it_runs(effective)}
    for where, known in places.items():
        for key, name in REGISTRY_KEYS.items() if known else ():
            held = set(getattr(known, name))
            gone = [str(value) for value in record.get(key) or [] if str(value).rstrip("/") not in held]
            yield from (Missing(key, value, where) for value in gone)
    for name in record.get("ca") or []:
        if "ca.crt" not in effective.texts.certificates.get(str(name), ()):
            yield Missing("certs.d", f"{name}/ca.crt", "files")


def find_missing_files(reply: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Missing]:
    """The files that are Mooring's as a whole and are not there; a key is known
    by its digest alone."""
    there = {path for path, text in reply["files"].items() if text is not None} | set(reply.get("digests") or {})
    yield from (Missing("file", path, "files") for path in map(str, record.get("files") or []) if path not in there)


def find_edited(reply: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Missing]:
    """The files that are Mooring's as a whole and that somebody else has changed."""
    there = reply.get("digests") or {}
    for path, sha1 in (record.get("sums") or {}).items():
        if there.get(path, sha1) != sha1:
            yield Missing("edit", str(path), "files")
