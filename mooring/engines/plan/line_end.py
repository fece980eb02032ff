"""How a file ends its lines; what is added to it does the same."""

from __future__ import annotations

import re

END = re.compile(r"\r?\n")


def line_end(text: str | None) -> str:
    """The first line's end; a file without any gets the usual one."""
    ending = END.search(text or "")
    return ending.group() if ending else "\n"
