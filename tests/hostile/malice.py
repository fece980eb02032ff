"""What a host makes of its agent's words: each hook gives the bytes that go to the
control machine instead."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mooring.agent import wire

if TYPE_CHECKING:
    from tests.hostile.host import Request

Reply = dict[str, Any]


class Killed(Exception):
    """The host is gone: its connection breaks off."""


class Malice:
    """None at all: the honest host's. Others override what they do otherwise."""

    def banner(self) -> Iterable[bytes]:
        """What is said before the agent's marker."""
        return ()

    def hello(self, hello: dict[str, Any]) -> Iterable[bytes]:
        """The agent's first frame."""
        return [wire.pack(wire.JSON, 0, {"hello": hello})]

    def want(self, request: Request) -> Iterable[bytes]:
        """The wish for the content of a request."""
        return [wire.pack(wire.JSON, request.number, {"want": "content"})]

    def reply(self, request: Request, reply: Reply) -> Iterable[bytes]:
        """A request's reply."""
        return [answer(request, reply)]


def answer(request: Request, reply: Any) -> bytes:
    """The frame of a reply."""
    return wire.pack(wire.JSON, request.number, {"reply": reply})


@dataclass
class Edit(Malice):
    """Changes the replies of a module ("": of all) by a function of the request and the reply."""

    change: Callable[[Request, Reply], Any]
    module: str = ""

    def reply(self, request: Request, reply: Reply) -> Iterable[bytes]:
        if self.module not in ("", request.module):
            return super().reply(request, reply)
        return [answer(request, self.change(request, copy.deepcopy(reply)))]


def add(values: Mapping[str, Any], module: str = "") -> Edit:
    """Puts these keys into the replies."""
    return Edit(lambda request, reply: {**reply, **values}, module)


def add_facts(facts: Mapping[str, Any], module: str = "setup") -> Edit:
    """Puts these facts into the replies."""
    return Edit(lambda request, reply: {**reply, "ansible_facts": {**reply.get("ansible_facts", {}), **facts}}, module)


@dataclass
class Say(Malice):
    """Says these pieces in place of a module's replies ("": of all)."""

    pieces: Callable[[Request, Reply], Iterable[bytes]]
    module: str = ""

    def reply(self, request: Request, reply: Reply) -> Iterable[bytes]:
        return self.pieces(request, reply) if self.module in ("", request.module) else super().reply(request, reply)


@dataclass
class Begin(Malice):
    """Begins otherwise: a banner, and pieces in place of the hello."""

    first: Callable[[], Iterable[bytes]] = field(default=lambda: ())
    greeting: Callable[[dict[str, Any]], Iterable[bytes]] | None = None

    def banner(self) -> Iterable[bytes]:
        return self.first()

    def hello(self, hello: dict[str, Any]) -> Iterable[bytes]:
        return super().hello(hello) if self.greeting is None else self.greeting(hello)
