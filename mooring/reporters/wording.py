"""What a result says in lines of text, for all reporters: message, last lines of
output, place, diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mooring.reporters import visible
from mooring.reporters.certificate_texts import show_certificates
from mooring.reporters.diffs import unified
from mooring.results import Outcome, Recap, Remainder, Result

HIDDEN = "output hidden: no_log"
LAST_LINES = 10
HEADING_WIDTH = 79
HOSTS_NAMED = 8
# So many hosts have a line each in the recap; more with the same counts and no failure share one.
FEW_HOSTS = 10
FAILURES = (Outcome.FAILED, Outcome.UNREACHABLE, Outcome.IGNORED, Outcome.RESCUED)


def heading(word: str, name: str) -> str:
    """`TASK [name] ****…` as Ansible draws it."""
    text = f"{word} [{name}] " if name else f"{word} "
    return text + "*" * max(3, HEADING_WIDTH - len(text))


def is_failure(result: Result) -> bool:
    """Whether something went wrong, also where the playbook deals with it."""
    return result.outcome in FAILURES


def is_loop(result: Result) -> bool:
    """Whether this is the sum of a loop, whose items have had lines of their own."""
    return result.item is None and isinstance(result.values.get("results"), list)


def title(result: Result) -> str:
    """`changed: [host]`, with the loop's item where there is one."""
    text = f"{result.outcome.value}: [{result.host}]"
    if result.item is None:
        return text
    return f"{text} (item hidden: no_log)" if result.no_log else f"{text} (item={result.item})"


def message(result: Result) -> str:
    """Why it failed, was skipped, or what it has to say; never a secret."""
    if result.no_log:
        return HIDDEN
    if result.outcome is Outcome.SKIPPED:
        reason = result.values.get("skip_reason") or result.values.get("skipped_reason") or ""
        return result.message or str(reason)
    if result.message or not is_failure(result):
        return result.message
    return f"exit status {result.values['rc']}" if "rc" in result.values else "failed without a reason"


def output_tail(result: Result) -> Iterator[str]:
    """The last lines of a failed command's output, each with the stream's name."""
    if result.no_log or is_loop(result):
        return
    for name in ("stdout", "stderr"):
        text = result.values.get(name)
        if not isinstance(text, str) or not text.strip() or text.strip() in result.message:
            continue
        lines = visible.lines(text.rstrip())
        if len(lines) > LAST_LINES:
            yield f"{name} | ... {len(lines) - LAST_LINES} lines before"
        yield from (f"{name} | {line}" for line in lines[-LAST_LINES:])


def place(result: Result) -> str:
    """`path:line` of the task, or nothing."""
    return f"{result.where.path}:{result.where.line}" if result.where else ""


def values(result: Result) -> dict[str, Any]:
    """The return values that may be shown."""
    if result.no_log:
        return {"censored": HIDDEN}
    return {name: value for name, value in result.values.items() if not name.startswith("_")}


def diffs(result: Result) -> Iterator[str]:
    """The lines of a unified diff of everything that changed, or would."""
    for part in () if result.no_log else result.diff:
        texts = {which: show_certificates(part[which]) for which in ("before", "after") if part.get(which)}
        yield from unified({**part, **texts})


def recap_row(recap: Recap, host: str, title: str = "") -> str:
    """One host's line of the recap in the shape that Ansible's users know; WHO stands for
    many that are equal."""
    counts = "".join(f"{column}={recap.counts[host][column]:<4} " for column in Recap.COLUMNS)
    return f"{title or host:<26} : {counts.rstrip()}"


def recap_groups(recap: Recap) -> Iterator[tuple[str, str]]:
    """(a host of the group, its line): hosts with equal counts share one, where they are
    more than FEW_HOSTS."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for host in sorted(recap.counts):
        groups.setdefault(tuple(recap.counts[host][column] for column in Recap.COLUMNS), []).append(host)
    if len(recap.counts) <= FEW_HOSTS:
        yield from ((host, recap_row(recap, host)) for host in sorted(recap.counts))
        return
    for hosts in groups.values():
        row = recap.counts[hosts[0]]
        if len(hosts) <= FEW_HOSTS or row["failed"] or row["unreachable"]:
            yield from ((host, recap_row(recap, host)) for host in hosts)
        else:
            title = f"all {len(hosts)} hosts" if len(groups) == 1 else f"{len(hosts)} hosts"
            yield hosts[0], recap_row(recap, hosts[0], title)


def remainder(rest: Remainder) -> Iterator[str]:
    """Who did not get through, where that is noted, and how to go on; many hosts are only
    counted."""
    if rest.problem and not rest.hosts:
        yield f"{rest.path} could not be written: {rest.problem}"
        return
    if rest.problem:
        yield f"did not get through: {_named(rest.hosts)} (could not be recorded in {rest.path}: {rest.problem})"
        return
    if rest.hosts:
        yield f"did not get through: {_named(rest.hosts)} (noted in {rest.path})"
    if rest.earlier:
        yield f"left over from an earlier run: {_named(rest.earlier)} (noted in {rest.path})"
    yield "to go on with them: the same command with --resume"


def _named(hosts: Sequence[str]) -> str:
    """The hosts; the last ones of many are only counted."""
    named, more = ", ".join(hosts[:HOSTS_NAMED]), len(hosts) - HOSTS_NAMED
    return f"{named} and {more} more" if more > 0 else named
