"""A playbook by ansible-core, beside ours."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLAYBOOKS = HERE / "playbooks"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Case:
    """A playbook, the options that both are given, and where the two differ on purpose: counter,
    ours, theirs.

    `settings` are those of Ansible's environment in which it means what we mean.
    """

    book: str
    options: tuple[str, ...] = ()
    differs: tuple[tuple[str, int, int], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join((self.book, *self.options[:2]))


def command(case: Case, program: list[str], out: Path) -> list[str]:
    return [
        *program, f"{PLAYBOOKS}/{case.book}.yml", "-i", f"{PLAYBOOKS}/inventory.yml", "-e", f"out={out}",
        "-e", f"ansible_python_interpreter={os.path.realpath(sys.executable)}", *case.options,
    ]  # fmt: skip


def run(case: Case, program: list[str], out: Path, callback: str = "outcomes") -> subprocess.CompletedProcess[str]:
    """The program's run, out being its directory for what it writes."""
    out.mkdir()
    names = {"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callbacks")}
    names.update(ANSIBLE_PIPELINING="1", ANSIBLE_LOCALHOST_WARNING="0", LC_ALL="C.UTF-8")
    names["PATH"] = f"{HERE / 'stand_in'}:{os.environ['PATH']}"
    names["ANSIBLE_SSH_EXECUTABLE"] = str(HERE / "refused_ssh")
    names.update(case.settings)
    words = command(case, program, out)
    return subprocess.run(words, cwd=ROOT, env={**os.environ, **names}, capture_output=True, text=True, check=False)
