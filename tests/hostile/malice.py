"""What a host makes of its agent's words: each hook gives the bytes that go to the control machine instead."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mooring.agent import wire

if TYPE_CHECKING:
    from tests.hostile.host import Asked

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

    def want(self, asked: Asked) -> Iterable[bytes]:
        """The wish for the content of a request."""
        return [wire.pack(wire.JSON, asked.number, {"want": "content"})]

    def reply(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        """A request's reply."""
        return [answer(asked, reply)]


def answer(asked: Asked, reply: Any) -> bytes:
    """The frame of a reply."""
    return wire.pack(wire.JSON, asked.number, {"reply": reply})


@dataclass
class Edit(Malice):
    """Changes the replies of a module ("": of all) by a function of the request and the reply."""

    change: Callable[[Asked, Reply], Any]
    module: str = ""

    def reply(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        if self.module not in ("", asked.module):
            return super().reply(asked, reply)
        return [answer(asked, self.change(asked, copy.deepcopy(reply)))]


def add(values: Mapping[str, Any], module: str = "") -> Edit:
    """Puts these keys into the replies."""
    return Edit(lambda asked, reply: {**reply, **values}, module)


def add_facts(facts: Mapping[str, Any], module: str = "setup") -> Edit:
    """Puts these facts into the replies."""
    return Edit(lambda asked, reply: {**reply, "ansible_facts": {**reply.get("ansible_facts", {}), **facts}}, module)


@dataclass
class Say(Malice):
    """Says these pieces in place of a module's replies ("": of all)."""

    pieces: Callable[[Asked, Reply], Iterable[bytes]]
    module: str = ""

    def reply(self, asked: Asked, reply: Reply) -> Iterable[bytes]:
        return self.pieces(asked, reply) if self.module in ("", asked.module) else super().reply(asked, reply)


@dataclass
class Begin(Malice):
    """Begins otherwise: a banner, and pieces in place of the hello."""

    first: Callable[[], Iterable[bytes]] = field(default=lambda: ())
    greeting: Callable[[dict[str, Any]], Iterable[bytes]] | None = None

    def banner(self) -> Iterable[bytes]:
        return self.first()

    def hello(self, hello: dict[str, Any]) -> Iterable[bytes]:
        return super().hello(hello) if self.greeting is None else self.greeting(hello)
