"""The hub's program: all of Docker Hub's hosts behind one port, by the Host header, in front of a
real registry.

    python -m lab.hub.gateway --backend http://127.0.0.1:5000 --port 8000

Without names of its own it is http://127.0.0.1:PORT with the tokens at /token, and its blobs are at
another host, http://localhost:PORT. It writes where it listens, one line, to standard error.
"""

from __future__ import annotations

import argparse
import os
import socket
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lab.hub.backend import Backend
from lab.hub.hosts import Hub
from lab.hub.knobs import KnobFile
from lab.hub.log import RequestLog
from lab.hub.registry import Places
from lab.hub.server import Server


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Serves until it is ended."""
    options = _read_options(arguments)
    tls = None
    if options.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.tls_cert, options.tls_key)
    server = Server((options.address, options.port), RequestLog(options.log), KnobFile(options.knobs), tls)
    scheme, port = "https" if tls else "http", server.server_address[1]
    places = Places(
        options.realm or f"{scheme}://127.0.0.1:{port}/token",
        options.service,
        (options.blobs_url or f"{scheme}://localhost:{port}").rstrip("/"),
    )
    server.hub = Hub(Backend(options.backend), places, options.name)
    sys.stderr.write(f"listening on {scheme}://{options.address}:{port}\n")
    sys.stderr.flush()
    notify("READY=1")
    server.serve_forever()
    raise SystemExit


def notify(state: str) -> None:
    """Tells STATE to systemd, where that has started this as a service of `Type=notify`."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if place:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.sendto(state.encode(), "\0" + place[1:] if place.startswith("@") else place)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.hub.gateway", description="A stand-in for Docker Hub.")
    add = parser.add_argument
    add("--backend", required=True, metavar="URL", help="the real registry, http://HOST:PORT")
    add("--address", default="127.0.0.1", help="where to listen (127.0.0.1)")
    add("--port", type=int, default=0, help="0, the default, takes a free one and says which")
    add("--tls-cert", type=Path, metavar="FILE", help="serve HTTPS; PEM with the chain")
    add("--tls-key", type=Path, metavar="FILE", help="the certificate's key, where it is not in the same file")
    add("--realm", metavar="URL", help="the token service, as clients are told it")
    add("--service", default="registry.docker.io", help="the registry's name for the token service")
    add("--blobs-url", metavar="URL", help="where clients are sent for blobs; its host should be another one")
    add("--name", action="append", default=[], metavar="HOST", help="answer as the registry by this name only; repeats")
    add("--knobs", type=Path, metavar="FILE", help="JSON, read at each request; it may be absent")
    add("--log", type=Path, metavar="FILE", help="one JSON line per request (standard output)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
