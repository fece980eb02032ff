"""The lines of OpenSSH's configuration files with their Includes, and what `Match exec` may do."""

from __future__ import annotations

import glob
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import paramiko

from mooring.errors import HostUnreachable, SourceError, on_one_line
from mooring.files.reading import LARGEST_SETTING, expand, read_bytes

# paramiko takes any other as one that holds.
CRITERIA = ("all", "canonical", "exec", "final", "host", "localuser", "originalhost", "user")
INCLUDE_DEPTH = 16
MOST_FILES = 1000
EXEC_SECONDS = 10
# As in OpenSSH: a name that a shell would take for more than a name goes into no command.
_NO_NAME = re.compile(r"^-|[\s'`\"$\\;&<>|(){}\x00-\x1f\x7f]")


def check_words(*names: str) -> None:
    """Refuse names of hosts and users that a shell would obey; HostUnreachable says which."""
    for name in names:
        if _NO_NAME.search(name):
            raise HostUnreachable(f"{name!r} goes into no command of the SSH configuration: a shell would obey it")


def include(
    path: Path, base: Path, chain: tuple[Path, ...] = (), count: list[int] | None = None
) -> list[tuple[str, str]]:
    """A file's lines and places, every Include, which paramiko does not know,
    replaced by what it names."""
    count = [0] if count is None else count
    count[0] += 1
    if len(chain) > INCLUDE_DEPTH or path in chain or count[0] > MOST_FILES:
        raise HostUnreachable(f"the SSH configuration {on_one_line(str(path))} is included without end")
    lines: list[tuple[str, str]] = []
    for number, line in enumerate(_read(path), 1):
        words, place = line.replace("=", " ", 1).split(), f"{on_one_line(str(path))}:{number}"
        if not words or words[0].lower() != "include":
            lines.append((line, place))
            continue
        for part in _named(" ".join(words[1:]), base, place):
            lines += include(part, base, (*chain, path), count)
    return lines


def _read(path: Path) -> list[str]:
    try:
        return read_bytes(path, LARGEST_SETTING).decode("utf-8-sig", "replace").splitlines()
    except SourceError as error:
        if error.message == "no such file" or not path.parent.is_dir():
            return []
        raise HostUnreachable(f"the SSH configuration {error.where} {error.message}") from None


def _named(text: str, base: Path, place: str) -> list[Path]:
    """The files that an Include names."""
    try:
        patterns = shlex.split(text)
    except ValueError as error:
        raise HostUnreachable(f"the SSH configuration is wrong: {place}: {error}") from None
    return [Path(name) for pattern in patterns for name in sorted(glob.glob(str(base / expand(pattern))))]


class Config(paramiko.SSHConfig):
    """paramiko's configuration; `Match exec` runs in the operator's shell as ssh runs it, once and
    not for ever.

    It gets no terminal: what it would read there is meant for somebody else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[str, bool] = {}

    def _does_match(
        self, match_list: Sequence[dict[str, Any]], hostname: str, canonical: bool, final: bool, options: Any
    ) -> bool:
        unknown = [criterion["type"] for criterion in match_list if criterion["type"] not in CRITERIA]
        if unknown:
            raise HostUnreachable(f"`Match {unknown[0]}` in the SSH configuration is not supported")
        return bool(match_list) and all(
            self._passes_exec(criterion, hostname, options)
            if criterion["type"] == "exec"
            else super(Config, self)._does_match([criterion], hostname, canonical, final, options)  # type: ignore[misc]
            for criterion in match_list
        )

    def _passes_exec(self, candidate: dict[str, Any], hostname: str, options: Any) -> bool:
        check_words(hostname, options.get("hostname") or hostname, options.get("user") or "")
        command: str = self._tokenize(  # type: ignore[attr-defined]
            options, hostname, "match-exec", candidate["param"]
        )
        if command not in self._passed:
            self._passed[command] = _succeeds(command)
        return self._passed[command] is not candidate["negate"]


def _succeeds(command: str) -> bool:
    """Whether a command of the operator's says yes."""
    argv = [os.environ.get("SHELL") or "/bin/sh", "-c", command]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(argv, stdin=quiet, stdout=quiet, stderr=quiet, timeout=EXEC_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        message = f"`Match exec {command}` in the SSH configuration did not end within {EXEC_SECONDS} seconds"
        raise HostUnreachable(message) from None
    except (OSError, ValueError) as error:
        raise HostUnreachable(f"`Match exec {command}` in the SSH configuration does not start: {error}") from None
