"""A host under verification that answers nothing is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.errors import ConnectionLost, HostUnreachable, OutOfTime
from mooring.verification.member import Member


class Host:
    """Answers every request with one error, and counts them."""

    def __init__(self, error: HostUnreachable) -> None:
        self.error, self.calls = error, 0

    def send(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls += 1
        raise self.error

    def member(self) -> Member:
        return Member("web1", {}, self.send, lambda host, port: pytest.fail("no tunnel is needed"))


def test_a_host_that_let_the_time_pass_is_not_asked_again() -> None:
    host = Host(OutOfTime("the host did not answer within 300 seconds"))
    member = host.member()
    for look in (lambda: member.run("true"), lambda: member.call("stat", path="/"), lambda: member.run_line("id")):
        with pytest.raises(HostUnreachable, match="did not answer within 300 seconds"):
            look()
    assert host.calls == 1


def test_a_lost_connection_is_made_anew() -> None:
    host = Host(ConnectionLost("reset by peer"))
    member = host.member()
    for _ in range(2):
        with pytest.raises(HostUnreachable, match="reset by peer"):
            member.run("true")
    assert host.calls == 2
