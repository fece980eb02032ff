"""The straight way to a server whose sshd forbids tunnels, for whoever looks at it."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.fleet.survey import FleetHost
from mooring.registry.transport import Endpoint
from mooring.templating.foreign import Foreign


class Forbidding:
    """A session to a host that allows no tunnels."""

    def open_tunnel(self, host: str, port: int) -> Any:
        raise PermissionError("tunnels are forbidden")


def test_a_host_sends_no_look_to_an_address_of_its_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def call(address: Any, timeout: float) -> None:
        called.append(address)
        raise OSError("no way")

    monkeypatch.setattr("socket.create_connection", call)
    session: Any = Forbidding()
    variables: Any = {}
    host = FleetHost("server", {}, variables, None, session)
    endpoint = Endpoint(scheme="http", host="registry.example.com", port=80)
    for address, message in (
        ("192.0.2.10", "tunnels are forbidden; and it is not reached from here either: no way"),
        (Foreign("127.0.0.1"), "tunnels are forbidden; and 127.0.0.1 is only the host's own word"),
    ):
        with pytest.raises(OSError, match=message):
            host.open_stream(endpoint, address)
    assert called == [("192.0.2.10", 80)]
