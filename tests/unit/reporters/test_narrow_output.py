"""Tables, findings and remedies at several widths, and piped: names whole, words whole,
commands on one line."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console as Terminal

from mooring.invocation import invocation
from mooring.records.diagnosis import Diagnosis, Finding, Verdict
from mooring.records.fleet import Row
from mooring.records.verification import Check, RouteResult, Summary
from mooring.reporters import columns, diagnosis, fleet_table, verification
from mooring.reporters.live import Activity, StatusLine
from mooring.reporters.remedies import is_command, split_remedy
from mooring.reporters.screen import Screen
from mooring.results import Progress

WIDTHS = (40, 80, 120, 0)
HOSTS = ("client-debian", "client-with-a-long-name.rack-7", "db1")
COMMAND = invocation("provision-clients --limit client-with-a-long-name.rack-7")
ROWS = [
    Row(host, "docker", "20.10.24", "TLS unverified, http", "mirror http://registry.example.com", drift, do=do)
    for host, drift, do in zip(HOSTS, ("none", "not provisioned", "unreachable"), ("", COMMAND, "see why"), strict=True)
]
URLS = [f"https://registry-{number}.example.com" for number in range(6)]


class Stream(io.StringIO):
    """A terminal of so many columns; a pipe for 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def isatty(self) -> bool:
        return self.width > 0


@pytest.fixture(params=WIDTHS, ids=lambda width: str(width or "piped"))
def stream(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setenv("COLUMNS", str(request.param or 20))
    monkeypatch.setenv("TERM", "xterm")
    return Stream(request.param)


def plain(stream: Stream) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def test_a_host_keeps_its_name_and_words_are_whole(stream: Stream) -> None:
    fleet_table.write_rows(ROWS, stream)
    text = plain(stream)
    for host in HOSTS:
        assert re.search(rf"^{re.escape(host)}(\s|$)", text, re.MULTILINE), text
    assert "…" not in text
    words = {"unverified,", "http://registry.example.com", "provisioned", "20.10.24"}
    assert words <= set(text.split())


def test_no_line_but_a_command_is_wider_than_the_terminal(stream: Stream) -> None:
    fleet_table.write_rows(ROWS, stream)
    wide = [line for line in plain(stream).splitlines() if len(line) > stream.width and not is_command(line.strip())]
    assert not wide or not stream.width


def test_a_command_stands_on_a_line_of_its_own(stream: Stream) -> None:
    fleet_table.write_rows(ROWS, stream)
    assert COMMAND in [line.strip() for line in plain(stream).splitlines()]
    stream.seek(stream.truncate(0))
    Screen(stream).write_remedy(f"see `docker logs`, or run `{COMMAND}`, which reloads it", "    ")
    assert [line.strip() for line in plain(stream).splitlines() if "limit" in line] == [COMMAND]


def test_one_line_for_each_host_off_a_terminal() -> None:
    stream = Stream(0)
    fleet_table.write_rows(ROWS, stream)
    head, *rows = plain(stream).splitlines()[:4]
    assert head.split() == ["host", "engine", "registry", "Docker", "Hub", "drift"]
    assert [row.split()[0] for row in rows] == list(HOSTS)


def test_long_findings_wrap_between_words(stream: Stream) -> None:
    finding = Finding("nginx-v1", Verdict.BREAKS, "; ".join(f"/v1/ is open at {url}" for url in URLS), "close it")
    diagnosis.write_text([Diagnosis("server", (finding,))], stream)
    assert set(URLS) <= {word.rstrip(";") for word in plain(stream).split()}


def test_the_tables_of_verify_wrap_between_words_too(stream: Stream) -> None:
    names = ("full name registry.example.com", "full name docker.registry.example.com", "short name", "mirror")
    routes = {host: {name: RouteResult("ref", "sha256:1", "192.0.2.9", None) for name in names} for host in HOSTS}
    summary = Summary(hosts=HOSTS, checks=[Check(host, "It is up", "passed") for host in HOSTS], routes=routes)
    verification.ScreenReport(stream, 0).show_summary(summary)
    text = plain(stream)
    assert not stream.width or all(len(line) <= stream.width for line in text.splitlines())
    assert len(re.findall(rf"^{re.escape(HOSTS[1])}(?=\s|$)", text, re.MULTILINE)) == 2
    assert {"registry.example.com", "docker.registry.example.com"} <= {word.rstrip(":") for word in text.split()}
    if not stream.width:
        assert f"{HOSTS[1]}  ok      1       0       0\n" in text


@pytest.mark.parametrize(("width", "widths"), [(40, [5, 30]), (36, [5, 20]), (27, [5, 20]), (26, [])])
def test_a_column_is_no_wider_than_its_wrapped_lines(width: int, widths: list[int]) -> None:
    rows = [["host", "full name registry.example.com"], ["host1", "ok"]]
    assert columns.fit(rows, width, wraps=True) == widths


@pytest.mark.parametrize(
    ("remedy", "lines"),
    [
        ("close it", [("remedy: close it", False)]),
        ("run `./invoke a b`", [("remedy:", False), ("./invoke a b", True)]),
        ("see `x`, or run `invoke a`", [("remedy: see `x`, or run:", False), ("invoke a", True)]),
        ("run `/opt/m/invoke a`, or mend it", [("remedy:", False), ("/opt/m/invoke a", True), ("or mend it", False)]),
        ("run `invoke a`; `invoke b`", [("remedy:", False), ("invoke a", True), ("invoke b", True)]),
    ],
)  # fmt: skip
def test_commands_are_taken_out_of_a_remedy(remedy: str, lines: list[tuple[str, bool]]) -> None:
    assert list(split_remedy(remedy, "remedy")) == lines


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("task", ["Pull it", "Load the image that the registry's container is made of"])
def test_the_live_foot_shortens_no_host(width: int, task: str) -> None:
    """Of the hosts that have no room there, as many are counted; beside a bar the
    name is whole as well."""
    now = 0.0
    activity = Activity(lambda: now)
    for number, host in enumerate(HOSTS * 2):
        activity.begin(host if number < len(HOSTS) else f"other-{host}", task)
    now = 75.0
    terminal = Terminal(width=width, force_terminal=True, color_system=None, file=io.StringIO())
    status = StatusLine(Screen(terminal=terminal), activity)
    for name in drawn(status, terminal):
        assert "…" not in name
    words = set(re.findall(r"[\w.-]+", " ".join(drawn(status, terminal))))
    known = {*HOSTS, *(f"other-{host}" for host in HOSTS)}
    assert {word for word in words if "-" in word} <= known
    assert words & known or re.search(r"waiting for 6 hosts", " ".join(drawn(status, terminal)))

    activity.transfer(Progress(HOSTS[1], task, "loading an image of a long name", 50, 100))
    if width >= 40:
        assert any(line.split()[0] == HOSTS[1] for line in drawn(status, terminal))


def drawn(status: StatusLine, terminal: Terminal) -> list[str]:
    """The lines of the foot."""
    with terminal.capture() as capture:
        terminal.print(status.render())
    return [line for line in capture.get().splitlines() if line.strip()]
