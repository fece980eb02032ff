"""Invoke tasks of those who work on Mooring itself."""

from __future__ import annotations

import subprocess
import sys

from invoke import Context, Exit, task


@task(
    help={
        "unit": "only the tests without the lab",
        "long": "also the long ones: hundreds of drawn cases per engine and of hostile hosts, the lab's big fleet",
    }
)
def test(context: Context, unit: bool = False, long: bool = False) -> None:
    """Run the checks and all tests; the lab's tests boot the lab, and real engines judge drawn configurations."""
    if unit:
        run("pytest", "-q", "-n", "auto", "--dist", "loadfile")
        return
    check(context)
    if long:
        run("pytest", "-q", "-n", "auto", "tests/hostile", "--long")
    run("pytest", "tests/lab", "tests/differential", *(["--long"] if long else []))


@task
def check(context: Context) -> None:
    """Lint, types, and the unit tests with their coverage."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("coverage", "erase")
    run("coverage", "run", "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile")
    run("coverage", "combine", "-q")
    run("coverage", "report")


def run(module: str, *words: str) -> None:
    """A program of .venv by its module: neither a shell nor the first line of a script reads the checkout's path."""
    sys.stdout.flush()
    status = subprocess.run([sys.executable, "-m", module, *words], check=False).returncode
    if status:
        raise Exit(code=status if status > 0 else 128 - status)
