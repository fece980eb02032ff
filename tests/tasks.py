"""Invoke tasks of those who work on Mooring itself."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from invoke import Context, Exit, task

from tests.parts import Part, SideBySide

# Test by test: the dearest tests stand in a few files. Many wait
# for a time limit, a command or an agent, so two share a core.
SPREAD = ("-n", str(2 * (os.cpu_count() or 1)), "--dist", "worksteal")
# What the coverage is of; on the hosts' own Pythons, where
# most of the others run the agent, nothing is measured.
MEASURED = ("tests/unit", "tests/commands")
OTHERS = ("tests/modules", "tests/agent", "tests/language", "tests/hostile")
LINT = (("ruff", "check", "."), ("ruff", "format", "--check", "."))
WITHOUT_LAB = (
    ("mypy",),
    ("coverage", "erase"),
    ("coverage", "run", "-m", "pytest", "-q", *SPREAD, *MEASURED),
    ("coverage", "combine", "-q"),
    ("coverage", "report"),
    ("pytest", "-q", *SPREAD, *OTHERS),
)
# Every engine's daemons start one after the other, so
# that each engine has a worker to itself.
ENGINES = ("pytest", "-q", "-n", str(os.cpu_count() or 1), "--dist", "loadgroup", "tests/differential")
# One story, in the order of its files. What failed last in
# it is remembered apart: the others end at another time.
LAB = ("pytest", "-o", "cache_dir=.pytest_cache/lab", "tests/lab")
BYTECODE = ".pytest_cache/bytecode"


@task(
    help={
        "unit": "only tests/unit, in less than a minute on two cores, without the checks",
        "long": "also the long ones: hundreds of drawn cases per engine and of hostile hosts, the lab's big fleet",
    }
)
def test(context: Context, unit: bool = False, long: bool = False) -> None:
    """Run the checks and all tests.

    The lab's tests boot the lab and wait for its hosts; the other tests run meanwhile, and leave it
    the machine. Real engines judge drawn configurations.
    """
    more = ["--long"] if long else []
    if unit:
        run("pytest", "-q", *SPREAD, "tests/unit", *more)
        return
    for words in LINT:
        run(*words)
    again = [("pytest", "-q", *SPREAD, *MEASURED, *OTHERS, "--long")] if long else []
    parts = [
        Part("check", [program(*words) for words in (*WITHOUT_LAB, *again, (*ENGINES, *more))], niceness=5),
        Part("lab", [program(*LAB, *more)]),
    ]
    sys.stdout.flush()
    end(SideBySide(parts, environment()).run())


@task
def check(context: Context) -> None:
    """Lint, types, and the tests without the lab; coverage."""
    for words in (*LINT, *WITHOUT_LAB):
        run(*words)


def run(*words: str) -> None:
    argv = program(*words)
    sys.stdout.flush()
    end(subprocess.run(argv, env=environment(), check=False).returncode)


def program(module: str, *words: str) -> list[str]:
    """A program of .venv by its module: neither a shell nor the first line of a script reads the
    checkout's path."""
    if find_spec(module) is None:
        raise Exit(f"{module} is missing: `./invoke check` installs it, where it is the first task on the line", 1)
    return [sys.executable, "-m", module, *words]


def environment() -> dict[str, str]:
    """Every worker imports all that is tested: compiled once, it is there for the next one
    and the next time."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": os.path.abspath(BYTECODE), **kept}


def end(status: int) -> None:
    """With the status of what failed, if it did."""
    if status:
        raise Exit(code=status if status > 0 else 128 - status)
