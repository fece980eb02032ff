"""A law: what reaches a screen goes through mooring/reporters/screen.py or last_words.py, and is
made visible there."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPORTERS = ROOT / "mooring" / "reporters"
# The agent runs on hosts, and speaks in frames alone; the
# lab and the tests' tasks tell their own words.
FILES = [
    *(path for path in sorted((ROOT / "mooring").rglob("*.py")) if "agent" not in path.relative_to(ROOT).parts),
    ROOT / "tasks.py",
]
WRITERS = {REPORTERS / "screen.py", REPORTERS / "last_words.py", REPORTERS / "streams.py"}
# What writes to a screen: functions by their bare name, and those of modules and rich's classes.
FUNCTIONS = {"print", "pprint", "input", "breakpoint", "getpass", "print_exc", "print_exception"}
METHODS = {"print", "out", "pprint", "getpass", "warn", "basicConfig", "StreamHandler", "print_exc", "print_exception",
           "print_stack", "from_markup", "from_ansi", "render_markup", "render_str", "print_json"}  # fmt: skip
OWNERS = {"traceback", "pprint", "getpass", "warnings", "logging", "rich", "Text", "Console", "builtins", "terminal",
          "console"}  # fmt: skip
ALLOWED = {("screen.py", "terminal", "print"), ("last_words.py", "getpass", "getpass")}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
# Parts of rich that turn text into what a terminal draws.
DRAWING = {"Text", "Console", "print", "get_console", "inspect", "pretty", "markup", "emoji", "logging", "traceback"}
RICH = {"screen.py", "live.py", "columns.py"}


def faults(path: Path, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        place = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            if _writes(path, node.func):
                yield f"{place} calls {ast.unparse(node.func)}"
            yield from (f"{place} switches {word.arg} on" for word in node.keywords if _is_on(word))
        elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "sys" and path not in WRITERS:
            if node.attr in STREAMS | {"excepthook"}:
                yield f"{place} takes sys.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{place} imports {name}" for name in _imported(path, node))


def _writes(path: Path, function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in FUNCTIONS
    if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
        return False
    owner = getattr(function.value, "id", getattr(function.value, "attr", ""))
    return owner in OWNERS and (path.name, owner, function.attr) not in ALLOWED


def _is_on(word: ast.keyword) -> bool:
    return word.arg in ("markup", "emoji", "highlight") and getattr(word.value, "value", True) is not False


def _imported(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    for alias in node.names:
        if module == "sys" and alias.name in STREAMS:
            yield f"sys.{alias.name}"
        if module == "getpass" or (module == "invoke" and alias.name == "Exit" and path.name != "finish.py"):
            yield f"{module}.{alias.name}"
        if module.split(".")[0] == "rich":
            if path.parent != REPORTERS or path.name not in RICH:
                yield module
            elif alias.name in DRAWING and path.name != "screen.py":
                yield f"{module}.{alias.name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_there_is_no_other_way_to_the_screen(path: Path) -> None:
    assert not list(faults(path, ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "text",
    [
        "print(1)",
        "sys.stdout.write(text)",
        "stream = sys.stderr",
        "from sys import stdout",
        "from rich.console import Console",
        "from rich import print",
        "Text.from_markup(text)",
        "traceback.print_exc()",
        "Console(markup=True)",
        "terminal.print(text)",
        "logging.basicConfig()",
        "warnings.warn(text)",
        "input(text)",
        "from getpass import getpass",
        "from invoke import Exit",
    ],
)
def test_the_law_sees_every_other_way(text: str) -> None:
    assert list(faults(ROOT / "mooring" / "fleet" / "status.py", ast.parse(text)))


def test_what_nobody_catches_is_made_visible_too() -> None:
    """Python itself would write the message as it is."""
    for work in ("raise ValueError(text)", "import threading; threading.Thread(target=lambda: int(text)).start()"):
        script = f"from mooring.cli.finish import finish; finish(lambda: None); text = 'a\\x1b[5n\\nPLAY RECAP'; {work}"
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
        assert "PLAY RECAP" in ended.stderr
        assert "\x1b" not in ended.stderr
        assert "\nPLAY RECAP" not in ended.stderr
    script = (
        "import logging; from mooring.cli.finish import finish; finish(lambda: None);"
        "logging.getLogger('paramiko.transport').error('a\\x1b[5n')"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ended.stdout, ended.stderr) == ("", "")
