"""`invoke doctor` on the screen, or as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from mooring.reporters.screen import Screen

if TYPE_CHECKING:
    from mooring.doctor.finding import Diagnosis, Finding

STYLES = {"ok": "green", "not checked": "cyan", "warning": "yellow", "broken": "bold red"}
SHOWN = ("registry-mirrors", "insecure-registries", "add-registry", "block-registry", "live-restore")
WIDTH = max(map(len, STYLES))


def write_text(found: Sequence[Diagnosis], stream: TextIO | None, verbose: bool) -> None:
    """Host by host: its settings, what is wrong, what is well; `verbose` shows settings that have nothing to do with
    registries too."""
    screen = Screen(stream, verbose)
    for number, one in enumerate(found):
        if number:
            screen.write()
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
    for finding in one.findings:
        _write_finding(screen, finding)


def _about(one: Diagnosis) -> str:
    return f"  {one.facts['engine']}" if one.facts else ""


def _write_finding(screen: Screen, finding: Finding) -> None:
    verdict = finding.verdict.value
    screen.write(f"  {verdict:<{WIDTH}}  [{finding.rule}] {finding.seen}", STYLES[verdict])
    for place in finding.places:
        screen.write(f"  {'':<{WIDTH}}  at {place}", "dim")
    if finding.remedy:
        screen.write(f"  {'':<{WIDTH}}  remedy: {finding.remedy}")


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
