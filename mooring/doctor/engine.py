"""The rules about an engine: its configuration, its running daemon, its next restart and
its next boot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from mooring.engines.docker import entries
from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.rules import find_conflicts
from mooring.engines.origin import settings_as_dict
from mooring.fleet.checkup import Checkup
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict

# What to do about a conflict, by its rule; the message says what and the places where.
REMEDIES = {
    "exec-start": "put a line `ExecStart=` before the new one in the drop-in, then `systemctl daemon-reload`",
    "environment-file": 'make the file, or write a "-" before its path in the unit',
    "export": "take the word `export` out of the line",
    "quotes": "close the quotation mark, or take it out",
    "daemon-reload": "run `systemctl daemon-reload`",
    "stray-word": "write the flag into the variable as well, or take the word out",
    "flag-without-value": "give the flag its value, or take it out",
    "unknown-flag": "take the flag out; this version does not have it",
    "unknown-key": "take the key out of the file; this version does not have it",
    "key-of-flag": "write the key as the message says, or take it out",
    "runtime": "name a runtime that is there, and none of them runc",
    "flag-and-key": "set it in one place only: take it out of the command line or out of daemon.json",
    "bad-json": "mend the file; an engine without settings wants {} or no file",
    "blank-registry": "take the empty --add-registry out",
    "registry-name": "write the registry as host.domain[:port] or host:port",
    "unblocked": "take disable-legacy-registry out, or do not rely on blocked registries",
    "policy": "install the policy (package containers-common); Red Hat's docker does without it where it is started "
    "with --signature-verification=false",
    "mirror": "write the mirror as scheme://host[:port], without a path",
    "insecure-entry": "write the entry as host, host:port or network, without a scheme",
    "lone-certificate": "put the other half beside it, or end an authority's name in .crt",
    "certificate-pair": "put the other half beside it, or end an authority's name in .crt",
    "slash": "take the slash off the end",
    "insecure-and-ca": "take the registry out of the insecure ones, or remove its certificate",
    "wrong-type": "give the key a value of the right kind",
    **entries.MISLEADING,
}
VERDICTS = {
    Severity.STOPS: Verdict.BREAKS,
    Severity.ENDS_PULLS: Verdict.BREAKS,
    Severity.USELESS: Verdict.HARMS,
    Severity.SURPRISING: Verdict.HARMS,
}


def examine(checkup: Checkup, is_client: bool) -> Iterator[Finding]:
    """Every rule about the engine."""
    yield from judge_conflicts(checkup)
    yield from judge_running(checkup)
    yield from judge_settings(checkup, is_client)
    yield from judge_restart(checkup)
    yield from judge_boot(checkup)


def judge_unit(reply: Mapping[str, Any]) -> Iterator[Finding]:
    """A host that has no unit to judge: masked, or no Docker at all; nothing where it
    is something else."""
    seen = str(reply.get("msg", ""))
    if reply.get("masked"):
        remedy = "run `systemctl unmask docker`, and see who masked it"
        if (reply.get("state") or {}).get("ActiveState") != "active":
            yield Finding("daemon", Verdict.BREAKS, f"does not run: {seen}", remedy)
        yield from (Finding(rule, Verdict.BREAKS, seen, remedy) for rule in ("next-restart", "next-boot"))
    elif reply.get("missing"):
        yield Finding("daemon", Verdict.BREAKS, seen, "run the host's provisioning task, which installs Docker")


def judge_conflicts(checkup: Checkup) -> Iterator[Finding]:
    """What the files say that keeps the daemon from its start, or does not do what was meant."""
    for conflict in checkup.conflicts:
        yield Finding(
            conflict.rule,
            VERDICTS[conflict.severity],
            conflict.message,
            REMEDIES.get(conflict.rule, ""),
            tuple(map(str, conflict.places)),
        )
    if not checkup.conflicts:
        yield Finding("configuration", Verdict.HOLDS, "nothing in the files contradicts anything else")


def judge_running(checkup: Checkup) -> Iterator[Finding]:
    """Whether the daemon runs now."""
    if checkup.is_running:
        yield Finding("daemon", Verdict.HOLDS, f"{checkup.engine} runs and answers")
        return
    state = " ".join(checkup.state.get(key, "") for key in ("ActiveState", "SubState")).strip()
    seen = f"the daemon does not answer{f' (systemd: {state})' if state else ''}"
    yield Finding("daemon", Verdict.BREAKS, seen, "see `journalctl -u docker`, then `systemctl start docker`")


def judge_settings(checkup: Checkup, is_client: bool) -> Iterator[Finding]:
    """Whether what Mooring put in is still there and in effect."""
    again = f"run `{invocation(f'provision-clients --limit {checkup.host}')}`"
    if checkup.record is None:
        if is_client:
            yield Finding("settings", Verdict.BREAKS, "this client was never provisioned", again)
        return
    for missing in checkup.missing:
        if missing.where == "files" or checkup.is_running:
            yield Finding("settings", Verdict.BREAKS, f"Mooring put it in, but {missing}", again)
    if not any(missing.where == "files" or checkup.is_running for missing in checkup.missing):
        effect = " and in effect" if checkup.is_running else ""
        yield Finding("settings", Verdict.HOLDS, f"all that Mooring put in is in the files{effect}")


def judge_restart(checkup: Checkup) -> Iterator[Finding]:
    """What the daemon's next start would do."""
    if checkup.stops:
        seen = f"the daemon will not start again: {', '.join(conflict.rule for conflict in checkup.stops)}"
        yield Finding("next-restart", Verdict.BREAKS, seen, "mend what is named above before anything restarts it")
        return
    if not checkup.is_running:
        yield Finding("next-restart", Verdict.HOLDS, "nothing in the files keeps the daemon from starting")
        return
    for difference in checkup.differences:
        seen = f"{difference.key} changes from {_list(difference.now)} to {_list(difference.later)}"
        yield Finding("next-restart", Verdict.HARMS, seen, "restart the daemon when it suits, or mend the files")
    if not checkup.differences:
        yield Finding("next-restart", Verdict.HOLDS, "starts, with the settings that it has now")


def judge_boot(checkup: Checkup) -> Iterator[Finding]:
    """Whether the daemon comes up with the host, and with which settings."""
    if checkup.boot is None:
        yield from judge_unit_file(checkup)
        return
    boot, why = checkup.boot.boot, "; ".join(checkup.boot.boot.reasons)
    if checkup.state.get("UnitFileState", "").startswith("masked"):
        yield Finding("next-boot", Verdict.BREAKS, why, "run `systemctl unmask docker`")
    elif not boot.starts:
        yield Finding("next-boot", Verdict.HARMS, why, "run `systemctl enable docker`")
    if not checkup.boot.will_start:
        rules = ", ".join(
            conflict.rule for conflict in find_conflicts(boot.effective) if conflict.severity is Severity.STOPS
        )
        if rules:
            seen = f"the daemon will not come up with the host: {rules}"
            yield Finding("next-boot", Verdict.BREAKS, seen, "mend what is named before the host boots")
    elif checkup.boot.route is not None:
        seen = f"pulls go elsewhere after the next boot: {why}"
        yield Finding("next-boot", Verdict.HARMS, seen, f"see `{invocation(f'explain {checkup.host} IMAGE')}`")
    else:
        yield Finding("next-boot", Verdict.HOLDS, "the daemon comes up with the host" + (f"; {why}" if why else ""))


def judge_unit_file(checkup: Checkup) -> Iterator[Finding]:
    """The same of engines of which only the unit's state is known; those without
    a daemon have none."""
    kept = checkup.state.get("UnitFileState", "")
    if kept in ("disabled", "masked"):
        remedy = f"run `systemctl {'unmask' if kept == 'masked' else 'enable'} {checkup.kind}`"
        yield Finding("next-boot", Verdict.HARMS, f"the unit is {kept}: it does not start with the host", remedy)
    elif kept:
        yield Finding("next-boot", Verdict.HOLDS, f"the unit is {kept}: the daemon comes up with the host")


def facts(checkup: Checkup) -> dict[str, Any]:
    """The effective configuration as plain data: all settings with their places,
    routes now and later."""
    return {
        "engine": checkup.engine,
        "kind": checkup.kind,
        "settings": settings_as_dict(checkup.settings),
        "record": checkup.record,
        "routes": {name: asdict(route) for name, route in checkup.routes.items()},
        "routes_after_restart": {name: asdict(route) for name, route in checkup.later.items()},
        "differences": [asdict(difference) for difference in checkup.differences],
    }


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(value or '""' for value in values) or "nothing"
