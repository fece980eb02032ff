"""Our file modules beside ansible-core's: the same situation, the same files afterwards,
the same `changed`.

Ansible's modules are called in this process, which takes milliseconds; those of copy, which begins
on the control side, are played by one ansible-playbook. Each situation has a directory of its own;
ours play in twins.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import importlib
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic

from mooring.agent import host, loop
from mooring.errors import ArgumentError
from mooring.playbook import arguments
from tests.support.once import make_once

sys.path.insert(0, str(Path(__file__).parent.parent / "modules"))
import case_tree

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "oracle_cases.yml").read_text(encoding="utf-8"))
# The argument of the path is not called alike everywhere.
PATH = {"copy": "dest"}


def case_args(case: dict[str, Any], root: str) -> dict[str, Any]:
    args = {
        key: value.replace("{tmp}", root) if isinstance(value, str) else value for key, value in case["args"].items()
    }
    return {PATH.get(case["module"], "path"): f"{root}/{case.get('name', 'f')}", **args}


def picture(root: str) -> dict[str, Any]:
    """Names with kind, mode, owner and content; times and inodes are each one's own."""
    seen = case_tree.tree(root)
    return {
        os.path.relpath(path, root): (*entry[:3], entry[5] and entry[5].replace(root.encode(), b"ROOT"))
        for path, entry in seen.items()
    }


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, Any]]]:
    """(directory, results) of the one run of ansible-core over all situations."""
    folder, results = make_once(tmp_path_factory, "ansible", perform)
    return str(folder), results


def perform(folder: Path) -> list[dict[str, Any]]:
    """ansible-core's results of all situations, each below the folder."""
    top = str(folder)
    results: list[dict[str, Any]] = [{} for _ in CASES]
    played = {}
    for number, case in enumerate(CASES):
        root = f"{top}/{number}"
        case_tree.build(root, case["before"])
        args = case_args(case, root)
        if case["module"] != "copy":
            results[number] = call(case["module"], args, top)
            continue
        if "content" in case:
            args["content"] = case["content"]
        played[number] = {"name": str(number), "ansible.builtin.copy": args, "ignore_errors": True}
    for number, result in zip(played, play(top, list(played.values())), strict=True):
        results[number] = result
    return results


def call(name: str, args: dict[str, Any], top: str) -> dict[str, Any]:
    """What ansible-core's module answers to these arguments, in this process."""
    module = importlib.import_module(f"ansible.modules.{name}")
    payload = {"ANSIBLE_MODULE_ARGS": {**args, "_ansible_remote_tmp": top}}
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(payload).encode())
        if hasattr(basic, "_ANSIBLE_PROFILE"):
            patch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
        try:
            module.main()
        except SystemExit:
            pass
        except Exception as error:  # noqa: BLE001 - a module that breaks down has failed
            return {"failed": True, "changed": False, "msg": str(error)}
    answer = json.loads(printed.getvalue().splitlines()[-1])
    return {"failed": answer.get("failed", False), "changed": answer.get("changed", False), "msg": answer.get("msg")}


def play(top: str, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What ansible-playbook tells of these tasks."""
    whole = [{"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": tasks}]
    book = Path(top) / "play.yml"
    book.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    environment = dict(os.environ, ANSIBLE_STDOUT_CALLBACK="results", LC_ALL="C.UTF-8")
    environment.update(ANSIBLE_LOCALHOST_WARNING="0", ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callbacks"))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    ran = subprocess.run(
        [
            program,
            "-i",
            "localhost,",
            "-e",
            f"ansible_python_interpreter={os.path.realpath(sys.executable)}",
            str(book),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    results = [json.loads(line[2:]) for line in ran.stdout.splitlines() if line.startswith("@ ")]
    assert len(results) == len(tasks), ran.stdout[-2000:] + ran.stderr[-2000:]
    return results


def ours(case: dict[str, Any], root: str) -> dict[str, Any]:
    """Our module's reply to the same situation."""
    case_tree.build(root, case["before"])
    module = importlib.import_module(f"mooring.agent.modules.{case['module']}")
    args = case_args(case, root)
    content = str(case.get("content", "")).encode()
    if "content" in case:
        args["checksum"] = hashlib.sha1(content).hexdigest()
    signature = arguments.Signature(case["module"], module.ARGS, getattr(module, "RULES", {}))
    session = host.Session()
    session.content = lambda: iter([content])  # type: ignore[method-assign]
    request = {"module": case["module"], "args": arguments.normalize(signature, args, None)}
    return loop.perform(copy.deepcopy(request), session)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{n}-{CASES[n]['module']}")
def test_same_as_ansible(number: int, ansible: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    case, (top, results) = CASES[number], ansible
    root = str(tmp_path / "root")
    reply, theirs = ours(case, root), results[number]
    mine = (bool(reply.get("failed")), reply["changed"], picture(root))
    other = (bool(theirs["failed"]), bool(theirs["changed"]), picture(f"{top}/{number}"))
    if "differs" in case:
        assert mine != other, f"no longer a difference: {case['differs']}"
    else:
        assert mine == other, f"{case}\nours: {reply}\nansible: {theirs}"


def draw_line_case(draw: random.Random) -> dict[str, Any]:
    """A situation for lineinfile. The last line has its end: without one, Ansible may glue
    the new line to it."""
    words = ["a", "b", "a.b", "c", "ab", " a", "", "x y", "größe"]
    content = "".join(draw.choice(words) + draw.choice(["\n", "\n", "\r\n"]) for _ in range(draw.randint(0, 5)))
    options = {
        "search_string": [*words, "\n", "b\n", "(a)"],
        "regexp": [*words, "^a", "(a)"],
        "line": [*words, "b\n", "b\nc"],
        "state": ["absent"],
        "firstmatch": [True],
        "backrefs": [True],
        "insertafter": ["BOF", "EOF", "a", "b", "^x"],
        "insertbefore": ["BOF", "a", "b", "^x"],
    }
    odds = (0.7, 0.2, 0.9, 0.3, 0.3, 0.1, 0.3, 0.3)
    args = {name: draw.choice(options[name]) for name, odd in zip(options, odds, strict=True) if draw.random() < odd}
    return {"module": "lineinfile", "before": {"f": content}, "args": args}


@pytest.mark.parametrize("rounds", [60, pytest.param(4000, marks=pytest.mark.long)])
def test_drawn_lines(rounds: int, tmp_path: Path) -> None:
    seed = random.randrange(10**9)
    draw = random.Random(seed)
    for number in range(rounds):
        case = draw_line_case(draw)
        roots = [str(tmp_path / f"{number}.{who}") for who in ("theirs", "ours")]
        case_tree.build(roots[0], case["before"])
        theirs = call("lineinfile", case_args(case, roots[0]), str(tmp_path))
        try:
            reply = ours(case, roots[1])
        except ArgumentError as error:
            reply = {"failed": True, "changed": False, "msg": str(error)}
        mine = (bool(reply.get("failed")), reply["changed"], picture(roots[1]))
        other = (bool(theirs["failed"]), bool(theirs["changed"]), picture(roots[0]))
        assert mine == other, f"{case}, seed {seed}\nours: {reply}\nansible: {theirs}"
        if not theirs["failed"]:
            assert reply["msg"] == theirs["msg"], f"{case}, seed {seed}"
