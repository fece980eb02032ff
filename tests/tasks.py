"""Invoke tasks of those who work on Mooring itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

from invoke import Context, Exit, task

# Over all cores, test by test: the dearest tests stand in a few files.
SPREAD = ("-n", "auto", "--dist", "worksteal")


@task(
    help={
        "unit": "only tests/unit, in about a minute, without the checks",
        "long": "also the long ones: hundreds of drawn cases per engine and of hostile hosts, the lab's big fleet",
    }
)
def test(context: Context, unit: bool = False, long: bool = False) -> None:
    """Run the checks and all tests.

    The lab's tests boot the lab, and real engines judge drawn configurations.
    """
    if unit:
        run("pytest", "-q", *SPREAD, "tests/unit", *(["--long"] if long else []))
        return
    check(context)
    if long:
        run("pytest", "-q", *SPREAD, "tests/unit", "tests/hostile", "--long")
    run("pytest", "tests/lab", "tests/differential", *(["--long"] if long else []))


@task
def check(context: Context) -> None:
    """Lint, types, and the tests without the lab; coverage."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("coverage", "erase")
    run("coverage", "run", "-m", "pytest", "-q", *SPREAD)
    run("coverage", "combine", "-q")
    run("coverage", "report")


def run(module: str, *words: str) -> None:
    """A program of .venv by its module: neither a shell nor the first line of a script reads the checkout's path."""
    if find_spec(module) is None:
        raise Exit(f"{module} is missing: `./invoke check` installs it, where it is the first task on the line", 1)
    sys.stdout.flush()
    status = subprocess.run([sys.executable, "-m", module, *words], check=False).returncode
    if status:
        raise Exit(code=status if status > 0 else 128 - status)
