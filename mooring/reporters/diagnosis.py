"""`invoke doctor` on the screen, or as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.text import Text

from mooring.reporters import wording

if TYPE_CHECKING:
    from mooring.doctor.finding import Diagnosis, Finding

STYLES = {"ok": "green", "not checked": "cyan", "warning": "yellow", "broken": "bold red"}
SHOWN = ("registry-mirrors", "insecure-registries", "add-registry", "block-registry", "live-restore")
WIDTH = max(map(len, STYLES))


def write_json(document: Mapping[str, Any], stream: TextIO) -> None:
    """The document, indented."""
    json.dump(document, stream, indent=2)
    stream.write("\n")


def write_text(found: Sequence[Diagnosis], stream: TextIO, verbose: bool) -> None:
    """Host by host: its settings, what is wrong, what is well; `verbose` shows settings that have nothing to do with
    registries too."""
    screen = _Screen(Console(file=stream, highlight=False, soft_wrap=True, markup=False, emoji=False))
    for number, one in enumerate(found):
        screen.write(("\n" if number else "") + f"{one.host}{_about(one)}", "bold")
        if one.trouble:
            screen.write(f"  {'unreachable: ' if one.is_unreachable else ''}{one.trouble}", STYLES["broken"])
        if one.facts:
            _write_facts(screen, one.facts, verbose)
        for finding in one.findings:
            _write_finding(screen, finding)
    screen.write("\n" + _sum(found), "bold")


class _Screen:
    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str, style: str = "") -> None:
        self._console.print(Text(wording.printable(text, self._console.encoding), style))


def _about(one: Diagnosis) -> str:
    return f"  {one.facts['engine']}" if one.facts else ""


def _write_finding(screen: _Screen, finding: Finding) -> None:
    verdict = finding.verdict.value
    screen.write(f"  {verdict:<{WIDTH}}  [{finding.rule}] {finding.seen}", STYLES[verdict])
    for place in finding.places:
        screen.write(f"  {'':<{WIDTH}}  at {place}", "dim")
    if finding.remedy:
        screen.write(f"  {'':<{WIDTH}}  remedy: {finding.remedy}")


def _write_facts(screen: _Screen, facts: Mapping[str, Any], verbose: bool) -> None:
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
