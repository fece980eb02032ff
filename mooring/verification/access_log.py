"""nginx's access log: who asked for what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

# The address is the line's first word and the request is in quotes, in nginx's own formats and in ours.
_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+)")
_STATUS = re.compile(r" (\d{3})")


@dataclass(frozen=True)
class Request:
    """One line of the log."""

    address: str
    method: str
    path: str
    status: int


def parse(lines: Iterable[str]) -> list[Request]:
    """The requests in a log; lines of another kind (nginx's own notices) are passed over."""
    found = []
    for line in lines:
        address, blank, rest = line.partition(" ")
        # Between quotes stands every other part; the request is the first one that looks so.
        parts = rest.split('"')
        for quoted, behind in pairwise(parts[1:]) if address and blank else ():
            request, status = _REQUEST.match(quoted), _STATUS.match(behind)
            if request and status:
                found.append(Request(address, request["method"], request["path"], int(status.group(1))))
                break
    return found


def fetchers(requests: Iterable[Request], repository: str) -> set[str]:
    """The addresses that were given a manifest of this repository."""
    start = f"/v2/{repository}/manifests/"
    return {
        request.address
        for request in requests
        if request.path.startswith(start) and request.method in ("GET", "HEAD") and request.status == 200
    }


def askers(requests: Iterable[Request], path: str) -> set[str]:
    """The addresses that asked for exactly this path."""
    return {request.address for request in requests if request.path == path}
