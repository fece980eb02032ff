"""`./invoke` without a task, its help and version, and what a mistyped word is told: the program as
it really runs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mooring import __version__
from mooring.cli.completion import BASH
from tests.support.program import CHECKOUT, call

TASKS = ("provision-clients", "provision-server", "status", "verify", "explain", "doctor", "play", "lab.up")


@pytest.mark.parametrize("words", [(), ("--list",)])
def test_the_tasks_with_a_line_each(words: tuple[str, ...]) -> None:
    ran = call(*words)
    assert (ran.returncode, ran.stderr) == (0, "")
    usage, _, *rows, _, last = ran.stdout.splitlines()
    assert (usage, last) == ("Usage: ./invoke TASK [OPTIONS]", "A task's options: ./invoke --help TASK")
    summaries = {row.split()[0]: row.split(None, 1)[1] for row in rows}
    assert set(TASKS) <= set(summaries)
    assert "list-tasks" not in summaries
    assert all(len(row) < 80 and text.endswith(".") for row, text in zip(rows, summaries.values(), strict=True))


def test_plain_invoke_lists_them_too() -> None:
    """In a project of one's own there is nothing else: a default task answers."""
    argv = [str(Path(sys.executable).with_name("invoke"))]
    ran = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[0] == "Usage: invoke TASK [OPTIONS]"
    assert ran.stdout.splitlines()[2:-2] == call().stdout.splitlines()[2:-2]


def test_the_version_is_moorings() -> None:
    ran = call("--version")
    assert (ran.returncode, ran.stdout) == (0, f"Mooring {__version__}\n")
    assert (
        f'version = "{__version__}"' in (CHECKOUT / "pyproject.toml").read_text()
        or "dynamic" in (CHECKOUT / "pyproject.toml").read_text()
    )


def test_help_shows_only_what_means_something() -> None:
    shown = call("--help").stdout
    assert "--version" in shown
    assert "provision-clients" in shown
    assert not any(option in shown for option in ("--dry", "--echo", "--pty", "--command-timeout", "--no-dedupe"))


def test_a_tasks_help() -> None:
    for words in (("--help", "play"), ("play", "--help"), ("play", "-h")):
        ran = call(*words)
        assert ran.returncode == 0
        first, _, second, *_ = ran.stdout.splitlines()
        assert (first, second) == ("Usage: ./invoke play PLAYBOOK [OPTIONS]", "Run any playbook.")
        assert "change nothing, predict what would change" in ran.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("provision-clients --chek", 'provision-clients has no option "--chek": did you mean --check?'),
        ("provision-clients --limt=web1", 'provision-clients has no option "--limt": did you mean --limit or --list?'),
        ("provision-clients --dry-run", 'provision-clients has no option "--dry-run": did you mean --check?'),
        ("provision-clients --dry", 'provision-clients has no option "--dry": did you mean --check?'),
        ("status --chek", 'status has no option "--chek" (./invoke --help status lists them)'),
        ("play --chek site.yml", 'play has no option "--chek": did you mean --check?'),
        ("explain --jsno web1 image", 'explain has no option "--jsno": did you mean --json?'),
        ("explain web1 --jsno", 'explain has no option "--jsno": did you mean --json?'),
        ("status -Z", 'status has no option "-Z" (./invoke --help status lists them)'),
        ("--check status", '"--check" stands behind the task that it is for: ./invoke TASK --check'),
        ("--verson", 'there is no option "--verson": did you mean --version?'),
        ("--xyz", 'there is no option "--xyz" (./invoke --help lists them)'),
        ("provision", 'there is no task "provision": did you mean provision-clients or provision-server?'),
        (
            "provison-clients",
            'there is no task "provison-clients": did you mean provision-clients or deprovision-clients?',
        ),
        ("--help verfy", 'there is no task "verfy": did you mean verify?'),
        ("qqq", 'there is no task "qqq" (./invoke lists them)'),
        ("--list nowhere", 'there is no task in a group "nowhere"'),
        ("status web1", 'status takes no "web1", and there is no task of that name (./invoke --help status)'),
        ("status --limit", "--limit needs a value"),
        ("explain", "explain needs HOST and IMAGE (./invoke --help explain)"),
        ("explain web1", "explain needs IMAGE (./invoke --help explain)"),
        ("--print-completion-script csh", 'there is completion for bash and zsh, not for "csh"'),
        ("'a\x1b[5nb\nPLAY RECAP'", 'there is no task "ab\\nPLAY RECAP" (./invoke lists them)'),
    ],
)
def test_a_wrong_command_line_is_one_line_with_a_suggestion(words: str, message: str) -> None:
    ran = call(*shlex.split(words))
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", f"{message}\n")


def test_a_reader_that_has_enough_and_a_closed_output() -> None:
    for end in ("| true", ">&-", ">/dev/full"):
        script = f"set -o pipefail; {shlex.quote(sys.executable)} -m mooring.cli {end}"
        ran = subprocess.run(["bash", "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert "Traceback" not in ran.stderr


def test_where_no_tasks_are_moorings_own_are_taken(tmp_path: Path) -> None:
    ran = call(folder=tmp_path)
    assert "  verify " in ran.stdout
    assert "lab.up" not in ran.stdout
    assert "nowhere" in call("--collection", "nowhere", "status", folder=tmp_path).stderr


# --- completion ---


def offered(*words: str) -> list[str]:
    ran = call("--complete", "--", *words)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


def test_what_completion_offers() -> None:
    assert set(TASKS) <= set(offered(""))
    assert "list-tasks" not in offered("")
    assert offered("status", "") == offered("")
    assert {"--limit", "--check", "--diff"} <= set(offered("provision-clients", "--"))
    assert "--check" not in offered("status", "--c")
    assert {"-C", "--check"} <= set(offered("play", "site.yml", "-"))
    assert "--version" in offered("--")


@pytest.mark.parametrize("words", ["play|", "play|si", "status|-i|", "status|--inventory|inv", "verify|--junit|=|a"])
def test_files_are_offered_where_a_value_is_due(words: str) -> None:
    assert offered(*words.split("|")) == []


@pytest.mark.parametrize("typed", ["./invoke", "{checkout}/invoke", "~/invoke", "invoke"])
def test_bash_completes_the_word_that_was_typed(typed: str, tmp_path: Path) -> None:
    """A real bash, asked as it asks itself; the script is printed by the program."""
    script = call("--print-completion-script", "bash").stdout
    assert script == BASH
    (tmp_path / "bin").mkdir()
    (tmp_path / "invoke").write_text(
        f'#!/bin/sh\ncd {shlex.quote(str(CHECKOUT))} && exec {shlex.quote(sys.executable)} -m mooring.cli "$@"\n'
    )
    (tmp_path / "invoke").chmod(0o755)
    (tmp_path / "bin" / "invoke").symlink_to(tmp_path / "invoke")
    word = typed.format(checkout=tmp_path)
    ask = f"""{script}
    complete -p ./invoke invoke mooring
    COMP_WORDS=({shlex.quote(word)} provision-clients --ch); COMP_CWORD=2
    _mooring_tasks {shlex.quote(word)} --ch provision-clients; echo "${{COMPREPLY[@]}}"
    COMP_WORDS=({shlex.quote(word)} ver); COMP_CWORD=1
    _mooring_tasks {shlex.quote(word)} ver {shlex.quote(word)}; echo "${{COMPREPLY[@]}}"
    COMP_WORDS=({shlex.quote(word)} play ''); COMP_CWORD=2
    _mooring_tasks {shlex.quote(word)} '' play; echo "<${{COMPREPLY[@]}}>"
    """
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "-c", ask], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        *(f"complete -o default -F _mooring_tasks {name}" for name in ("./invoke", "invoke", "mooring")),
        "--check",
        "verify",
        "<>",
    ]
