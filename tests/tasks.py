"""Invoke tasks of those who work on Mooring itself."""

from __future__ import annotations

from invoke import Context, task


@task(
    help={
        "unit": "only the tests without the lab",
        "long": "also the long ones: hundreds of drawn cases per engine and of hostile hosts, the lab's big fleet",
    }
)
def test(context: Context, unit: bool = False, long: bool = False) -> None:
    """Run the checks and all tests; the lab's tests boot the lab, and real engines judge drawn configurations."""
    python = ".venv/bin/python -m"
    if unit:
        context.run(f"{python} pytest -q -n auto --dist loadfile")
        return
    check(context)
    if long:
        context.run(f"{python} pytest -q -n auto tests/hostile --long")
    context.run(f"{python} pytest tests/lab tests/differential" + (" --long" if long else ""))


@task
def check(context: Context) -> None:
    """Lint, types, and the unit tests with their coverage."""
    for command in (
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "coverage erase",
        "coverage run -m pytest -q -n auto --dist loadfile",
        "coverage combine -q",
        "coverage report",
    ):
        context.run(f".venv/bin/{command}")
