"""Hosts for the planner, and a daemon that goes a plan's steps as the real ones do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mooring.engines.docker.effective import Effective, Texts, resolve, running_command
from mooring.engines.docker.registries import Registries, by_files
from mooring.engines.docker.reload import Running, after_reload, after_start
from mooring.engines.docker.rules import find_conflicts, will_start
from mooring.engines.plan.host import Container, Host, digest_of
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.record import PATH as RECORD
from mooring.engines.plan.step import Effect, Expect, Step, written
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from tests.support.docker_hosts import DEBIAN_UNIT, JSON, OLD_REDHAT_UNIT, POLICY, REDHAT_UNIT, SYSCONFIG

NAME = "registry.example.com"
URL = f"http://{NAME}"
USUAL = Wanted((Registry(NAME, insecure=True, search="where-possible"),), (Mirror(URL),))
WEB = Container("web", "always")
CERTS = "/etc/docker/certs.d"


def info(known: Registries, live_restore: bool = False, swarm: str = "inactive", **more: Any) -> dict[str, Any]:
    """What `docker info` says; the names of added registries are Red Hat's own field."""
    names = [entry for entry in known.insecure if "/" not in entry]
    return {
        "RegistryConfig": {
            "IndexConfigs": {name: {"Secure": False} for name in names},
            "InsecureRegistryCIDRs": [entry for entry in known.insecure if "/" in entry],
            "Mirrors": list(known.mirrors),
        },
        "Registries": [{"Name": name} for name in known.added],
        "LiveRestoreEnabled": live_restore,
        "Swarm": {"LocalNodeState": swarm},
        **more,
    }


def texts_there(files: Mapping[str, str | None]) -> dict[str, str]:
    """The files that are there."""
    return {path: text for path, text in files.items() if text is not None}


def words(effective: Effective) -> tuple[str, ...]:
    """The argument list that systemd would start."""
    flags = [f"--{flag.name}={flag.value}" for flag in effective.command.flags]
    return (effective.command.program, *flags)


def host(
    unit: str, files: Mapping[str, str | None], version: str, containers: Iterable[Container] = (), **more: Any
) -> Host:
    """A host whose daemon was started with exactly these files, unless `info` or `argv` say
    something else."""
    host_info = more.pop("info", {})
    argv = more.pop("argv", None)
    texts = Texts(unit, files, version=version, info=host_info if "RegistryConfig" in host_info else {}, **more)
    store = {"DriverStatus": host_info["DriverStatus"]} if "DriverStatus" in host_info else {}
    effective = resolve(texts)
    texts = replace(
        texts,
        info=host_info
        if "RegistryConfig" in host_info
        else {**info(by_files(effective), _lives(effective)), **host_info, **store},
        argv=words(effective) if argv is None else argv,
        started_with={} if "RegistryConfig" in host_info else texts_there(files),
    )
    digests = {path: digest_of(text) for path, text in files.items() if text is not None}
    return Host(texts, tuple(containers), {"LoadState": "loaded", "ActiveState": "active"}, digests)


def docker(daemon_json: str | None = None, version: str = "20.10.24", options: str = "", **more: Any) -> Host:
    """Docker's own engine."""
    defaults = {"/etc/default/docker": f"DOCKER_OPTS='{options}'\n"}
    files = {JSON: daemon_json, RECORD: None, SYSCONFIG: None, **defaults, **more.pop("files", {})}
    return host(more.pop("unit", DEBIAN_UNIT), files, version, **more)


def redhat(sysconfig: str | None = "", daemon_json: str | None = "{}", version: str = "1.13.1", **more: Any) -> Host:
    """Red Hat's engine, with the unit of its time."""
    unit = OLD_REDHAT_UNIT if version.startswith(("1.10", "1.11")) else REDHAT_UNIT
    files = {JSON: daemon_json, RECORD: None, SYSCONFIG: sysconfig, **POLICY, **more.pop("files", {})}
    return host(more.pop("unit", unit), files, version, **more)


def _lives(effective: Effective) -> bool:
    values = effective.values("live-restore")
    return bool(values) and values[-1].text == "true"


@dataclass
class Daemon:
    """A daemon as the resolver knows it, which is held against real ones; looked
    at after every step."""

    host: Host
    restarts: int = 0

    def __post_init__(self) -> None:
        files = resolve(self.host.texts)
        self.started = replace(files, command=running_command(self.host.texts)) if self.host.texts.argv else files

    def go(self, plan_made: Plan) -> Host:
        """All steps; the files after each let the daemon start, and what is expected holds."""
        assert not plan_made.refusals, list(map(str, plan_made.refusals))
        for step in plan_made.steps:
            self._write(step)
            if step.then is Effect.RESTART:
                self._restart()
            elif step.then is Effect.RELOAD:
                self._reload()
            self._check(step.expect)
        return self.host

    def _write(self, step: Step) -> None:
        texts = written(self.host.texts, step.files)
        digests = {path: digest_of(text) for path, text in texts.files.items() if text is not None}
        names: dict[str, list[str]] = {}
        for path in digests:
            if path.startswith(CERTS):
                names.setdefault(path.split("/")[-2], []).append(path.rpartition("/")[2])
        written_now = {file.path for file in step.files}
        kept = {path: text for path, text in texts.started_with.items() if path not in written_now}
        texts = replace(
            texts, started_with=kept, certificates={name: tuple(sorted(held)) for name, held in names.items()}
        )
        self.host = replace(self.host, texts=texts, digests=digests)
        assert will_start(find_conflicts(resolve(texts)))

    def _restart(self) -> None:
        self.restarts += 1
        self.started = resolve(self.host.texts)
        after = after_start(self.started)
        self._tell(after.registries, after.live_restore)
        kept = texts_there(self.host.texts.files)
        self.host = replace(self.host, texts=replace(self.host.texts, argv=words(self.started), started_with=kept))

    def _reload(self) -> None:
        after = after_reload(self.started, resolve(self.host.texts), Running(self.now, self.lives))
        self._tell(after.registries, after.live_restore)

    @property
    def now(self) -> Registries:
        config = self.host.texts.info["RegistryConfig"]
        return Registries(
            tuple(config["Mirrors"]),
            (*config["IndexConfigs"], *config["InsecureRegistryCIDRs"]),
            tuple(registry["Name"] for registry in self.host.texts.info["Registries"]),
        )

    @property
    def lives(self) -> bool:
        return bool(self.host.texts.info["LiveRestoreEnabled"])

    def _tell(self, known: Registries, lives: bool) -> None:
        self.host = replace(self.host, texts=replace(self.host.texts, info=info(known, lives)))

    def _check(self, expect: Expect) -> None:
        for field, entries in (expect.present or {}).items():
            assert set(entries) <= set(getattr(self.now, field)), (field, entries, self.now)
        for field, entries in (expect.absent or {}).items():
            assert not set(entries) & set(getattr(self.now, field)), (field, entries, self.now)
        if expect.live_restore is not None:
            assert self.lives is expect.live_restore


def carried_out(before: Host, wanted: Wanted = USUAL, **more: Any) -> Host:
    """The host after the plan for it."""
    return Daemon(before).go(plan(before, wanted, **more))


def file(host: Host, path: str = JSON) -> str:
    """A file that must be there."""
    text = host.texts.files[path]
    assert text is not None
    return text


def record_text(**held: Any) -> str:
    """A record as the role that came before wrote it."""
    known = {"add-registry": [], "ca": [], "insecure-registries": [], "registry-mirrors": []}
    known.update({key.replace("_", "-"): value for key, value in held.items()})
    return json.dumps(known, indent=2, sort_keys=True) + "\n"
