"""Files of the operator's as they should not be, given to the real `invoke`: one message,
never a traceback."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INVOKE = str(Path(sys.executable).with_name("invoke"))
PLAYBOOK = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - debug: {msg: said}\n"
BOMB = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
TEXTS = {
    "cycle": b"a: &a [*a]\n",
    "merged cycle": b"a: &a {<<: *a}\n",
    "bomb": b"l0: &l0 x\n" + BOMB.encode(),
    "deep": b"a: " + b"[" * 100_000,
    "deep blocks": b"".join(b" " * n + b"a:\n" for n in range(500)),
    "python": b"a: !!python/object/apply:os.system ['touch taken']\n",
    "surrogate": b'a: "\\ud800"\n',
    "nul": b"a: \0\n",
    "bytes": b"a: \xff\xfe\n",
    "utf-16": "a: 1".encode("utf-16"),
    "json": b'{"a": [1, 2}',
    "tab": b"a:\n\tb: 1\n",
    "quote": b"a: 'b\n",
    "keys": b"[a]: b\n",
    "null": b"null: b\n",
    "merge": b"<<: 5\n",
    "nel": b"a: 1\xc2\x85b: [\xe2\x80\xa8\n",
    "template": b"a: '{{ " + b"(" * 5000 + b"'\n",
    "loops": b"a: '" + b"{% for a in b %}" * 25 + b"{% endfor %}" * 25 + b"'\n",
    "documents": b"a: 1\n---\nb: 2\n",
    "number": b"a: 0x" + b"f" * 5000 + b"\n",
}
# Every file in every place, in one process: what comes of each as JSON.
DRIVER = """
import json, sys, time
from invoke import Exit
from mooring.cli.options import Request
from mooring.cli.finish import finish
from mooring.cli.provision import run_playbook
for playbook, options in json.load(open(sys.argv[1])):
    options["extra_vars"] = tuple(options.pop("e", ()))
    began = time.monotonic()
    try:
        finish(lambda: run_playbook(playbook, Request(list_hosts=True, **options)))
        said = (0, "")
    except Exit as end:
        said = (end.code, end.message)
    except BaseException as error:
        said = (99, f"{type(error).__name__}: {error}")
    print(json.dumps([*said, time.monotonic() - began]), file=sys.stderr)
"""


def invoke(words: str, folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """A shell's command line, in which `{invoke}` is ours."""
    line = words.format(invoke=f"{INVOKE} -r {ROOT}", folder=folder, root=ROOT)
    argv = ["bash", "-c", line]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=60, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.yml").write_text(PLAYBOOK)
    (tmp_path / "inventory.yml").write_text("all: {hosts: {web1: }}\n")
    return tmp_path


def test_every_file_in_every_place(folder: Path) -> None:
    calls: list[tuple[str, str, dict[str, object]]] = []
    for name, text in TEXTS.items():
        for place in ("i", "e", "p", "group_vars", "vars", "role"):
            base = folder / f"{name}-{place}"
            (base / "group_vars").mkdir(parents=True)
            (base / "roles" / "r" / "defaults").mkdir(parents=True)
            (base / "inventory.yml").write_text("all: {hosts: {web1: }}\n")
            (base / "p.yml").write_text(PLAYBOOK)
            target = {
                "i": "inventory.yml",
                "e": "e.yml",
                "p": "p.yml",
                "group_vars": "group_vars/all.yml",
                "vars": "v.yml",
                "role": "roles/r/defaults/main.yml",
            }[place]
            (base / target).write_bytes(text)
            if place in ("vars", "role"):
                use = "vars_files: [v.yml]" if place == "vars" else "roles: [r]"
                (base / "p.yml").write_text(f"- hosts: all\n  {use}\n")
            options: dict[str, object] = {"inventory": str(base / "inventory.yml")}
            if place == "e":
                options["e"] = [f"@{base}/e.yml"]
            calls.append((str(base / target), str(base / "p.yml"), options))
    (folder / "calls").write_text(json.dumps([call[1:] for call in calls]))
    argv = [sys.executable, "-c", DRIVER, str(folder / "calls")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    ends = [json.loads(line) for line in ran.stderr.splitlines()]
    assert len(ends) == len(calls), ran.stderr[-2000:]
    for (target, _, _), (status, message, seconds) in zip(calls, ends, strict=True):
        name = target.removeprefix(f"{folder}/")
        if name.startswith(("template-e", "loops-e", "merged", "null-p")) and status == 0:
            continue
        assert status == 1, (name, message)
        first, *rest = message.splitlines()
        assert target in first, (name, message)
        assert len(rest) <= 2, (name, message)
        assert "Error" not in first, (name, message)
        assert "Traceback" not in message
        assert seconds < 20, name
    assert not list(folder.rglob("taken"))


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (
            "{invoke} play {folder}/p.yml -i x, --list-hosts >/dev/full",
            1,
            "No space left on device",
        ),
        ("{invoke} play {folder}/p.yml -i x, >/dev/full", 1, "No space left on device"),
        ("{invoke} play {folder}/p.yml -i x, --json >/dev/full", 1, "No space left on device"),
        ("{invoke} play {folder}/p.yml -i x, -k 0<&-", 1, "Login password: there is no terminal to ask on"),
        ("{invoke} play {folder}/p.yml -i x, 0<&- 1>&-", 0, ""),
        ("{invoke} play {folder}/p.yml -i $'\\xff.yml'", 1, "\\udcff.yml: no such file"),
        ("env -u HOME {invoke} play {folder}/p.yml -i x, -e @~/v.yml", 1, "v.yml: no such file"),
        ("{invoke} play {folder}/p.yml -i x, -e '{{\"a\": '", 1, "--extra-vars:1:7: expected the node content"),
        ("{invoke} play {folder}/p.yml -i x, -e @/dev/zero", 1, "/dev/zero: is a device, not a file"),
        ("{invoke} play {folder}/p.yml -i x, -e @<(echo 'a: [')", 1, ":2:1: expected the node content"),
        ("{invoke} play {folder}/p.yml -i <(echo 'a: ')", 1, "is a pipe, not a file"),
        ("cd {root} && {invoke} verify --junit {folder}", 1, "--junit {folder}: Is a directory"),
    ],
)
def test_streams_and_names(words: str, status: int, message: str, folder: Path) -> None:
    ran = invoke(words, folder)
    assert (ran.returncode, "Traceback" in ran.stderr) == (status, False), ran.stderr
    assert message.format(folder=folder) in ran.stderr
    assert len(ran.stderr.splitlines()) <= 3


def test_what_runs_with_closed_streams_is_done_all_the_same(folder: Path) -> None:
    (folder / "p.yml").write_text(PLAYBOOK.replace("debug: {msg: said}", f"copy: {{content: x, dest: {folder}/done}}"))
    ran = invoke("{invoke} play {folder}/p.yml -i x, 0<&- 1>&- 2>&-", folder)
    assert (ran.returncode, (folder / "done").read_text()) == (0, "x")


@pytest.mark.parametrize("option", ["-v", "--json"])
def test_keys_of_every_kind_come_through_to_the_screen(option: str, folder: Path) -> None:
    odd = "{2020-01-01: a, null: b, 1.5: c, .inf: d, no: e, 7: f, !!binary aGk=: g, h: i}"
    (folder / "p.yml").write_text(
        PLAYBOOK.replace("{msg: said}", f"{{msg: {odd}}}") + f"    - set_fact: {{x: {odd}}}\n"
    )
    ran = invoke(f"{{invoke}} play {{folder}}/p.yml -i x, {option}", folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"""["']2020-01-01["']: ["']a["']""", ran.stdout)
    assert re.search(r"""["']aGk=["']: ["']g["']""", ran.stdout)


@pytest.mark.parametrize(
    ("key", "status", "message"),
    [(b"\x04", 1, b"Login password: none was given"), (b"\x03", 130, b"stopping ... interrupted")],
)
def test_a_key_at_the_password_prompt(key: bytes, status: int, message: bytes, folder: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(INVOKE, [INVOKE, "-r", str(ROOT), "play", f"{folder}/p.yml", "-i", "x,", "-k"])
    end = threading.Timer(60, os.kill, (pid, signal.SIGKILL))
    end.start()
    output = b""
    while b"password: " not in output:
        output += os.read(terminal, 1024)
    os.write(terminal, key)
    output = b""
    try:
        while part := os.read(terminal, 1024):
            output += part
    except OSError:  # the other end is closed
        pass
    end.cancel()
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status
    assert output.split() == message.split()
