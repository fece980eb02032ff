"""What a module's file declares is read from its text, and is what Python makes of it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from mooring.errors import ArgumentError
from mooring.playbook import arguments
from mooring.playbook.declarations import Declarations

NAMES = ("ARGS", "RULES", "FREE_FORM", "OPEN", "FACTS", "READ_ONLY", "INCLUDES", "SILENT", "MEETS")
FOLDERS = {"mooring.actions": ("actions",), "mooring.agent.modules": ("agent", "modules")}
DECLARED = [
    (package, path)
    for package, folder in FOLDERS.items()
    for path in sorted(arguments.PACKAGE.joinpath(*folder).glob("*.py"))
    if "\nARGS" in path.read_text()
]


@pytest.mark.parametrize(("package", "path"), DECLARED, ids=lambda value: getattr(value, "stem", ""))
def test_what_is_read_of_a_file_is_what_python_makes_of_it(package: str, path: Path) -> None:
    module, declared = importlib.import_module(f"{package}.{path.stem}"), Declarations(path)
    for name in NAMES:
        assert declared.get(name) == getattr(module, name, None), name
    assert list(declared.get("ARGS")) == list(module.ARGS)


def test_reading_the_arguments_of_everything_imports_none_of_it() -> None:
    script = """
import sys
from mooring.playbook import arguments
for name in arguments.known_names():
    arguments.find(("community.docker." if name.startswith("docker_") else "") + name, None)
print([name for name in sys.modules if name.startswith(("mooring.actions", "mooring.agent.modules", "paramiko"))])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A = {'x': 1}", {"x": 1}),
        ("A: dict[str, int] = {'x': -1}", {"x": -1}),
        ("B = 'y'\nA = {'x': B, **{'z': [B, (B,)]}}", {"x": "y", "z": ["y", ("y",)]}),
        ("B, A = 1, 2", 2),
        ("B = {'x': 1}\nA = dict(B, y=2, **{'z': 3})\nA.update(B)\nA.update({'x': 4})", {"x": 4, "y": 2, "z": 3}),
        ("from mooring.agent import docker\nA = docker.ENGINE_ARGS['timeout']", {"type": "int", "default": 60}),
        ("from mooring.agent.docker import ENGINE_ARGS as B\nA = B['timeout']['default']", 60),
    ],
)
def test_what_a_declaration_may_be_made_of(tmp_path: Path, text: str, value: object) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    assert Declarations(path).get("A") == value


@pytest.mark.parametrize("text", ["{'x': open('y')}", "[x for x in ()]", "UNKNOWN", "1 + len('x')"])
def test_what_would_have_to_run_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(f"\nA = {text}\n")
    with pytest.raises(ArgumentError, match=r"module\.py:2:\d+: a declaration must be a literal"):
        Declarations(path).get("A")
