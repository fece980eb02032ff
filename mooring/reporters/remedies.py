"""What to do, as it is shown: a command of ours stands on a line of its own, so
that it can be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

# As mooring.invocation writes it: `invoke …`, or the launcher's path.
COMMAND = re.compile(r"(?:\S*/)?invoke \S[^`]*")
QUOTED = re.compile(f"`({COMMAND.pattern})`")


def is_command(text: str) -> bool:
    """Whether the whole text is one."""
    return COMMAND.fullmatch(text) is not None


def split_remedy(text: str, label: str = "") -> Iterator[tuple[str, bool]]:
    """(line, is a command) in their order: `run X, or do that` is "label:", X, "or do that"."""
    pieces = QUOTED.split(text)
    for number, piece in enumerate(pieces):
        if number % 2:
            yield piece, True
            continue
        prose = piece.strip() if not number else piece.lstrip(" ,;:.").rstrip()
        is_before_command = number < len(pieces) - 1
        if is_before_command:
            prose = "" if prose == "run" else prose.rstrip(":") + ":" if prose else ""
        if not number and label:
            prose = f"{label}: {prose}".rstrip()
        if prose:
            yield prose, False
