"""The rules about an engine: its configuration, its running daemon, its next restart and its next boot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from mooring.engines.docker import entries
from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.judge import judge
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


def examine(one: Checkup, is_client: bool) -> Iterator[Finding]:
    """Every rule about the engine."""
    yield from judge_conflicts(one)
    yield from judge_running(one)
    yield from judge_settings(one, is_client)
    yield from judge_restart(one)
    yield from judge_boot(one)


def judge_unit(reply: Mapping[str, Any]) -> Iterator[Finding]:
    """A host that has no unit to judge: masked, or no Docker at all; nothing where it is something else."""
    seen = str(reply.get("msg", ""))
    if reply.get("masked"):
        remedy = "run `systemctl unmask docker`, and see who masked it"
        if (reply.get("state") or {}).get("ActiveState") != "active":
            yield Finding("daemon", Verdict.BREAKS, f"does not run: {seen}", remedy)
        yield from (Finding(rule, Verdict.BREAKS, seen, remedy) for rule in ("next-restart", "next-boot"))
    elif reply.get("missing"):
        yield Finding("daemon", Verdict.BREAKS, seen, "run the host's provisioning task, which installs Docker")


def judge_conflicts(one: Checkup) -> Iterator[Finding]:
    """What the files say that keeps the daemon from its start, or does not do what was meant."""
    for conflict in one.conflicts:
        yield Finding(
            conflict.rule,
            VERDICTS[conflict.severity],
            conflict.message,
            REMEDIES.get(conflict.rule, ""),
            tuple(map(str, conflict.places)),
        )
    if not one.conflicts:
        yield Finding("configuration", Verdict.HOLDS, "nothing in the files contradicts anything else")


def judge_running(one: Checkup) -> Iterator[Finding]:
    """Whether the daemon runs now."""
    if one.is_running:
        yield Finding("daemon", Verdict.HOLDS, f"{one.engine} runs and answers")
        return
    state = " ".join(one.state.get(key, "") for key in ("ActiveState", "SubState")).strip()
    seen = f"the daemon does not answer{f' (systemd: {state})' if state else ''}"
    yield Finding("daemon", Verdict.BREAKS, seen, "see `journalctl -u docker`, then `systemctl start docker`")


def judge_settings(one: Checkup, is_client: bool) -> Iterator[Finding]:
    """Whether what Mooring put in is still there and in effect."""
    again = f"run `{invocation(f'provision-clients --limit {one.host}')}`"
    if one.record is None:
        if is_client:
            yield Finding("settings", Verdict.BREAKS, "this client was never provisioned", again)
        return
    for missing in one.missing:
        if missing.where == "files" or one.is_running:
            yield Finding("settings", Verdict.BREAKS, f"Mooring put it in, but {missing}", again)
    if not any(missing.where == "files" or one.is_running for missing in one.missing):
        effect = " and in effect" if one.is_running else ""
        yield Finding("settings", Verdict.HOLDS, f"all that Mooring put in is in the files{effect}")


def judge_restart(one: Checkup) -> Iterator[Finding]:
    """What the daemon's next start would do."""
    if one.stops:
        seen = f"the daemon will not start again: {', '.join(conflict.rule for conflict in one.stops)}"
        yield Finding("next-restart", Verdict.BREAKS, seen, "mend what is named above before anything restarts it")
        return
    if not one.is_running:
        yield Finding("next-restart", Verdict.HOLDS, "nothing in the files keeps the daemon from starting")
        return
    for each in one.differences:
        seen = f"{each.key} changes from {_list(each.now)} to {_list(each.later)}"
        yield Finding("next-restart", Verdict.HARMS, seen, "restart the daemon when it suits, or mend the files")
    if not one.differences:
        yield Finding("next-restart", Verdict.HOLDS, "starts, with the settings that it has now")


def judge_boot(one: Checkup) -> Iterator[Finding]:
    """Whether the daemon comes up with the host, and with which settings."""
    if one.boot is None:
        yield from judge_unit_file(one)
        return
    boot, why = one.boot.boot, "; ".join(one.boot.boot.reasons)
    if one.state.get("UnitFileState", "").startswith("masked"):
        yield Finding("next-boot", Verdict.BREAKS, why, "run `systemctl unmask docker`")
    elif not boot.starts:
        yield Finding("next-boot", Verdict.HARMS, why, "run `systemctl enable docker`")
    if not one.boot.will_start:
        rules = ", ".join(each.rule for each in judge(boot.effective) if each.severity is Severity.STOPS)
        if rules:
            seen = f"the daemon will not come up with the host: {rules}"
            yield Finding("next-boot", Verdict.BREAKS, seen, "mend what is named before the host boots")
    elif one.boot.route is not None:
        seen = f"pulls go elsewhere after the next boot: {why}"
        yield Finding("next-boot", Verdict.HARMS, seen, f"see `{invocation(f'explain {one.host} IMAGE')}`")
    else:
        yield Finding("next-boot", Verdict.HOLDS, "the daemon comes up with the host" + (f"; {why}" if why else ""))


def judge_unit_file(one: Checkup) -> Iterator[Finding]:
    """The same of engines of which only the unit's state is known; those without a daemon have none."""
    kept = one.state.get("UnitFileState", "")
    if kept in ("disabled", "masked"):
        remedy = f"run `systemctl {'unmask' if kept == 'masked' else 'enable'} {one.kind}`"
        yield Finding("next-boot", Verdict.HARMS, f"the unit is {kept}: it does not start with the host", remedy)
    elif kept:
        yield Finding("next-boot", Verdict.HOLDS, f"the unit is {kept}: the daemon comes up with the host")


def facts(one: Checkup) -> dict[str, Any]:
    """The effective configuration as plain data: all settings with their places, routes now and later."""
    return {
        "engine": one.engine,
        "kind": one.kind,
        "settings": {
            key: [{"value": each.text, "file": each.origin.path, "line": each.origin.line} for each in values]
            for key, values in one.settings.items()
        },
        "record": one.record,
        "routes": {name: asdict(route) for name, route in one.routes.items()},
        "routes_after_restart": {name: asdict(route) for name, route in one.later.items()},
        "differences": [asdict(each) for each in one.differences],
    }


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(value or '""' for value in values) or "nothing"
