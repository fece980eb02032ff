"""nginx's access log: who asked for what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

# The address is the line's first word and the request is in quotes, in nginx's own formats and in
# ours.
_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+)")
_STATUS = re.compile(r" (\d{3})")


@dataclass(frozen=True)
class LoggedRequest:
    """One line of the log."""

    address: str
    method: str
    path: str
    status: int


def parse(lines: Iterable[str]) -> list[LoggedRequest]:
    """The requests in a log; lines of another kind (nginx's own notices) are passed over."""
    requests = []
    for line in lines:
        address, blank, rest = line.partition(" ")
        # Between quotes stands every other part; the request is the first one that looks so.
        parts = rest.split('"')
        for quoted, behind in pairwise(parts[1:]) if address and blank else ():
            request, status = _REQUEST.match(quoted), _STATUS.match(behind)
            if request and status:
                requests.append(LoggedRequest(address, request["method"], request["path"], int(status.group(1))))
                break
    return requests


class Log:
    """Who asked for what; looked through once, since it is as long as the server likes and many pulls ask."""

    def __init__(self, requests: Iterable[LoggedRequest]) -> None:
        self._askers: dict[str, set[str]] = {}
        self._fetchers: dict[str, set[str]] = {}
        for request in requests:
            self._askers.setdefault(request.path, set()).add(request.address)
            repository, manifests, _ = request.path.removeprefix("/v2/").partition("/manifests/")
            is_given = request.method in ("GET", "HEAD") and request.status == 200
            if manifests and is_given and request.path.startswith("/v2/"):
                self._fetchers.setdefault(repository, set()).add(request.address)

    def fetchers(self, repository: str) -> frozenset[str]:
        """The addresses that were given a manifest of this repository."""
        return frozenset(self._fetchers.get(repository, ()))

    def askers(self, path: str) -> frozenset[str]:
        """The addresses that asked for exactly this path."""
        return frozenset(self._askers.get(path, ()))
