"""Invoke tasks of those who work on Mooring itself."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from invoke import Context, Exit, task

# Test by test: the dearest tests stand in a few files. Many wait
# for a time limit, a command or an agent, so two share a core.
SPREAD = ("-n", str(2 * (os.cpu_count() or 1)), "--dist", "worksteal")
# What the coverage is of; on the hosts' own Pythons, where
# most of the others run the agent, nothing is measured.
MEASURED = ("tests/unit", "tests/commands")
OTHERS = ("tests/modules", "tests/agent", "tests/language", "tests/hostile")
BYTECODE = ".pytest_cache/bytecode"


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
    run("coverage", "run", "-m", "pytest", "-q", *SPREAD, *MEASURED)
    run("coverage", "combine", "-q")
    run("coverage", "report")
    run("pytest", "-q", *SPREAD, *OTHERS)


def run(module: str, *words: str) -> None:
    """A program of .venv by its module: neither a shell nor the first line of a script reads the checkout's path."""
    if find_spec(module) is None:
        raise Exit(f"{module} is missing: `./invoke check` installs it, where it is the first task on the line", 1)
    sys.stdout.flush()
    # Every worker imports all that is tested: compiled
    # once, it is there for the next one and the next time.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {"PYTHONPYCACHEPREFIX": os.path.abspath(BYTECODE), **kept}
    status = subprocess.run([sys.executable, "-m", module, *words], env=environment, check=False).returncode
    if status:
        raise Exit(code=status if status > 0 else 128 - status)
