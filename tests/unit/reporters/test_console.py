"""The reporters: what people, programs and CI see of a run."""

import io
import json
import re

import pytest
from rich.console import Console as Terminal

from mooring.errors import Where
from mooring.records.sizes import format_size
from mooring.reporters.console import Console
from mooring.reporters.json_lines import JsonLines
from mooring.reporters.live import fit_hosts
from mooring.reporters.screen import Screen
from mooring.results import (
    ItemFinished,
    Outcome,
    PlayStarted,
    Progress,
    Recap,
    Result,
    RunFinished,
    Silence,
    TaskFinished,
    TaskStarted,
    Warned,
)
from tests.support.authority import leaf

WHERE = Where("roles/registry/tasks/main.yml", 12, 3)
DIFF = {"before": "a\nb\n", "after": "a\nc\n", "before_header": "/etc/x", "after_header": "/etc/x"}


class Clock:
    """A clock that only the test moves."""

    now = 0.0

    def __call__(self):
        return self.now


def result(outcome=Outcome.OK, host="server", task="Run it", **more):
    more.setdefault("values", {"changed": outcome is Outcome.CHANGED})
    return Result(host, task, outcome, where=WHERE, **more)


def drawn(*events, **options):
    """What the console writes off a terminal."""
    stream = io.StringIO()
    console = Console(stream, **options)
    for event in events:
        console.handle(event)
    console.close()
    return stream.getvalue()


def test_a_play_with_one_changed_host():
    assert (
        drawn(
            PlayStarted("Servers", ("server", "client")),
            TaskStarted("server", "Run it", WHERE),
            TaskStarted("client", "Run it", WHERE),
            TaskFinished(result(Outcome.CHANGED)),
            TaskFinished(result(host="client")),
        )
        == "\n" + "PLAY [Servers] ".ljust(79, "*") + "\n\n" + "TASK [Run it] ".ljust(79, "*") + "\nchanged: [server]\n"
    )


def test_nothing_is_said_of_what_is_as_it_should_be():
    assert (
        drawn(TaskStarted("server", "Run it", WHERE), TaskFinished(result()), TaskFinished(result(Outcome.SKIPPED)))
        == ""
    )


def test_verbose_names_ok_and_skipped_hosts():
    text = drawn(TaskFinished(result()), TaskFinished(result(Outcome.SKIPPED, message="because")), verbose=1)
    assert "ok: [server]\n" in text
    assert "skipped: [server] => because\n" in text


def test_verbose_shows_the_return_values():
    assert "    rc: 0\n" in drawn(TaskFinished(result(values={"rc": 0})), verbose=1)


def test_the_heading_comes_again_when_another_task_was_between():
    first, two = result(Outcome.CHANGED), result(Outcome.CHANGED, task="Other", host="client")
    text = drawn(*(TaskFinished(shown) for shown in (first, first, two, first)))
    assert re.findall(r"TASK \[(\w+ ?\w*)\]", text) == ["Run it", "Other", "Run it"]


def test_handlers_have_a_heading_of_their_own():
    text = drawn(TaskStarted("server", "Run it", WHERE, "handler"), TaskFinished(result(Outcome.CHANGED)))
    assert "RUNNING HANDLER [Run it] ***" in text


def test_a_failure_says_why_what_it_printed_and_where_it_stands():
    output = "".join(f"line {number}\n" for number in range(1, 14))
    text = drawn(
        TaskFinished(result(Outcome.FAILED, message="non-zero return code", values={"rc": 1, "stderr": output}))
    )
    assert text.splitlines()[2:] == [
        "failed: [server] => non-zero return code",
        "    stderr | ... 3 lines before",
        *(f"    stderr | line {number}" for number in range(4, 14)),
        "    at roles/registry/tasks/main.yml:12",
    ]


def test_a_failure_without_a_message_names_the_exit_status():
    assert "failed: [server] => exit status 3\n" in drawn(TaskFinished(result(Outcome.FAILED, values={"rc": 3})))


def test_a_traceback_is_for_those_who_ask():
    crash = result(Outcome.FAILED, message="ValueError: x", traceback="Traceback\n  File\nValueError: x\n")
    assert "(-v shows the traceback)" in drawn(TaskFinished(crash))
    assert "    Traceback\n      File\n" in drawn(TaskFinished(crash), verbose=1)


@pytest.mark.parametrize("outcome", [Outcome.IGNORED, Outcome.RESCUED, Outcome.UNREACHABLE])
def test_trouble_that_the_playbook_deals_with_is_named(outcome):
    assert f"{outcome.value}: [server] => timed out\n" in drawn(TaskFinished(result(outcome, message="timed out")))


def test_loops_have_a_line_per_item_and_none_for_the_whole():
    whole = result(Outcome.CHANGED, values={"results": [{}, {}], "changed": True})
    items = [result(Outcome.CHANGED, item="a"), result(item="b")]
    text = drawn(*(ItemFinished(item) for item in items), TaskFinished(whole))
    assert text.splitlines()[2:] == ["changed: [server] (item=a)"]


def test_a_failed_loop_also_says_where_it_stands():
    bad = result(Outcome.FAILED, item="a", message="no", values={"rc": 1, "stdout": "boo"})
    whole = result(Outcome.FAILED, message="One or more items failed", values={"results": [{}]})
    assert drawn(ItemFinished(bad), TaskFinished(whole)).splitlines()[2:] == [
        "failed: [server] (item=a) => no",
        "    stdout | boo",
        "failed: [server] => One or more items failed",
        "    at roles/registry/tasks/main.yml:12",
    ]


def test_debug_is_shown_though_nothing_changed():
    text = drawn(TaskFinished(result(message="hello\nworld", values={"msg": "hello\nworld", "_shown": True})))
    assert text.splitlines()[2:] == ["ok: [server] => hello", "    world"]


def test_diffs_are_shown_where_asked_for():
    changed = TaskFinished(result(Outcome.CHANGED, diff=(DIFF, {"before": "", "after": "x"})))
    assert drawn(changed, diff=True).splitlines()[3:] == [
        "--- /etc/x", "+++ /etc/x", "@@ -1,2 +1,2 @@", " a", "-b", "+c",
        "--- before", "+++ after", "@@ -0,0 +1 @@", "+x", "\\ No newline at end of file",
    ]  # fmt: skip
    assert "---" not in drawn(changed)


def test_no_log_hides_everything():
    secret = result(
        Outcome.FAILED, message="s3cret", values={"rc": 1, "stdout": "s3cret"},
        diff=({"before": "", "after": "s3cret"},),
        item="s3cret", no_log=True, traceback="s3cret",
    )  # fmt: skip
    stream = io.StringIO()
    text = drawn(ItemFinished(secret), TaskFinished(secret), verbose=1, diff=True)
    JsonLines(stream).handle(TaskFinished(secret))
    JsonLines(stream).handle(ItemFinished(secret))
    assert "s3cret" not in text + stream.getvalue()
    assert "output hidden: no_log" in text
    assert "output hidden: no_log" in stream.getvalue()


def test_warnings_are_said_once():
    text = drawn(Warned("old engine", "server"), Warned("old engine", "server"), Warned("general"))
    assert text == "[WARNING]: [server] old engine\n[WARNING]: general\n"


def test_the_recap_has_ansibles_shape():
    recap = Recap()
    for outcome in (Outcome.OK, Outcome.CHANGED, Outcome.IGNORED, Outcome.SKIPPED):
        recap.count(result(outcome))
    lines = drawn(RunFinished(recap, 0)).splitlines()
    assert lines[1] == "PLAY RECAP " + "*" * 68
    assert lines[2] == (
        "server                     : ok=3    changed=1    unreachable=0    "
        "failed=0    skipped=1    rescued=0    ignored=1"
    )


def test_an_interrupted_run_says_so_before_the_recap():
    text = drawn(RunFinished(Recap(), 130, interrupted=True))
    assert text.index("interrupted: ") < text.index("PLAY RECAP")


def test_commands_for_the_terminal_are_taken_out_of_what_hosts_send():
    text = drawn(TaskFinished(result(Outcome.FAILED, message="\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 \udce4")))
    assert "failed: [server] => red bell\\x07 \\udce4\n" in text


def test_progress_off_a_terminal_is_a_line_at_every_quarter():
    clock = Clock()
    stream = io.StringIO()
    console = Console(stream, clock=clock)
    for second in range(9):
        clock.now = second
        console.handle(Progress("server", "Load", "loading nginx.tar", second * 1000000, 8000000))
    assert stream.getvalue().splitlines() == [
        f"[server] loading nginx.tar: {percent} % ({amount}.0 MB of 8.0 MB)"
        for percent, amount in ((25, 2), (50, 4), (75, 6), (100, 8))
    ]


def test_progress_without_a_total_is_a_line_every_ten_seconds():
    clock = Clock()
    stream = io.StringIO()
    console = Console(stream, clock=clock)
    for second in range(0, 21, 2):
        clock.now = second
        console.handle(Progress("server", "Load", "pulling", second * 1000))
    assert stream.getvalue() == "[server] pulling: 10.0 kB\n[server] pulling: 20.0 kB\n"


def on_a_terminal(clock, **options):
    stream = io.StringIO()
    terminal = Terminal(
        file=stream, force_terminal=True, width=100, highlight=False, color_system="standard", **options
    )
    return Console(stream, clock=clock, screen=Screen(stream, terminal=terminal), diff=True), stream


def test_on_a_terminal_the_foot_names_silent_hosts_first():
    clock = Clock()
    console, _ = on_a_terminal(clock)
    for host in ("slow", "silent"):
        console.handle(TaskStarted(host, "Load it", WHERE))
        clock.now += 1
    clock.now = 60
    console.handle(Silence("silent", 30.0))
    clock.now = 70
    foot = fit_hosts(console.activity.slow_hosts(), 100)
    assert foot == "waiting for silent 69 s (Load it; no answer for 40 s), slow 70 s (Load it)"
    console.handle(Silence("silent", 0.0))
    assert "no answer" not in fit_hosts(console.activity.slow_hosts(), 100)
    console.handle(Silence("unknown", 30.0))
    console.close()


def test_on_a_terminal_the_foot_names_slow_hosts_and_draws_bars():
    clock = Clock()
    console, stream = on_a_terminal(clock)
    console.handle(TaskStarted("server", "Load it", WHERE))
    clock.now = 12
    console.handle(TaskStarted("client", "Quick one", WHERE))
    console.handle(Progress("server", "Load it", "loading nginx.tar", 50, 100))
    console.status.live.refresh()
    foot = stream.getvalue()
    assert "waiting for server 12 s (Load it)" in foot
    assert "client" not in foot
    assert "loading nginx.tar" in foot
    assert "50 % (50 B of 100 B)" in foot
    assert "━" in foot
    console.handle(TaskFinished(result(Outcome.CHANGED, diff=(DIFF,))))
    assert "\x1b[33mchanged: [server]" in stream.getvalue()
    assert "\x1b[31m-b" in stream.getvalue()
    console.close()
    console.close()
    assert stream.getvalue().rfind("\x1b[?25h") > stream.getvalue().rfind("\x1b[?25l"), "the cursor is back"


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console, stream = on_a_terminal(Clock())
    console.handle(TaskFinished(result(Outcome.CHANGED)))
    console.close()
    assert "\x1b[33m" not in stream.getvalue()
    assert "changed: [server]" in stream.getvalue()


def test_json_lines_are_one_object_per_event_and_the_recap_last():
    stream = io.StringIO()
    reporter = JsonLines(stream)
    recap = Recap()
    recap.count(result(Outcome.CHANGED))
    events = [
        PlayStarted("Servers", ("server",), True),
        TaskStarted("server", "Run it", WHERE),
        Progress("server", "Run it", "loading", 1, 2),
        Warned("careful", "server"),
        ItemFinished(result(item="a")),
        TaskFinished(
            result(Outcome.CHANGED, message="m", values={"changed": True, "x": {1}}, diff=(DIFF,), seconds=1.23456)
        ),
        RunFinished(recap, 0, interrupted=True),
    ]
    for event in events:
        reporter.handle(event)
    reporter.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        "play_started", "task_started", "progress", "warned", "item_finished", "task_finished", "interrupted", "recap",
    ]  # fmt: skip
    assert lines[5] == {
        "event": "task_finished", "host": "server", "task": "Run it", "outcome": "changed", "changed": True,
        "message": "m",
        "values": {"changed": True, "x": "{1}"}, "diff": [DIFF], "seconds": 1.235,
        "path": "roles/registry/tasks/main.yml", "line": 12, "column": 3,
    }  # fmt: skip
    assert lines[-1] == {
        "event": "recap",
        "hosts": {
            "server": {"ok": 1, "changed": 1, "unreachable": 0, "failed": 0, "skipped": 0, "rescued": 0, "ignored": 0}
        },
        "exit_status": 0,
    }


@pytest.mark.parametrize(("number", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2 * 10**9, "2.0 GB")])
def test_sizes(number, text):
    assert format_size(number) == text


def recap_of(count: int, *odd: str) -> list[str]:
    """The recap's lines of so many equal hosts, and of odd ones that failed."""
    recap = Recap()
    for number in range(count):
        recap.count(result(Outcome.CHANGED, host=f"web{number:03}"))
    for host in odd:
        recap.count(result(Outcome.FAILED, host=host))
    return drawn(RunFinished(recap, 0)).partition("PLAY RECAP")[2].splitlines()[1:]


def test_the_recap_of_many_equal_hosts_is_one_line() -> None:
    row = " : ok=1    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0"
    assert recap_of(30) == [f"{'all 30 hosts':<26}{row}"]
    some = recap_of(30, "db1", "db2")
    assert [line.split(" :")[0].strip() for line in some] == ["db1", "db2", "30 hosts"]
    assert len(recap_of(5)) == 5
    assert len(recap_of(0, *map(str, range(20)))) == 20


def test_verbose_shows_values_as_a_person_reads_them() -> None:
    values = {
        "changed": True, "rc": 0, "stdout": "one\ntwo", "stdout_lines": ["one", "two"], "stderr": "", "empty": None,
        "ansible_facts": {f"ansible_fact{number}": "x" * 400 for number in range(30)}, "path": "/etc/" + "y" * 5000,
        "names": ["a", "b"],
    }  # fmt: skip
    text = drawn(TaskFinished(result(values=values)), verbose=1)
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    assert lines[1:5] == ['    names: ["a", "b"]', lines[2], "    rc: 0", "    stdout:"]
    assert lines[0].startswith("    ansible_facts: 30 (ansible_fact0, ")
    assert lines[2].startswith("    path: /etc/yyy")
    assert lines[5:] == ["      one", "      two"]
    assert max(map(len, lines)) < 240


def test_a_certificate_in_a_diff_is_what_it_says() -> None:
    old, new = leaf(None), leaf(None, "registry.example.com", "new.example.com")
    part = {"before": f"# mine\n{old.pem}", "after": f"# mine\n{new.pem}", "before_header": "a", "after_header": "b"}
    text = drawn(TaskFinished(result(Outcome.CHANGED, diff=(part,))), diff=True)
    assert "BEGIN CERTIFICATE" not in text
    assert "-  names: registry.example.com\n" in text
    assert "+  names: registry.example.com, new.example.com\n" in text
    assert " certificate of CN=server\n" in text
    assert "  valid until: " in text
    broken = {**part, "after": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}
    assert "+AAAA\n" in drawn(TaskFinished(result(Outcome.CHANGED, diff=(broken,))), diff=True)
