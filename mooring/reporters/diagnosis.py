"""`invoke doctor` on the screen, or as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from mooring.records.diagnosis import Diagnosis, Finding, Verdict
from mooring.reporters.screen import Screen

STYLES = {"ok": "green", "not checked": "cyan", "warning": "yellow", "broken": "bold red"}
SHOWN = ("registry-mirrors", "insecure-registries", "add-registry", "block-registry", "live-restore")
WIDTH = max(map(len, STYLES))


def write_text(diagnoses: Sequence[Diagnosis], stream: TextIO | None, verbosity: int = 0) -> None:
    """Host by host what is wrong, with its settings; one line for a host where nothing is.

    A verbosity of 1 shows what is well too, and settings that have nothing to do with registries;
    -1 shows only what is wrong, without settings.
    """
    screen = Screen(stream, verbosity > 0)
    was_folded = False
    shown = [diagnosis for diagnosis in diagnoses if verbosity >= 0 or not is_well(diagnosis)]
    for number, diagnosis in enumerate(shown):
        is_folded = verbosity <= 0 and is_well(diagnosis)
        if number and not (is_folded and was_folded):
            screen.write()
        was_folded = is_folded
        if is_folded:
            screen.write(f"{diagnosis.host}{_about(diagnosis)}: all {len(diagnosis.findings)} rules hold", STYLES["ok"])
            continue
        screen.write(f"{diagnosis.host}{_about(diagnosis)}", "bold")
        with screen.section():
            _write_host(screen, diagnosis, verbosity)
    if shown or verbosity >= 0:
        screen.write()
    screen.write(_sum(diagnoses), "bold")


def _write_host(screen: Screen, diagnosis: Diagnosis, verbosity: int) -> None:
    if diagnosis.trouble:
        screen.write(f"  {'unreachable: ' if diagnosis.is_unreachable else ''}{diagnosis.trouble}", STYLES["broken"])
    if diagnosis.facts and verbosity >= 0:
        _write_facts(screen, diagnosis.facts, verbosity > 0)
    folded = 0
    for finding in diagnosis.findings:
        if finding.verdict is Verdict.HOLDS and verbosity <= 0:
            folded += 1
        else:
            _write_finding(screen, finding)
    if folded and verbosity >= 0:
        screen.write(f"  {'ok':<{WIDTH}}  {folded} rules (-v shows them)", STYLES["ok"])


def is_well(diagnosis: Diagnosis) -> bool:
    """Whether there is nothing to tell of the host."""
    return not diagnosis.trouble and all(finding.verdict is Verdict.HOLDS for finding in diagnosis.findings)


def _about(diagnosis: Diagnosis) -> str:
    return f"  {diagnosis.facts['engine']}" if diagnosis.facts else ""


def _write_finding(screen: Screen, finding: Finding) -> None:
    verdict = finding.verdict.value
    screen.write(f"  {verdict:<{WIDTH}}  [{finding.rule}] {finding.seen}", STYLES[verdict])
    for place in finding.places:
        screen.write(f"  {'':<{WIDTH}}  at {place}", "dim")
    if finding.remedy:
        screen.write_remedy(finding.remedy, f"  {'':<{WIDTH}}  ")


def _write_facts(screen: Screen, facts: Mapping[str, Any], verbose: bool) -> None:
    """The settings with their places: those about registries, or all of them; other engines' are
    about nothing else."""
    is_other = facts["kind"] not in ("docker", "redhat")
    for key, values in facts["settings"].items():
        # Distributions ship podman with a long list of aliases.
        for setting in values if verbose or key in SHOWN or (is_other and not key.startswith("alias ")) else ():
            place = f"{setting['file']}:{setting['line']}" if setting["line"] else setting["file"]
            screen.write(f"  {key} = {setting['value']}  ({place})", "dim")


def _sum(diagnoses: Sequence[Diagnosis]) -> str:
    verdicts = [finding.verdict.value for diagnosis in diagnoses for finding in diagnosis.findings]
    counts = [f"{verdicts.count(word)} {word}" for word in reversed(STYLES)]
    down = sum(diagnosis.is_unreachable for diagnosis in diagnoses)
    hosts = f"{len(diagnoses)} host{'s' if len(diagnoses) != 1 else ''}"
    return f"{hosts}: {', '.join(counts)}" + (f"; {down} unreachable" if down else "")
