"""Why a container ended: the line of its log that says so, and who has a port."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from mooring.agent import docker_crash, port_holders

STACK = "".join(f"main.f{n}(0x0)\n\t/go/src/main.go:{n} +0x1d\n" for n in range(40))
LOGS = [
    (
        'time="2026" level=info msg="starting"\npanic: StorageDriver not registered: nosuch\n\n'
        f"goroutine 1 [running]:\n{STACK}",
        "panic: StorageDriver not registered: nosuch",
    ),
    (
        "configuration error: error parsing /etc/docker/registry/config.yml: yaml: line 3\nUsage: \n"
        "  registry serve <config> [flags]\nFlags:\n  -h, --help=false: help for serve\n",
        "configuration error: error parsing /etc/docker/registry/config.yml: yaml: line 3",
    ),
    (
        'time="2026" level=warning msg="No HTTP secret provided - error later"\n'
        'time="2026" level=error msg="response completed with error" code="manifest unknown"\n'
        'time="2026" level=fatal msg="listen tcp 192.0.2.1:5000: bind: cannot \\"assign\\" address" go.version=go1\n',
        'listen tcp 192.0.2.1:5000: bind: cannot "assign" address',
    ),
    (
        "/docker-entrypoint.sh: info: can not modify default.conf (read-only file system?)\n"
        "2026/11/28 04:00:00 [notice] 1#1: using epoll\n"
        "2026/11/28 04:00:00 [emerg] 1#1: open() failed (2: No such file or directory)\nmore\n",
        "2026/11/28 04:00:00 [emerg] 1#1: open() failed (2: No such file or directory)",
    ),
    ("begin\nfatal: cannot read:\n  /etc/x: permission denied\nbye\n", "fatal: cannot read: /etc/x: permission denied"),
    ("Traceback (most recent call last):\n  File x\nValueError: y\n", "ValueError: y"),
    ("one\ncould not open it\nerror: late\ntwo\n", "could not open it"),
    ("it broke\n", "it broke"),
    ('time="2026" level=info msg="x"\n192.0.2.1 - - [x] "GET /v2/ HTTP/1.1" 200 2 "" "mooring"\n', ""),
    ("", ""),
]


@pytest.mark.parametrize(("log", "cause"), LOGS)
def test_the_cause_is_the_first_line_that_says_so(log: str, cause: str) -> None:
    assert docker_crash.first_error(log) == cause


def test_a_long_run_that_was_ended_has_no_cause_in_old_errors() -> None:
    log = 'time="2026" level=error msg="response completed with error"\nsomething failed\nbye\n'
    assert docker_crash.first_error(log, is_short=False) == ""
    assert docker_crash.first_error(f"{log}panic: late\n\n{STACK}", is_short=False) == "panic: late"


def test_a_line_without_end_is_cut() -> None:
    assert len(docker_crash.first_error("error " + "x" * 1000000)) < 700


class Engine:
    """An engine in which a container publishes port 80."""

    def get(self, path: str) -> Any:
        assert path == "/containers/json"
        return [{"Id": "w", "Names": ["/web"], "Ports": [{"PublicPort": 80}, {"PrivatePort": 1}]}]


TAKEN = [
    "driver failed programming external connectivity on endpoint r (0ab): Error starting userland proxy: listen tcp4 "
    "0.0.0.0:{0}: bind: address already in use",
    "driver failed programming external connectivity on endpoint r (0ab): Bind for 0.0.0.0:{0} failed: port is already "
    "allocated",
    "failed to set up container networking: driver failed programming external connectivity on endpoint r (0ab): "
    "failed to bind host port for 0.0.0.0:{0}:172.18.0.2:8080/tcp: address already in use",
    "failed to bind host port 0.0.0.0:{0}/tcp: address already in use",
    "listen tcp6 [::1]:{0}: bind: address already in use",
]


@pytest.mark.parametrize("message", TAKEN)
def test_whose_a_port_is(message: str) -> None:
    explanation = docker_crash.explain_start(Engine(), f"Docker says: {message.format(80)}", "own")
    assert explanation == "port 80 of the host is taken by container web"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        explanation = docker_crash.explain_start(Engine(), message.format(port))
    name = Path("/proc/self/comm").read_text().strip()
    assert explanation == f"port {port} of the host is taken by {name} (process {os.getpid()})"


def test_another_refusal_stays_as_it_is() -> None:
    assert docker_crash.explain_start(Engine(), "Docker says: no such network") == "Docker says: no such network"
    assert (
        docker_crash.explain_start(Engine(), "listen tcp :80: permission denied") == "listen tcp :80: permission denied"
    )


def test_a_port_that_nobody_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert port_holders.find(port) == ""
    assert port_holders.find(port, "/none") == ""
