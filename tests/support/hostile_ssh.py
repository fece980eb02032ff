"""SSH servers that do not behave, on loopback: by paramiko where they let one in, by hand where
they do not."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.serving import accept_all


@dataclass
class Relay:
    """Passes bytes between a client and a server until it is `frozen`; then the host is
    silent, but not gone."""

    port_behind: int
    sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                front, _ = self._listener.accept()
                back = socket.create_connection(("127.0.0.1", self.port_behind))
                self.sockets += [front, back]
                for source, other in ((front, back), (back, front)):
                    threading.Thread(target=self._copy, args=(source, other), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._flowing.set()
        for sock in (self._listener, *self.sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class RawServer:
    """Hands every connection's socket to `serve`, which may raise OSError as soon as
    the client is gone."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sent = 0
        accept_all(self._listener, self._run)

    def _run(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            self._serve(sock)

    def close(self) -> None:
        self._listener.close()
