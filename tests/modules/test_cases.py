"""Runs every data case tests/modules/NAME/*.yml against module NAME through the
agent's own request path.

Here on this interpreter, case by case; then all of them at once on every other
interpreter that is found.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import case_driver
import case_tree
import pytest
import yaml
from pythons import interpreters

from mooring.agent import host, loop
from mooring.playbook import arguments

HERE = Path(__file__).parent


def load_cases() -> list[tuple[str, str, dict[str, Any]]]:
    """Every case as (module, file's stem, case)."""
    cases = []
    for path in sorted(HERE.glob("*/*.yml")):
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in loaded if isinstance(loaded, list) else [loaded]:
            unknown = set(case) - case_driver.KEYS
            assert not unknown, f"{path}: unknown keys {sorted(unknown)}"
            cases.append((path.parent.name, path.stem, case))
    return cases


def prepare(module: str, case: dict[str, Any], root: str) -> dict[str, Any]:
    """The case with its placeholders filled and its arguments as the control
    machine would send them."""
    if "answers" in case or case.get("port"):
        case = with_port(case)
    case = case_driver.fill(case, root)
    loaded = importlib.import_module(f"mooring.agent.modules.{module}")
    signature = arguments.Signature(module, loaded.ARGS, getattr(loaded, "RULES", {}))
    case["args"] = arguments.normalize(signature, case.get("args") or {}, None)
    return case


def with_port(case: dict[str, Any]) -> dict[str, Any]:
    """The case with a free port for {port}, and a certificate and {ca} when its server speaks
    TLS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    filled = json.loads(json.dumps(case).replace("{port}", str(port)).replace("{ca}", f"{certificate()}/cert.pem"))
    filled["port"] = port
    if case.get("tls"):
        filled["tls"] = {"cert": f"{certificate()}/cert.pem", "key": f"{certificate()}/key.pem"}
    return filled  # type: ignore[no-any-return]


@functools.cache
def certificate() -> str:
    """A directory with a self-signed certificate for localhost, made once."""
    folder = tempfile.mkdtemp(prefix="mooring-cases-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    order = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        [*order.split(), "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True
    )
    return folder


CASES = load_cases()


@pytest.mark.parametrize(
    ("module", "case"),
    [pytest.param(module, case, id=f"{module}/{stem}: {case['name']}") for module, stem, case in CASES],
)
def test_case(module: str, case: dict[str, Any], tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    case = prepare(module, case, root)
    case_tree.build(root, case.get("before") or {})
    case_driver.play(loop, host, module, case, root)


@pytest.mark.parametrize("version", sorted(interpreters()))
def test_cases_on_another_interpreter(version: str, tmp_path: Path) -> None:
    """The same cases under LANG=C, where interpreters differ most about names."""
    root = str(tmp_path / "root")
    cases = [[module, prepare(module, case, root)] for module, _, case in CASES]
    ran = subprocess.run(
        [interpreters()[version], "-B", str(HERE / "case_driver.py")],
        input=json.dumps({"root": root, "cases": cases}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONPATH": str(HERE.parent.parent), "PATH": os.environ["PATH"], "LC_ALL": "C"},
    )
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert not answer["failures"], "\n".join(answer["failures"])
    assert answer["played"] == len(cases)


def test_tree_sees_content_mode_and_links(tmp_path: Path) -> None:
    """The runner's own eye: whatever a module could write changes the picture of the tree."""
    case_tree.build(str(tmp_path), {"a": "x", "b": {"link": "a"}, "c/d": {"content": "y", "mode": "0600"}})
    first = case_tree.tree(str(tmp_path))
    os.chmod(tmp_path / "a", 0o600)
    assert case_tree.tree(str(tmp_path)) != first
