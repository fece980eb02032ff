"""The words of the distribution specification: what a repository, a tag and a digest may be called.

What a registry lists is foreign: it comes into URLs and onto screens, so it is checked
where it comes in.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,256}")
LONGEST = 255

Rule = Callable[[str], bool]


def is_repository(name: str) -> bool:
    """Whether it may name a repository: `library/busybox`."""
    return len(name) <= LONGEST and _REPOSITORY.fullmatch(name) is not None


def is_tag(name: str) -> bool:
    """Whether it may be a tag."""
    return _TAG.fullmatch(name) is not None


def is_digest(text: str) -> bool:
    """Whether it may be a digest: `sha256:…`."""
    return len(text) <= LONGEST and _DIGEST.fullmatch(text) is not None
