"""`invoke doctor` on the screen, or as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from mooring.records.diagnosis import Diagnosis, Finding, Verdict
from mooring.reporters.screen import Screen

STYLES = {"ok": "green", "not checked": "cyan", "warning": "yellow", "broken": "bold red"}
SHOWN = ("registry-mirrors", "insecure-registries", "add-registry", "block-registry", "live-restore")
WIDTH = max(map(len, STYLES))


def write_text(found: Sequence[Diagnosis], stream: TextIO | None, verbose: bool) -> None:
    """Host by host what is wrong, with its settings; one line for a host where nothing is.

    `verbose` shows what is well too, and settings that have nothing to do with registries.
    """
    screen = Screen(stream, verbose)
    was_folded = False
    for number, one in enumerate(found):
        is_folded = not verbose and is_well(one)
        if number and not (is_folded and was_folded):
            screen.write()
        was_folded = is_folded
        if is_folded:
            screen.write(f"{one.host}{_about(one)}: all {len(one.findings)} rules hold", STYLES["ok"])
            continue
        screen.write(f"{one.host}{_about(one)}", "bold")
        with screen.section():
            _write_host(screen, one, verbose)
    screen.write()
    screen.write(_sum(found), "bold")


def _write_host(screen: Screen, one: Diagnosis, verbose: bool) -> None:
    if one.trouble:
        screen.write(f"  {'unreachable: ' if one.is_unreachable else ''}{one.trouble}", STYLES["broken"])
    if one.facts:
        _write_facts(screen, one.facts, verbose)
    folded = 0
    for finding in one.findings:
        if finding.verdict is Verdict.HOLDS and not verbose:
            folded += 1
        else:
            _write_finding(screen, finding)
    if folded:
        screen.write(f"  {'ok':<{WIDTH}}  {folded} rules (-v shows them)", STYLES["ok"])


def is_well(one: Diagnosis) -> bool:
    """Whether there is nothing to tell of the host."""
    return not one.trouble and all(finding.verdict is Verdict.HOLDS for finding in one.findings)


def _about(one: Diagnosis) -> str:
    return f"  {one.facts['engine']}" if one.facts else ""


def _write_finding(screen: Screen, finding: Finding) -> None:
    verdict = finding.verdict.value
    screen.write(f"  {verdict:<{WIDTH}}  [{finding.rule}] {finding.seen}", STYLES[verdict])
    for place in finding.places:
        screen.write(f"  {'':<{WIDTH}}  at {place}", "dim")
    if finding.remedy:
        screen.write_remedy(finding.remedy, f"  {'':<{WIDTH}}  ")


def _write_facts(screen: Screen, facts: Mapping[str, Any], verbose: bool) -> None:
    """The settings with their places: those about registries, or all of them; other engines' are about nothing else."""
    is_other = facts["kind"] not in ("docker", "redhat")
    for key, values in facts["settings"].items():
        # Distributions ship podman with a long list of aliases.
        for one in values if verbose or key in SHOWN or (is_other and not key.startswith("alias ")) else ():
            place = f"{one['file']}:{one['line']}" if one["line"] else one["file"]
            screen.write(f"  {key} = {one['value']}  ({place})", "dim")


def _sum(found: Sequence[Diagnosis]) -> str:
    verdicts = [finding.verdict.value for one in found for finding in one.findings]
    counts = [f"{verdicts.count(word)} {word}" for word in reversed(STYLES)]
    down = sum(one.is_unreachable for one in found)
    hosts = f"{len(found)} host{'s' if len(found) != 1 else ''}"
    return f"{hosts}: {', '.join(counts)}" + (f"; {down} unreachable" if down else "")
