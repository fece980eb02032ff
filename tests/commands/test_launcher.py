"""`./invoke` on machines that lack something: one line says what, and how to get it; programs in
PATH are stand-ins."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.bare_machine import LAUNCHER, PIPS_SCRIPT, Machine, machine
from tests.support.program import uncovered

__all__ = ["machine"]

OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = f"""#!/bin/sh
case "$2" in *ensurepip*) exit 1 ;; esac
exec {shlex.quote(sys.executable)} "$@"
"""
# What a path may say to a shell, to printf, and to grep.
HOSTILE = (
    "$(echo x>pwned)",
    "`echo x>pwned`",
    "a 'b' \"c\"",
    "a;echo x>pwned;",
    "'; echo x>pwned; '",
    "%s%n$HOME \\n",
    "line\nend\n",
    "-a [b* (c",
)
# Stands for every module that the tasks run.
MODULE = "import os, sys\nprint(__spec__.name, *sys.argv[1:], flush=True)\n"


def refusal(ran: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal."""
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = ran.stderr.splitlines()
    return line


def test_no_python_that_is_new_enough(machine: Machine) -> None:
    machine.put("python3", OLD)
    assert refusal(machine.run()).startswith(
        "mooring: Python 3.10 or newer is needed and not found: install it (Debian"
    )


def test_a_named_python_that_is_too_old(machine: Machine) -> None:
    machine.put("python3", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    machine.put("old", OLD)
    assert "is not a Python 3.10 or newer" in refusal(machine.run(MOORING_PYTHON=f"{machine.bin}/old"))


def test_no_venv_module(machine: Machine) -> None:
    machine.put("python3", WITHOUT_VENV)
    assert "python3 lacks the venv module: install it (Debian, as root: apt-get" in refusal(machine.run())


def test_root_without_apt_is_told_the_same(machine: Machine) -> None:
    machine.put("id", "#!/bin/sh\necho 0\n")
    machine.put("python3", WITHOUT_VENV)
    assert "lacks the venv module" in refusal(machine.run())


def test_root_of_debian_installs_and_says_so(machine: Machine) -> None:
    machine.become_root(apt_status=100)
    machine.put("python3", OLD)
    ran = machine.run()
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "mooring: installing python3 python3-venv (apt-get)",
        "mooring: apt-get could not install python3 python3-venv: see its words above, install them, and try again",
    ]
    assert machine.log.read_text() == "apt-get update -qq\n"


def test_an_old_python_in_front_hides_no_newer_one(machine: Machine, tmp_path: Path) -> None:
    machine.put("python3", OLD, tmp_path / "front")
    machine.put("python3", WITHOUT_VENV)
    assert f"{machine.bin}/python3 lacks" in refusal(machine.run(PATH=f"{tmp_path}/front:{machine.bin}"))


def test_what_is_there_already_needs_nothing(machine: Machine) -> None:
    machine.make_venv()
    ran = machine.run("play", "a book.yml", CDPATH="/usr")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"{machine.checkout} mooring.cli play a book.yml\n"


def test_a_checkout_that_was_moved_is_made_anew(machine: Machine) -> None:
    machine.make_venv()
    os.rename(machine.checkout, machine.checkout.with_name("elsewhere"))
    machine.checkout = machine.checkout.with_name("elsewhere")
    assert "Python 3.10 or newer is needed" in refusal(machine.run())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_checkout_whose_path_speaks_to_shells(tmp_path: Path, name: str) -> None:
    machine = Machine(tmp_path, name)
    machine.make_venv()
    for _ in range(2):
        ran = machine.run("play", "a book.yml")
        assert (ran.returncode, ran.stderr) == (0, ""), ran
        assert "mooring.cli play a book.yml\n" in ran.stdout
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize(
    "words",
    [
        "--help check",
        "check --help",
        "test -h",
        "--help=test",
        "--version",
        "",
        "play test",
        "status --limit check",
        "explain test check",
        "--list",
        "--complete -- test --",
        "--print-completion-script bash",
    ],
)
def test_only_tests_and_checks_need_the_development_packages(machine: Machine, words: str) -> None:
    machine.make_venv()
    ran = machine.run(*words.split())
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip() == f"{machine.checkout} mooring.cli {words}".strip()


@pytest.mark.parametrize("words", ["test", "check", "test --unit", "--collection=tasks test"])
def test_tests_and_checks_need_them(machine: Machine, words: str) -> None:
    machine.make_venv()
    (machine.checkout / "requirements-dev.lock").write_text("more\n")
    machine.put("python3", WITHOUT_VENV)
    assert "python3 lacks the venv module" in refusal(machine.run(*words.split()))


def test_completion_makes_no_venv(machine: Machine) -> None:
    ran = machine.run("--complete", "--", "pro")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def put_tasks(checkout: Path) -> None:
    """The tasks of who works on Mooring, and what they import."""
    (checkout / "tests").mkdir()
    shutil.copy(LAUNCHER.parent / "tests" / "tasks.py", checkout / "tasks.py")
    shutil.copy(LAUNCHER.parent / "tests" / "parts.py", checkout / "tests" / "parts.py")


@pytest.mark.parametrize("name", HOSTILE)
def test_the_tasks_of_such_a_checkout(tmp_path: Path, name: str) -> None:
    """`check` and `test` by a real invoke, with stand-ins for what they run."""
    checkout = tmp_path / name
    (checkout / ".venv" / "bin").mkdir(parents=True)
    put_tasks(checkout)
    for module in ("ruff", "mypy", "coverage", "pytest"):
        (checkout / f"{module}.py").write_text(MODULE)
        script = checkout / ".venv" / "bin" / module
        script.write_text(PIPS_SCRIPT.format(python=checkout / ".venv" / "bin" / "python"))
        script.chmod(0o755)
    argv = [sys.executable, "-m", "invoke", "test", "--long"]
    ran = subprocess.run(argv, cwd=checkout, env=uncovered(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
    cores = os.cpu_count() or 1
    spread = f"-n {2 * cores} --dist worksteal"
    measured, others = "tests/unit tests/commands", "tests/modules tests/agent tests/language tests/hostile"
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["ruff check .", "ruff format --check ."]
    assert [line for line in lines if line.startswith("check | ")] == [
        "check | mypy",
        "check | coverage erase",
        f"check | coverage run -m pytest -q {spread} {measured}",
        "check | coverage combine -q",
        "check | coverage report",
        f"check | pytest -q {spread} {others}",
        f"check | pytest -q {spread} {measured} {others} --long",
        f"check | pytest -q -n {cores} --dist loadgroup tests/differential --long",
    ]
    assert [line for line in lines if line.startswith("lab   | ")] == [
        "lab   | pytest -o cache_dir=.pytest_cache/lab tests/lab --long"
    ]
    assert lines[-2:] == ["check: done after 0 min 0 s", "lab: done after 0 min 0 s"]
    assert list(tmp_path.rglob("pwned")) == []


def test_a_task_that_fails_ends_with_its_status(tmp_path: Path) -> None:
    put_tasks(tmp_path)
    (tmp_path / "ruff.py").write_text("raise SystemExit(3)\n")
    argv = [sys.executable, "-m", "invoke", "check"]
    assert subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False).returncode == 3
