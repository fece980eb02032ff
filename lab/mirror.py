"""Where this machine gets Debian's packages from: its own apt sources say so, and the lab
uses the same place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.commands import LabError

# Names the place where the machine's apt does not, because it is not Debian or has sources of
# another kind.
VARIABLE = "MOORING_LAB_MIRROR"

_ONE_LINE = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+.*\bmain\b")


def debian_mirror(sources: Iterable[str], environment: Mapping[str, str] = os.environ) -> str:
    """The first archive in the texts of SOURCES (one-line or deb822 style) that holds
    Debian's own `main`.

    Where none does, what VARIABLE of the ENVIRONMENT names; LabError where that is not set either.
    """
    for text in sources:
        for address, suite in _archives(text):
            if re.search(r"/debian/?$", address) and not suite.endswith("-security"):
                return address.rstrip("/")
    named = environment.get(VARIABLE, "").rstrip("/")
    if not named:
        raise LabError(f"this machine's apt names no archive of Debian: set {VARIABLE} to one (http://HOST/debian)")
    return named


def machine_sources(root: Path = Path("/etc/apt")) -> list[str]:
    """The texts of this machine's apt sources; none where there is no apt."""
    files = [root / "sources.list", *sorted((root / "sources.list.d").glob("*"))]
    return [
        file.read_text(errors="replace") for file in files if file.suffix in (".list", ".sources") and file.is_file()
    ]


def _archives(text: str) -> Iterable[tuple[str, str]]:
    """(address, suite) of each binary archive that TEXT names and that has `main`."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.strip())
        if match:
            yield match.group(1), match.group(2)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        for line in stanza.splitlines():
            key, colon, value = line.partition(":")
            if colon and not line.startswith(("#", " ")):
                fields[key.strip().lower()] = value.split()
        if "deb" in fields.get("types", []) and "main" in fields.get("components", []):
            if fields.get("enabled", ["yes"]) == ["no"]:
                continue
            for address in fields.get("uris", []):
                for suite in fields.get("suites", [])[:1]:
                    yield address, suite
