"""What a daemon's log says of a start and of a reload: the reason is quoted, and nothing else is
taken for one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.agent import host
from mooring.agent.transaction import unit
from mooring.agent.transaction.steps import Steps, judge_log
from mooring.agent.transaction.unit import STARTING, Unit

OLD, NEW = "100", "200"
PAIR = 'Could not load X509 key pair (cert: "cert.pem", key: "key.pem"): open cert.pem: no such file or directory'
ADDRESS = "invalid IP address: x"


def line(text: str, level: str = "error") -> str:
    """As logrus writes it."""
    return f'time="2026-01-01T00:00:00Z" level={level} msg={json.dumps(text)} '


def start_words(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> str:
    """What is quoted of a start, the journal being `entries` (process, text); process 1 is systemd,
    which begins it."""
    lines = [
        json.dumps({"_PID": pid, "MESSAGE": text, **({"MESSAGE_ID": STARTING} if pid == "1" else {})})
        for pid, text in entries
    ]
    monkeypatch.setattr(unit.host, "run", lambda *_, **__: SimpleNamespace(rc=0, out="\n".join(lines), err=""))
    journal: Any = {}
    steps = Steps(journal, None, Unit("docker"), None, 0)
    words: str = steps.first_words("cursor", (int(OLD), 1))
    return words


# Asked of 1.13.1, 7d71120: it prints some reasons bare, without a level, and others at level fatal.
@pytest.mark.parametrize("reason", [PAIR, ADDRESS, f"Error starting daemon: {ADDRESS}"])
@pytest.mark.parametrize("is_bare", [True, False])
def test_the_reason_of_a_start_is_the_new_process_own(
    monkeypatch: pytest.MonkeyPatch, reason: str, is_bare: bool
) -> None:
    answer = reason if is_bare else line(reason, "fatal")
    words = start_words(
        monkeypatch,
        (OLD, line("error unmounting /var/lib/docker: device busy")),
        ("1", "Starting Docker Application Container Engine..."),
        (OLD, line("failed to shut down container 1")),
        (NEW, line("libcontainerd: new containerd process, pid: 201", "info")),
        (NEW, answer),
        ("1", "Failed to start Docker Application Container Engine."),
    )
    assert reason in words.replace('\\"', '"')
    assert "unmounting" not in words
    assert "shut down container" not in words
    assert "libcontainerd" not in words


def test_without_systemds_word_the_old_process_is_known_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    words = start_words(monkeypatch, (OLD, line("cannot end well")), (NEW, ADDRESS))
    assert words == f"; it said: {ADDRESS}"


# Asked of 1.13.1, 7d71120, by SIGHUP.
@pytest.mark.parametrize(
    "text",
    [
        ADDRESS,
        "open /etc/docker/daemon.json: no such file or directory",
        PAIR,
        'Could not load X509 key pair (cert: "c.pem", key: "k.pem"): tls: private key does not match public key',
        "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are unknown",
        "Error reconfiguring the daemon: invalid cluster configuration",
    ],
)
def test_what_a_reload_refuses(text: str) -> None:
    refused, is_reloaded = judge_log([line("Got signal to reload configuration", "info"), line(text)])
    assert refused == [line(text)]
    assert not is_reloaded


@pytest.mark.parametrize(
    "text",
    [
        "Handler for GET /v1.26/containers/x/json returned error: No such container: x",
        "Error trying v2 registry: Get https://r.example.com/v2/: dial tcp: connection refused",
        "Attempting next endpoint for pull after error: manifest unknown",
        "attach: stdout: write unix /var/run/docker.sock->@: broken pipe",
    ],
)
def test_what_else_it_complains_of_meanwhile_refuses_nothing(text: str) -> None:
    assert judge_log([line(text)]) == ([], False)
    assert judge_log([line(ADDRESS, "warning")]) == ([], False)


def test_a_journal_that_cannot_be_read_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise host.Failed("journalctl is not there")

    monkeypatch.setattr(unit.host, "run", fail)
    journal: Any = {}
    assert Steps(journal, None, Unit("docker"), None, 0).first_words("cursor", None) == ""
