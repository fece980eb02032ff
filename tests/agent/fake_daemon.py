"""A daemon for the transaction's tests: an API on a Unix socket, daemon.json read at
start and at SIGHUP.

Run as `fake_daemon.py FOLDER`. It refuses to start with bad JSON, with a key `unknown`, and hangs
where `hang` is true; at a reload it logs the refusal and goes on as it was. A container's start
changes with a restart without live-restore.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])
CONFIG, LOG, CONTAINERS = FOLDER / "daemon.json", FOLDER / "log", FOLDER / "containers.json"


def log(level: str, text: str) -> None:
    with LOG.open("a") as stream:
        stream.write(f'{os.getpid()} time="2026-01-01" level={level} msg="{text}"\n')


def read_config() -> dict[str, Any]:
    """What daemon.json says; ValueError where the daemon would refuse it."""
    config: dict[str, Any] = json.loads(CONFIG.read_text()) if CONFIG.exists() else {}
    if "unknown" in config:
        raise ValueError("the following directives don't match any configuration option: unknown")
    return config


class Daemon:
    """The settings in effect, and the containers."""

    def __init__(self) -> None:
        self.config = read_config()
        while self.config.get("hang"):
            time.sleep(0.1)
        live = json.loads(CONTAINERS.read_text()) if CONTAINERS.exists() else {}
        if live and not live["kept"]:
            live["started"] += 1
        self.started = live["started"] if live else 1
        self.keep()

    def keep(self) -> None:
        CONTAINERS.write_text(json.dumps({"started": self.started, "kept": bool(self.config.get("live-restore"))}))

    def reload(self, *_: object) -> None:
        try:
            self.config = {**self.config, **read_config()}
        except ValueError as error:
            log("error", f"unable to configure the Docker daemon with file {CONFIG}: {error}")
            return
        self.keep()
        log("info", "Reloaded configuration: ...")

    def info(self) -> dict[str, Any]:
        entries = self.config.get("insecure-registries", [])
        return {
            "LiveRestoreEnabled": bool(self.config.get("live-restore")),
            "RegistryConfig": {
                "Mirrors": [f"{mirror}/" for mirror in self.config.get("registry-mirrors", [])],
                "IndexConfigs": {name: {"Secure": False} for name in entries if "/" not in name},
                "InsecureRegistryCIDRs": ["127.0.0.0/8", *(name for name in entries if "/" in name)],
            },
        }

    def answer(self, path: str) -> Any:
        path = re.sub(r"^/v[0-9.]+", "", path)
        if path == "/version":
            return {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10"}
        if path == "/info":
            return self.info()
        if path == "/containers/json":
            return [{"Id": "c0ffee"}]
        started = f"start {self.started}"
        return {"Id": "c0ffee", "Name": "/kept", "State": {"StartedAt": started, "Running": True, "ExitCode": 0}}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        data = json.dumps(self.server.daemon.answer(self.path)).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    try:
        daemon = Daemon()
    except ValueError as error:
        log("fatal", f"unable to configure the Docker daemon with file {CONFIG}: {error}")
        sys.exit(1)
    address = FOLDER / "docker.sock"
    address.unlink(missing_ok=True)
    with socketserver.UnixStreamServer(str(address), Handler) as server:
        server.daemon = daemon  # type: ignore[attr-defined]
        signal.signal(signal.SIGHUP, daemon.reload)
        (FOLDER / "ready").write_text("ready\n")
        server.serve_forever(poll_interval=0.02)


if __name__ == "__main__":
    main()
