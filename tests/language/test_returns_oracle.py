"""What modules return, beside the real ansible-playbook: every key that Ansible returns, of its
kind, with its value.

Both run `playbooks/returns.yml` once. What names the moment, the machine's temporary files or the
process may differ.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playbook_oracle import BIN, Case, run

# `diff` is there with --diff only; the others tell of Ansible's own doings.
NOT_OURS = {"invocation", "warnings", "deprecations", "exception", "diff"}
# Values that are each one's own: times, numbers of files, words for what went wrong.
OWN = re.compile(r"msg|(stat\.)?(start|end|delta|elapsed|date|atime|mtime|ctime|inode|dev|version|backup(_file)?)")
# Where Ansible first put the content on the host; we put nothing there, and say null.
TEMPORARY = re.compile(r".*/\.ansible/tmp/.*")


class Answers(http.server.BaseHTTPRequestHandler):
    """The pages of the playbook."""

    def do_GET(self) -> None:
        page = self.path.strip("/")
        if page == "silence":
            self.server.ended.wait(30)  # type: ignore[attr-defined]
            return
        if page == "broken":
            self.wfile.write(b"nonsense\r\n\r\n")
            return
        body = {"json": b'{"a": [1, null]}', "missing": b"no\n"}.get(page, b"text\n")
        self.send_response({"missing": 404, "moved": 302}.get(page, 200))
        self.send_header("Content-Type", "application/json" if page == "json" else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if page == "moved":
            self.send_header("Location", "/text")
        if page == "cookie":
            self.send_header("Set-Cookie", "token=abc; Path=/")
            self.send_header("Set-Cookie", 'word="x y"; HttpOnly')
            self.send_header("Set-Cookie", "gone=1; Max-Age=0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.ended = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.ended.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def read_theirs(case: Case, out: Path) -> dict[str, dict[str, Any]]:
    ran = run(case, [str(BIN / "ansible-playbook")], out, callback="values")
    values = dict(json.loads(line[2:]) for line in ran.stdout.splitlines() if line.startswith("@ "))
    assert values, ran.stdout + ran.stderr
    return values


def read_ours(case: Case, out: Path) -> dict[str, dict[str, Any]]:
    ran = run(case, [str(BIN / "invoke"), "play", "--json"], out)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    values = {line["task"]: line["values"] for line in lines if line["event"] == "task_finished"}
    assert values, ran.stdout + ran.stderr
    return values


def flatten(value: Any, name: str = "") -> dict[str, Any]:
    """Every value below, by its dotted name; what is empty stands for itself."""
    if not isinstance(value, dict) or not value:
        return {name: value}
    pairs = ((f"{name}.{key}" if name else key, child) for key, child in value.items())
    return {key: leaf for inner, child in pairs for key, leaf in flatten(child, inner).items()}


def compare(task: str, mine: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What Ansible returns and we do not, or otherwise."""
    differences = []
    for name, value in flatten(other).items():
        first = name.partition(".")[0]
        if first in NOT_OURS or first.startswith("_"):
            continue
        own = mine.get(name)
        if name not in mine:
            differences.append(f"{task}: no {name}, Ansible has {value!r}")
        elif name == "src" and TEMPORARY.fullmatch(value):
            assert own is None
        elif type(own) is not type(value) or (own != value and not OWN.fullmatch(name)):
            differences.append(f"{task}: {name} is {own!r}, Ansible has {value!r}")
    return differences


def test_every_key_of_ansible(url: str, tmp_path: Path) -> None:
    case = Case("returns", ("-e", f"url={url}"))
    with ThreadPoolExecutor() as pool:
        other_run = pool.submit(read_theirs, case, tmp_path / "theirs")
        mine, other = read_ours(case, tmp_path / "ours"), other_run.result()
    assert list(mine) == list(other)
    differences = []
    for task, values in other.items():
        text = json.dumps(values).replace(str(tmp_path / "theirs"), str(tmp_path / "ours"))
        differences += compare(task, flatten(mine[task]), json.loads(text))
    assert not differences, "\n".join(differences)
