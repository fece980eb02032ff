"""What a change of an engine's settings left behind when it was cut short."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.fleet.survey import FleetHost
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict

RULE = "transaction"
# These stand there as long as a change may have to be undone at boot.
AT_BOOT = ("/undo.zip", "/mooring-undo.service")
LOOK = """\
ls -d /var/lib/mooring/transaction.* 2>/dev/null
ls -d /var/lib/mooring/undo.zip /etc/systemd/system/mooring-undo.service 2>/dev/null
find /etc /run/containers -xdev -name '.*.mooring-*.[0-9]*' 2>/dev/null | head -n 20
if test -s /run/mooring.lock && ! flock -n /run/mooring.lock true; then echo "lock $(cat /run/mooring.lock)"; fi
true"""


def look(host: FleetHost) -> Iterator[Finding]:
    """A change under way, or one that nobody brought to its end."""
    lines = [line for line in str(host.call("shell", cmd=LOOK).get("stdout", "")).splitlines() if line]
    yield judge_leftovers(host.name, lines)


def judge_leftovers(host: str, lines: list[str]) -> Finding:
    """`lines` are paths of what is left, and "lock WHO" where a change is under way."""
    locks = [line.removeprefix("lock ") for line in lines if line.startswith("lock ")]
    paths = tuple(line for line in lines if not line.startswith("lock "))
    if locks:
        return Finding(RULE, Verdict.HARMS, f"the settings are being changed now, by {locks[0]}", "wait for its end")
    if paths and all(path.endswith(AT_BOOT) for path in paths):
        seen = "what undoes a change at the next boot was left, and there is nothing to undo"
        return Finding(RULE, Verdict.HARMS, seen, "remove these files; the next boot does so too", paths)
    if paths:
        remedy = (
            f"run `{invocation(f'provision-clients --limit {host}')}`: it first undoes what was begun. Where it says"
            " that it cannot, put the engine's files right by hand and remove the transaction's"
        )
        return Finding(RULE, Verdict.BREAKS, "a change of the settings was cut short", remedy, paths)
    return Finding(RULE, Verdict.HOLDS, "no change of the settings is unfinished")
