"""What Python compiled is kept for the next command, unless the user or the checkout forbids it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The product without anything compiled."""
    folder = tmp_path / "checkout"
    forget = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("mooring", "lab"):
        shutil.copytree(ROOT / name, folder / name, ignore=forget)
    (folder / "tests").mkdir()
    for name in ("tasks.py", "tests/tasks.py", "tests/parts.py", "tests/__init__.py", "pyproject.toml"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    return folder


def list_tasks(checkout: Path, *flags: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`invoke --list`, which loads what every command does."""
    settled = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    environment = {name: value for name, value in os.environ.items() if name not in settled}
    words = [sys.executable, *flags, "-m", "invoke", "--list"]
    return subprocess.run(words, cwd=checkout, env={**environment, **settings}, capture_output=True, text=True)


def compiled(checkout: Path) -> set[str]:
    return {path.name.split(".")[0] for path in (checkout / "mooring" / "cli").glob("__pycache__/*.pyc")}


def expect_list(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert "provision-server" in done.stdout
    assert done.stderr == ""


def test_the_next_command_need_not_compile_again(checkout: Path) -> None:
    expect_list(list_tasks(checkout))
    assert {"options", "finish"} <= compiled(checkout)


@pytest.mark.parametrize(("flags", "settings"), [((), {"PYTHONDONTWRITEBYTECODE": "1"}), (("-B",), {})])
def test_who_wants_none_gets_none(checkout: Path, flags: tuple[str, ...], settings: dict[str, str]) -> None:
    expect_list(list_tasks(checkout, *flags, **settings))
    assert not list(checkout.rglob("*.pyc"))


def test_a_checkout_that_cannot_be_written_is_no_error(checkout: Path) -> None:
    """Where a folder for it cannot be made, for root neither, things go on without."""
    for folder in [path.parent for path in checkout.rglob("*.py")]:
        (folder / "__pycache__").touch()
    expect_list(list_tasks(checkout))
    assert not list(checkout.rglob("*.pyc"))
