"""`--log-file` and `-q`: what is kept as text, what is left out on the screen; the program as it
really runs."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mooring.cli.options import Request
from mooring.errors import UsageError
from mooring.records.verification import Summary
from mooring.reporters import streams
from mooring.reporters.log_file import LogFile
from mooring.reporters.verification import make_report
from tests.support.program import call, uncovered

TASKS = r"""
- hosts: all
  gather_facts: false
  tasks:
  - name: Say
    debug: {msg: "a\e[31mred\nPLAY RECAP"}
  - name: Change
    shell: echo hidden-$((40 + 2))
    no_log: true
  - name: Ignore
    command: "false"
    ignore_errors: true
  - name: Fail
    fail: {msg: "two\nlines"}
    when: is_bad is defined
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site.yml").write_text(TASKS)
    (tmp_path / "inventory.yml").write_text("all: {hosts: {web1: {ansible_connection: local}}}\n")
    return tmp_path


def play(folder: Path, words: str, **names: str) -> subprocess.CompletedProcess[str]:
    return call("play", "site.yml", *shlex.split(words), folder=folder, **names)


def test_the_log_has_what_the_screen_shows(folder: Path) -> None:
    log = folder / "run.log"
    ran = play(folder, "--log-file run.log")
    first, *rest = log.read_text().splitlines()
    assert first.startswith("--- 2")
    assert first.endswith(" play")
    assert rest == ran.stdout.splitlines()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600

    failed = play(folder, "--log-file run.log -e is_bad=1")
    assert failed.returncode == 2
    assert log.read_text().count("--- 2") == 2
    assert log.read_text().endswith(failed.stdout)


def test_the_log_has_no_escapes_no_secrets_and_no_lines_of_hosts_own(folder: Path) -> None:
    ran = play(folder, "-v --diff --log-file run.log", FORCE_COLOR="1", TTY_COMPATIBLE="1")
    assert "\x1b[" in ran.stdout
    text = (folder / "run.log").read_text()
    assert "\x1b" not in text
    assert "hidden-42" not in text
    assert "    PLAY RECAP\n" in text
    assert text.count("\nPLAY RECAP") == 1


def test_warnings_and_the_last_word_are_logged_too(folder: Path) -> None:
    ran = play(folder, "--log-file run.log -i nowhere.yml")
    assert ran.returncode == 1
    assert (folder / "run.log").read_text().splitlines()[1:] == ran.stderr.splitlines()


def test_the_log_beside_json_is_text(folder: Path) -> None:
    ran = play(folder, "--json --log-file run.log")
    assert ran.stdout.startswith("{")
    assert "\nPLAY [all] ***" in (folder / "run.log").read_text()
    assert "{" not in (folder / "run.log").read_text()


def test_lists_and_looks_are_logged(folder: Path) -> None:
    ran = play(folder, "--list-tasks --log-file run.log")
    assert (folder / "run.log").read_text().endswith(ran.stdout)


@pytest.mark.parametrize("path", ["/dev/null", "/", "/nowhere/x.log", "pipe", "a\x00b"])
def test_a_log_that_cannot_be(path: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    os.mkfifo("pipe")
    with pytest.raises(UsageError, match="--log-file"):
        LogFile(path)


def test_a_full_disk_costs_the_log_and_not_the_run(folder: Path) -> None:
    """A file may grow to one block of 512 bytes, which the header fits in."""
    argv = f"ulimit -f 0; exec {shlex.quote(sys.executable)} -m mooring.cli play site.yml --log-file run.log"
    environment = {**uncovered(), "PYTHONPATH": str(Path(__file__).parents[2])}
    script = f"trap '' XFSZ; touch run.log; {argv}"
    ran = subprocess.run(["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
    assert ran.stderr == "WARNING: --log-file run.log: File too large; nothing more is written to it\n"
    assert "web1                       : ok=3" in ran.stdout


# --- quiet ---


def test_quiet_is_one_line_where_all_is_well(folder: Path) -> None:
    ran = play(folder, "-q --log-file run.log")
    (line,) = ran.stdout.splitlines()
    assert line.startswith("web1                       : ok=3    changed=2 ")
    assert ran.stderr == ""
    assert "TASK [Say]" in (folder / "run.log").read_text()


def test_quiet_shows_failures_and_warnings(folder: Path) -> None:
    ran = play(folder, "-q -e is_bad=1 --limit web1,nobody")
    assert "nobody" in ran.stdout + ran.stderr
    assert "TASK [Fail]" in ran.stdout
    assert "failed: [web1] => two\n    lines\n" in ran.stdout
    assert not any(word in ran.stdout for word in ("Say", "Change", "Ignore", "PLAY [all]"))


@pytest.mark.parametrize("other", ["-v", "--json"])
def test_quiet_contradicts(other: str, folder: Path) -> None:
    ran = play(folder, f"-q {other}")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("--quiet does not go with --")


def test_a_quiet_verification_is_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary()
    summary.hosts = ("web1",)
    report = make_report(False, Request(quiet=True).verbosity)
    report.show_step("connecting")
    report.show_summary(summary)
    report.close()
    assert capsys.readouterr().out == f"{summary.verdict()}\n"


def test_a_verifications_log_has_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary()
    summary.hosts = ("web1",)
    report = make_report(True, 0, log=LogFile(str(tmp_path / "v.log")).stream)
    report.show_summary(summary)
    report.close()
    assert capsys.readouterr().out.startswith("{")
    assert summary.verdict() in (tmp_path / "v.log").read_text()
    assert "web1" in (tmp_path / "v.log").read_text()


def test_a_warning_beside_json_is_logged_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard error has it, and all of that goes to the log."""
    log = LogFile(str(tmp_path / "v.log"))
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr(streams, "_logs", [])
    streams.add_log(log.stream)
    report = make_report(True, 0, log=log.stream)
    report.show_warning("web1 is slow")
    report.show_summary(Summary())
    report.close()
    assert capsys.readouterr().err == "WARNING: web1 is slow\n"
    assert (tmp_path / "v.log").read_text().count("web1 is slow") == 1
