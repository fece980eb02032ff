"""nginx's access log: who asked for what, and who served it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# No request is longer than what nginx takes of a header; escaped, a character may take six.
LONGEST = 256 * 1024
TEXTS = ("address", "method", "uri", "host", "digest", "served_by")


@dataclass(frozen=True, kw_only=True)
class LoggedRequest:
    """One line of the log; `served_by` is "own", "cache SLUG", or "" where nginx
    answered by itself."""

    address: str
    method: str
    uri: str
    status: int
    host: str = ""
    digest: str = ""
    served_by: str = ""


def parse(lines: Iterable[str]) -> list[LoggedRequest]:
    """The requests in a log; lines of another kind (nginx's own notices) are passed over."""
    entries = (_read(line) for line in lines if line.startswith("{") and len(line) <= LONGEST)
    return [entry for entry in entries if entry is not None]


def _read(line: str) -> LoggedRequest | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _check(entry) if isinstance(entry, Mapping) else None


def _check(entry: Mapping[str, Any]) -> LoggedRequest | None:
    texts, status = {name: entry.get(name) for name in TEXTS}, entry.get("status")
    if not all(isinstance(text, str) for text in texts.values()) or type(status) is not int:
        return None
    return LoggedRequest(status=status, **{name: str(text) for name, text in texts.items()})


class Log:
    """Who asked for what; looked through once, since it is as long as the server likes
    and many pulls ask."""

    def __init__(self, requests: Iterable[LoggedRequest]) -> None:
        self._askers: dict[str, set[str]] = {}
        self._fetchers: dict[str, set[str]] = {}
        for request in requests:
            self._askers.setdefault(request.uri, set()).add(request.address)
            repository, manifests, _ = request.uri.removeprefix("/v2/").partition("/manifests/")
            is_given = request.method in ("GET", "HEAD") and request.status == 200
            if manifests and is_given and request.uri.startswith("/v2/"):
                self._fetchers.setdefault(repository, set()).add(request.address)

    def fetchers(self, repository: str) -> frozenset[str]:
        """The addresses that were given a manifest of this repository."""
        return frozenset(self._fetchers.get(repository, ()))

    def askers(self, path: str) -> frozenset[str]:
        """The addresses that asked for exactly this path."""
        return frozenset(self._askers.get(path, ()))
