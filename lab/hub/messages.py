"""What the parts of the hub are asked and what they answer: plain values, without the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.client import HTTPResponse
from typing import Any
from urllib.parse import parse_qs

JSON = ("Content-Type", "application/json")
VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")
TOO_MANY = (
    "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
    "You have reached your pull rate limit. You may increase the limit by upgrading: "
    "https://www.docker.com/increase-rate-limit",
)
"""Docker Hub's words over the limit: without an account, and with one."""


@dataclass(frozen=True)
class Request:
    """One request.

    `host` is the Host header in lower case, `target` the path with its query, `client` the address
    that it came from.
    """

    method: str
    host: str
    target: str
    headers: Message
    client: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """{parameter: its values}."""
        return parse_qs(self.target.partition("?")[2])

    def first(self, name: str) -> str:
        """The first value of the query's parameter NAME, or ""."""
        return self.query.get(name, [""])[0]

    @property
    def credentials(self) -> tuple[str, str]:
        """Scheme (in lower case) and value of the Authorization header; two empty
        texts without one."""
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return scheme.lower(), value.strip()


@dataclass
class Answer:
    """One answer: its body, or the backend's response from which `size` bytes of body are read.

    `account`, `counted` (whether it took something of the limit) and `remaining` are for the log.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    stream: HTTPResponse | None = None
    size: int = 0
    account: str = ""
    counted: bool = False
    remaining: int | None = None

    def __post_init__(self) -> None:
        if self.stream is None:
            self.size = len(self.body)


def answer_json(status: int, value: Any, *headers: tuple[str, str]) -> Answer:
    """VALUE as the body."""
    return Answer(status, [JSON, *headers], json.dumps(value, separators=(",", ":")).encode() + b"\n")


def refuse(status: int, code: str, message: str, detail: Any = None, *headers: tuple[str, str]) -> Answer:
    """An error as registries tell it; DETAIL is left out where it is None."""
    error = {"code": code, "message": message} | ({} if detail is None else {"detail": detail})
    return answer_json(status, {"errors": [error]}, VERSION, *headers)
