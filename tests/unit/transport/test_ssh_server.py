"""The tests' own SSH server: a command that is done at once is no failure of the client's."""

from __future__ import annotations

import contextlib
import threading

import paramiko
import pytest

from tests.support.ssh_server import Rules, SshServer


def test_a_command_that_ends_at_once_was_taken_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that it is taken is held up until the command had its chance to end first."""
    ended = threading.Event()
    begins = paramiko.Channel._handle_request

    def run(channel: paramiko.Channel, _: bytes) -> None:
        with contextlib.suppress(OSError, EOFError):  # the client may be gone by then
            channel.send_exit_status(7)
            channel.close()
        ended.set()

    def handle(self: paramiko.Channel, message: paramiko.Message) -> None:
        answer = self.transport.server_object.check_channel_exec_request if self.transport.server_mode else None
        if answer is not None:
            self.transport.server_object.check_channel_exec_request = lambda *args: (answer(*args), ended.wait(1))[0]
        begins(self, message)

    monkeypatch.setattr(paramiko.Channel, "_handle_request", handle)
    server = SshServer(Rules(password="p", run=run), (paramiko.ECDSAKey.generate(),))
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect("127.0.0.1", server.port, "tester", "p", look_for_keys=False, allow_agent=False)
        assert client.exec_command("true")[1].channel.recv_exit_status() == 7
    finally:
        client.close()
        server.close()
