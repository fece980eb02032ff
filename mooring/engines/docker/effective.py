"""The effective configuration: what the next start of the daemon would make of the host's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from mooring.engines import systemd
from mooring.engines.docker import daemon_json, flags, sysconfig
from mooring.engines.docker.daemon_json import DaemonJson
from mooring.engines.docker.engine import Engine, recognize
from mooring.engines.docker.flags import CommandLine
from mooring.engines.docker.options import BY_FLAG, LIST
from mooring.engines.origin import Origin, Placed
from mooring.engines.systemd import EnvironmentFile, Service
from mooring.engines.systemd_words import expand


@dataclass(frozen=True)
class Texts:
    """What is read from a host.

    `unit` is what `systemctl cat` prints; `files` are texts by path, None for one that is not
    there; `certificates` the file names below certs.d by registry; `argv` the running daemon's,
    empty where none runs; `info` and `version` the daemon's own; `needs_reload` says that systemd
    has not read the unit as it now is. `started_with` are the texts by path that have not changed
    since the running daemon began, `is_replaced` tells that its program has.
    """

    unit: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    _: KW_ONLY
    needs_reload: bool = False
    started_with: Mapping[str, str] = field(default_factory=dict)
    is_replaced: bool = False


@dataclass(frozen=True)
class Effective:
    """Settings with their places, and what was met on the way to them.

    `missing` are files that the unit needs, `ignored` the lines of EnvironmentFiles
    that systemd drops.
    """

    engine: Engine
    texts: Texts
    service: Service
    command: CommandLine
    file: DaemonJson
    missing: tuple[EnvironmentFile, ...] = ()
    _: KW_ONLY
    ignored: tuple[Placed, ...] = ()

    def values(self, key: str) -> list[Placed]:
        """A setting's values with their places, the flags' first. Lists add up; else
        the last flag counts."""
        values = [Placed(flag.value, flag.origin) for flag in self.command.of(key)]
        if not is_list(key):
            values = values[-1:]
        return values + self._in_file(key)

    def is_flag(self, value: Placed) -> bool:
        """Whether a value that `values` gave stands on the command line."""
        return value.origin.path != self.file.path

    def settings(self) -> dict[str, list[Placed]]:
        """Every setting that somebody made, by its key in daemon.json."""
        keys = {flag.key for flag in self.command.flags} | set(self.file.settings)
        return {key: self.values(key) for key in sorted(keys)}

    def _in_file(self, key: str) -> list[Placed]:
        if self.file.settings.get(key) is None:
            return []
        value, origin = self.file.settings[key], self.file.origin(key)
        entries = value if isinstance(value, list) else [value]
        # To the daemon null in a list is an empty text.
        texts = ["" if entry is None else entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
        return [Placed(text, origin) for text in texts]


def is_list(key: str) -> bool:
    """Whether a key takes several values."""
    return any(option.key == key and option.kind == LIST for option in BY_FLAG.values())


def resolve(texts: Texts) -> Effective:
    """Put a host's texts together as systemd and the daemon do."""
    service = systemd.parse(texts.unit)
    variables, missing, ignored = dict(service.environment), [], []
    is_old = _is_redhat(service)
    known = sorted(texts.files)
    for file in service.files:
        matches = _matching(file.path, known, texts.files)
        if not matches and not file.is_optional:
            missing.append(file)
        for path, text in matches:
            read = sysconfig.parse(text, path, is_old)
            variables.update(read.values)
            ignored += read.ignored
    # systemd refuses a unit with two commands; the last one is what the writer meant.
    words = expand(service.commands[-1], variables) if service.commands else []
    command = flags.parse(words)
    engine = recognize(command.program, texts.version, _store(texts.info))
    chosen = command.of("config-file")
    path = chosen[-1].value if chosen else daemon_json.PATH
    file_read = daemon_json.parse(texts.files.get(path), path, engine)
    return Effective(engine, texts, service, command, file_read, tuple(missing), ignored=tuple(ignored))


def running_command(texts: Texts) -> CommandLine:
    """The running daemon's command line; its words have no place but the process."""
    place = Origin("the running daemon")
    return flags.parse([Placed(word, place) for word in texts.argv])


def _is_redhat(service: Service) -> bool:
    """Whether the unit starts Red Hat's engine, which comes with systemd 219."""
    words = expand(service.commands[-1], service.environment) if service.commands else []
    return recognize(flags.parse(words).program, "").is_redhat


def _matching(pattern: str, known: Sequence[str], files: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """The files that an EnvironmentFile= line names, in order; it may have wildcards."""
    paths = [path for path in known if fnmatchcase(path, pattern)] if set(pattern) & set("*?[") else [pattern]
    return [(path, text) for path in paths if (text := files.get(path)) is not None]


def _store(info: Mapping[str, Any]) -> str:
    status = info.get("DriverStatus") or []
    return next((str(pair[1]) for pair in status if pair[:1] == ["driver-type"] and len(pair) > 1), "")
