"""How the hub behaves just now: a small JSON file that a drill replaces, read
again at each request."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


class KnobError(Exception):
    """The file does not say what it should; the message names the place."""


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """Without a file: Docker Hub on a good day."""

    rate_limit: int = 100
    """Manifest GETs of one address without an account in each window; HEADs do not count."""
    account_rate_limit: int = 200
    """The same for one account, from whatever addresses."""
    rate_window: int = 21600
    """Seconds."""
    remaining: int | None = None
    """Writing the file with it leaves everybody that much, from then on; later
    windows are whole again."""
    retry_after: int | None = None
    """Seconds in Retry-After; otherwise what is left of the window."""
    token_seconds: int = 300
    url_seconds: int = 1200
    """How long a signed URL of a blob holds."""
    accounts: dict[str, str] | None = None
    """{account: its password}."""
    private: list[str] | None = None
    """Patterns of repositories that only accounts may pull."""
    answer: int | None = None
    """The status that every request gets, such as 429 or 503."""
    delay: float = 0
    """Seconds before each answer."""
    slow: int | None = None
    """Bytes of body per second and connection."""
    drop_after: int | None = None
    """The connection ends after so many bytes of a body; 0: without any answer."""
    only: str = ""
    """Where this regular expression is found in `METHOD HOST/PATH`, the four before hold; otherwise
    they do not."""

    def is_troubled(self, method: str, host: str, path: str) -> bool:
        """Whether `answer`, `delay`, `slow` and `drop_after` hold for this request."""
        return re.search(self.only, f"{method} {host}{path}") is not None

    def is_private(self, repository: str) -> bool:
        """Whether only accounts may pull from REPOSITORY."""
        return any(fnmatchcase(repository, pattern) for pattern in self.private or ())


_KINDS: dict[str, Any] = {
    "int": int,
    "int | None": (int, type(None)),
    "float": (int, float),
    "str": str,
    "dict[str, str] | None": (dict, type(None)),
    "list[str] | None": (list, type(None)),
}


def parse_knobs(text: str) -> Knobs:
    """The knobs that the file's TEXT sets; KnobError for what is none."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise KnobError(f"no JSON: {error}") from error
    if not isinstance(values, dict):
        raise KnobError("no JSON object")
    kinds = {knob.name: str(knob.type) for knob in fields(Knobs)}
    for name, value in values.items():
        if name not in kinds:
            raise KnobError(f"no knob {name!r}; there are {', '.join(kinds)}")
        if isinstance(value, bool) or not isinstance(value, _KINDS[kinds[name]]):
            raise KnobError(f"{name} is {value!r}, no {kinds[name]}")
        if isinstance(value, int | float) and value < 0:
            raise KnobError(f"{name} is {value!r}, below 0")
    try:
        re.compile(values.get("only", ""))
    except re.error as error:
        raise KnobError(f"only is no regular expression: {error}") from error
    return Knobs(**values)


class KnobFile:
    """The file at PATH, which may be absent; replace it as a whole (write beside it, rename)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def read(self) -> tuple[Knobs, str]:
        """The knobs now, and a text that changes whenever the file was written."""
        if self.path is None:
            return Knobs(), ""
        try:
            with self.path.open("rb") as file:
                text, status = file.read().decode(errors="replace"), self.path.stat()
        except FileNotFoundError:
            return Knobs(), ""
        return parse_knobs(text), f"{status.st_ino} {status.st_mtime_ns} {text}"
