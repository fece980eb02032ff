"""Whatever text a host sends: no reporter lets it command the terminal, hide itself, or pass for
our own words."""

from __future__ import annotations

import getpass
import io
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from invoke import Exit

from mooring.cli.finish import finish
from mooring.cli.options import ask_password
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Texts
from mooring.engines.explanation import BootExplanation, build, record
from mooring.engines.origin import Origin
from mooring.errors import AgentError, ConnectionLost, Where
from mooring.records.diagnosis import Diagnosis, Finding, Verdict
from mooring.records.explanation import Difference, Fault
from mooring.records.fleet import Row
from mooring.records.listing import ListedPlay, ListedTask
from mooring.records.route import Endpoint, Route
from mooring.records.verification import Check, RouteResult, Summary
from mooring.reporters import diagnosis, explanation, fleet_table, listing, verification
from mooring.reporters.console import Console
from mooring.reporters.json_lines import JsonLines
from mooring.reporters.screen import Screen, write_json
from mooring.results import (
    ItemFinished,
    Outcome,
    PlayStarted,
    Progress,
    Recap,
    Remainder,
    Result,
    RunFinished,
    TaskFinished,
    TaskStarted,
    Warned,
)
from mooring.verification.findings import Finding as CheckFinding
from tests.support.hostile_text import MARK, OWN_COMMANDS, problems, texts

DRAWN = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(DRAWN, max_examples=3000)
RUN_WORDS = (
    r" |PLAY \[|PLAY RECAP \*|TASK \[|RUNNING HANDLER \["
    r"|(ok|changed|skipped|failed|unreachable|rescued|ignored): \[web1\]"
    r"|\[WARNING\]: |\[web1\] |--- |\+\+\+ |@@ |[-+\\]|web1 |skipping: no hosts|interrupted: |did not get through: "
    r"|to go on with them: |waiting for |web1 +FORGED"
)


def rounds(test: Any) -> Any:
    """A few rounds by default, many with --long."""
    few, lots = (setting(given(text=texts())(test)) for setting in (DRAWN, LONG))

    @pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.long)])
    def run(many: bool) -> None:
        (lots if many else few)()

    run.__doc__ = test.__doc__
    return run


def events(text: str) -> list[Any]:
    """Every kind of event, with a host's text in every place that one can reach."""
    where = Where("roles/x/tasks/main.yml", 3, 5)
    events: list[Any] = [PlayStarted("Servers", ("web1",))]
    for number, outcome in enumerate(Outcome):
        task = f"Task {number} {text}"
        diff = ({"before": text, "after": text[::-1], "before_header": text, "after_header": text},
                {"before": "", "after": text, "header": text})  # fmt: skip
        values = {
            "rc": 1,
            "stdout": text,
            "stderr": f"{text}\n{text}",
            "changed": True,
            "skip_reason": text,
            "_shown": 1,
        }
        result = Result(
            "web1", task, outcome, {**values, text: [text]}, message=text, diff=diff, traceback=text, where=where
        )
        events += [
            TaskStarted("web1", task, where, "handler" if number % 2 else "task"),
            Progress("web1", task, f"loading {text}", 5, 10),
            Progress("web1", task, text, 11, 0),
            Warned(text, "web1"),
            Warned(f"{text} {number}"),
            ItemFinished(replace(result, item=text)),
            TaskFinished(result),
        ]
    recap = Recap()
    recap.add_host("web1")
    return [*events, RunFinished(recap, 2, interrupted=True, remainder=Remainder(("web1",), ".mooring/x", text))]


class Clock:
    """A clock on which much time passes at every look."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 30
        return self.now


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@rounds
def test_a_run_off_a_terminal(text: str) -> None:
    for verbose in (0, 1):
        stream = io.StringIO()
        console = Console(stream, verbose=verbose, diff=True, clock=Clock())
        for event in events(text):
            console.handle(event)
        console.close()
        assert not problems(stream.getvalue(), begins=RUN_WORDS)
        assert stream.getvalue().count("\nPLAY RECAP ") == 1


@rounds
def test_a_run_on_a_terminal(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "60")
        stream = Tty()
        console = Console(stream, verbose=1, diff=True, clock=Clock())
        for event in events(text):
            console.handle(event)
            if console.status:
                console.status.live.refresh()
        console.close()
    assert console.status
    assert not problems(stream.getvalue(), is_terminal=True)


@rounds
def test_a_run_for_programs_is_a_document_a_line_and_ascii(text: str) -> None:
    stream = io.StringIO()
    reporter = JsonLines(stream)
    for event in events(text):
        reporter.handle(event)
    lines = stream.getvalue().split("\n")[:-1]
    assert not problems(stream.getvalue(), begins=r'\{"event": ')
    assert stream.getvalue().isascii()
    assert [json.loads(line)["event"] for line in lines].count("recap") == 1


def checks(text: str) -> Summary:
    finding = CheckFinding(text, text, text)
    checks = [Check("web1", text, outcome, finding) for outcome in ("failed", "passed", "skipped")]
    cell = RouteResult(text, text, text, finding)
    summary = Summary(("web1",), checks, {"web1": {text: cell, "mirror": cell}}, {"web2": text}, [text], [text])
    summary.is_interrupted = True
    return summary


@rounds
def test_a_verification(text: str) -> None:
    for stream, is_terminal in ((io.StringIO(), False), (Tty(), True)):
        report = verification.ScreenReport(stream, verbose=True)
        report.show_step(text)
        for check in checks(text).checks:
            report.show_check(check)
        report.show_summary(checks(text))
        words = r" |(failed|passed|skipped) +web1: |unreachable web2: |error: |host +status|web1 |pulls by"
        words += "|interrupted: |left behind, |INTERRUPTED: "
        assert not problems(stream.getvalue(), is_terminal, "" if is_terminal else words)
    stream = io.StringIO()
    report = verification.JsonReport(stream)
    report.show_summary(checks(text))
    assert not problems(stream.getvalue(), begins=r" |\{|\}")


@rounds
def test_a_diagnosis(text: str) -> None:
    facts = {"engine": text, "kind": "docker", "settings": {text: [{"value": text, "file": text, "line": 3}]}}
    rows = [
        Diagnosis("web1", tuple(Finding(text, verdict, text, text, (text,)) for verdict in Verdict), facts, text),
        Diagnosis("web2", trouble=text, is_unreachable=True),
    ]
    for stream, is_terminal in ((io.StringIO(), False), (Tty(), True)):
        diagnosis.write_text(rows, stream, verbosity=1)
        words = "" if is_terminal else r" |web1|web2|2 hosts: "
        assert not problems(stream.getvalue(), is_terminal, words)
    stream = io.StringIO()
    write_json({"hosts": [row.as_dict() for row in rows]}, stream)
    assert not problems(stream.getvalue(), begins=r" |\{|\}")


@rounds
def test_an_explanation(text: str) -> None:
    endpoint = Endpoint(text, text, text, "verified", text, text, next_on=text)
    conflicts = tuple(Conflict(text, severity, text, (Origin(text, 3),)) for severity in Severity)
    plain = build("web1", "busybox:1", Texts(unit="", files={}, certificates={}, argv=(), info={}, version="20.10.5"))
    effective = replace(plain.effective, engine=SimpleNamespace(__str__=lambda: text))
    boot = SimpleNamespace(reasons=(text,), starts=False, effective=plain.effective)
    hostile_explanation = replace(
        plain, effective=effective, now=Route((endpoint, endpoint), text, (text,)), later=Route((), text, (text,)),
        conflicts=conflicts, differences=(Difference(text, (text,), (text,)),),
        boot=BootExplanation(boot, Route((endpoint,)), conflicts),  # type: ignore[arg-type]
    )  # fmt: skip
    own = r" |docker pull |after the daemon's|at the next boot|the daemon will|"
    own += r"(stops the daemon|ends pulls|useless|surprising)  "
    for stream, is_terminal in ((io.StringIO(), False), (Tty(), True)):
        explanation.write_text(record(hostile_explanation), stream)
        words = "" if is_terminal else own
        assert not problems(stream.getvalue(), is_terminal, words)


@rounds
def test_the_fleets_table(text: str) -> None:
    rows = [
        Row("web1", text, text, text, text, text, do=text, notes=(text, text)),
        Row("web2", "-", "-", "-", "-", "unreachable", do="see", notes=(text,)),
    ]
    for stream, is_terminal in ((io.StringIO(), False), (Tty(), True)):
        fleet_table.write_rows(rows, stream)
        assert not problems(stream.getvalue(), is_terminal, r" |host|web1|web2|─")
    stream = io.StringIO()
    write_json({"hosts": [text]}, stream)
    assert not problems(stream.getvalue(), begins=r" |\{|\}")


@rounds
def test_listings(text: str) -> None:
    play = ListedPlay(text, text, (text,), (ListedTask(text, (text,), Where(text, 3)),))
    stream = io.StringIO()
    listing.write_hosts([play], stream)
    listing.write_tasks([play], stream)
    assert not problems(stream.getvalue(), begins=" |play #1 ")


@rounds
def test_plain_lines_are_those_that_are_drawn(text: str) -> None:
    for kind in (io.StringIO, Tty):
        drawn, plain = kind(), kind()
        Screen(drawn).write_pieces(f"    {text}")
        Screen(plain).write_lines([f"    {text}"])
        assert plain.getvalue() == drawn.getvalue()


@pytest.mark.parametrize("kind", [io.StringIO, Tty])
def test_a_listing_of_a_large_fleet_is_not_drawn_line_by_line(
    kind: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, stream = list[str](), kind()
    draw = Screen._draw
    monkeypatch.setattr(Screen, "_draw", lambda self, line: (drawn.append(line.plain), draw(self, line))[1])
    listing.write_hosts([ListedPlay("all", "x", tuple(f"web{n}" for n in range(2000)))], stream)
    assert stream.getvalue().splitlines()[-1] == "    web1999"
    assert len(drawn) == 2


@rounds
def test_what_ends_a_command(text: str) -> None:
    """invoke prints the message as it is."""
    for error in (AgentError("the agent did not start", "start", text), ConnectionLost(f"no banner: {text}")):
        with pytest.raises(Exit) as ended:
            finish(lambda error=error: (_ for _ in ()).throw(error))
        assert not problems(ended.value.message, begins=" |the agent did|no banner: ")


@rounds
def test_a_traceback_for_those_who_ask(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stream = io.StringIO()
        patch.setattr("sys.stderr", stream)
        with pytest.raises(Exit):
            finish(lambda: (_ for _ in ()).throw(ConnectionLost(f"no banner: {text}")), debug=True)
    assert "Traceback" in stream.getvalue()
    assert not problems(stream.getvalue())


@rounds
def test_a_question_for_a_password(text: str) -> None:
    questions: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", Tty())
        patch.setattr(getpass, "getpass", lambda prompt: questions.append(prompt) or "x")
        ask_password(f"Passphrase of {text}")
    assert not problems(questions[0], begins="Passphrase of ")
    assert "\n" not in questions[0]


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_terminals_own_wrapping_begins_no_line_with_a_hosts_text(width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", str(width))
        for filled in range(width):
            stream = Tty()
            result = Result("web1", "T", Outcome.FAILED, message="." * filled + MARK * 9)
            Console(stream).handle(TaskFinished(result))
            assert not problems(stream.getvalue(), is_terminal=True)
            lines = OWN_COMMANDS.sub("", stream.getvalue()).split("\n")
            assert all(len(line) <= width or "T" in line for line in lines)


def test_floods_are_cut_and_counted() -> None:
    """A host cannot push everything else off the screen; what was left out is told."""
    lines, wide = "x\n" * 100_000, "y" * 1_000_000
    for text, words in ((lines, "lines left out"), (wide, "characters left out")):
        result = Result("web1", "T", Outcome.FAILED, {"rc": 1}, message=text, diff=({"before": "", "after": text},))
        sizes = []
        for verbose in (0, 1):
            stream = io.StringIO()
            console = Console(stream, diff=True, verbose=verbose)
            console.handle(TaskFinished(result))
            sizes.append(len(stream.getvalue()))
            assert words in stream.getvalue()
        assert sizes[0] < 100_000
        assert sizes[0] < sizes[1] < 1_000_000


def test_floods_of_warnings_and_items_are_cut_and_counted() -> None:
    stream = io.StringIO()
    console = Console(stream)
    result = Result("web1", "T", Outcome.CHANGED, {"changed": True})
    for number in range(20_000):
        console.handle(Warned(f"warning {number}", "web1"))
        console.handle(ItemFinished(replace(result, item=str(number))))
    console.handle(TaskFinished(replace(result, values={"changed": True, "results": []})))
    console.handle(Warned("of another host", "web2"))
    console.handle(RunFinished(Recap(), 0))
    text = stream.getvalue()
    assert text.count("\n") < 2000
    assert "of another host" in text
    assert text.count("left out") == 2


@pytest.mark.parametrize("times", [1, 400])
def test_floods_of_findings_are_cut_and_counted(times: int) -> None:
    many = [f"{MARK} {number}" for number in range(50 * times)]
    rows = [Row("web1", "-", "-", "-", "-", "would not start", do="see", notes=tuple(many))]
    findings = tuple(Finding("r", Verdict.BREAKS, seen) for seen in many)
    for write in (
        lambda stream: fleet_table.write_rows(rows, stream),
        lambda stream: diagnosis.write_text([Diagnosis("web1", findings)], stream),
        lambda stream: explanation.write_text(
            replace(
                record(build("web1", "busybox:1", Texts("", {}, {}, (), {}, "20.10.5"))),
                faults=tuple(Fault("r", "useless", seen) for seen in many),
            ),
            stream,
        ),
    ):
        stream = io.StringIO()
        write(stream)
        assert stream.getvalue().count("\n") < 1200
        assert ("left out" in stream.getvalue()) == (stream.getvalue().count(MARK) < len(many))


def test_colours_are_left_out_and_everything_else_is_shown() -> None:
    stream = io.StringIO()
    text = "\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 \udce4 a\u202eb \x9b1m \x1bP done\rover"
    Console(stream).handle(TaskFinished(Result("web1", "T", Outcome.FAILED, message=text)))
    shown = "failed: [web1] => red bell\\x07 \\udce4 a\\u202eb \\x9b1m \\x1bP done\n    over\n"
    assert shown in stream.getvalue()
