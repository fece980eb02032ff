"""OpenSSH's configuration: what ~/.ssh/config and /etc/ssh/ssh_config say about a host."""

from __future__ import annotations

import getpass
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from mooring.connection.host_keys import HostKeyCheck, host_name
from mooring.errors import HostUnreachable

DEFAULT_TIMEOUT = 10.0
DEFAULT_ALIVE_SECONDS = 15
# An unanswered packet ends the connection after this many of them.
DEFAULT_ALIVE_COUNT = 4
INCLUDE_DEPTH = 16


@dataclass(frozen=True)
class Target:
    """One SSH server on the way, everything resolved."""

    alias: str
    host: str
    port: int
    user: str
    identity_files: tuple[str, ...]
    identities_only: bool
    proxy_jump: tuple[str, ...]
    proxy_command: str | None
    timeout: float
    alive_seconds: int
    alive_count: int
    host_key: HostKeyCheck

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def resolve(
    address: str,
    overrides: Sequence[tuple[str, str]] = (),
    config_file: str | None = None,
    accepts_new: bool = False,
) -> Target:
    """What ssh would do for `ssh address` with these -o options; with -F only that file is read."""
    found = _read(overrides, config_file).lookup(address)
    host, port = found["hostname"], _number(found, "port", 22)
    mode = found.get("stricthostkeychecking", "ask").lower()
    name = found.get("hostkeyalias") or host_name(host, port)
    jump = found.get("proxyjump", "none")
    command = found.get("proxycommand", "none")
    return Target(
        alias=address,
        host=host,
        port=port,
        user=found.get("user") or getpass.getuser(),
        identity_files=tuple(os.path.expanduser(path) for path in found.get("identityfile", ())),
        identities_only=found.get("identitiesonly", "no").lower() == "yes",
        proxy_jump=() if jump.lower() == "none" else tuple(part.strip() for part in jump.split(",")),
        proxy_command=None if command.lower() == "none" else command,
        timeout=_number(found, "connecttimeout", DEFAULT_TIMEOUT),
        alive_seconds=_number(found, "serveraliveinterval", DEFAULT_ALIVE_SECONDS),
        alive_count=_number(found, "serveralivecountmax", DEFAULT_ALIVE_COUNT),
        host_key=HostKeyCheck(
            name=name,
            user_files=_paths(found.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")),
            global_files=_paths(
                found.get("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
            ),
            accepts_new=accepts_new or mode in ("accept-new", "no", "off"),
        ),
    )


def resolve_jump(hop: str, config_file: str | None, accepts_new: bool) -> Target:
    """A hop of ProxyJump: [user@]host[:port] or ssh://…; the destination's own options do not concern it."""
    user, _, rest = hop.removeprefix("ssh://").rpartition("@")
    host, port = rest, ""
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.lstrip(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    overrides = [(key, value) for key, value in (("User", user), ("Port", port)) if value]
    return resolve(host, overrides, config_file, accepts_new)


def _number(found: Mapping[str, Any], key: str, default: Any) -> Any:
    """A whole number of the configuration; "none" is the default."""
    text = str(found.get(key, "none")).lower()
    if text == "none":
        return default
    try:
        return type(default)(text)
    except ValueError:
        raise HostUnreachable(f"{key} in the SSH configuration is {text!r}, which is no number") from None


def _paths(text: str) -> tuple[Path, ...]:
    words = [word.replace("%d", str(Path.home())) for word in shlex.split(text)]
    return tuple(Path(word).expanduser() for word in words if word != "none")


def _read(overrides: Sequence[tuple[str, str]], config_file: str | None) -> paramiko.SSHConfig:
    """The options and the files as one configuration; ssh takes the first value that it finds."""
    for key, value in overrides:
        if "\n" in value or "\r" in value:
            raise HostUnreachable(f"{key} holds a line end, which no setting of SSH may: {value!r}")
    lines = [f"{key} {value}" for key, value in overrides]
    home, system = Path.home() / ".ssh", Path("/etc/ssh")
    files = [(home / "config", home), (system / "ssh_config", system)]
    if config_file is not None:
        files = [(Path("/dev/null" if config_file == "none" else config_file), home)]
        if not files[0][0].exists():
            raise HostUnreachable(f"the SSH configuration {config_file} (given by -F) does not exist")
    for path, base in files:
        lines += ["Host *", *_include(path, base, INCLUDE_DEPTH)]
    try:
        return paramiko.SSHConfig.from_text("\n".join(lines))
    except paramiko.ConfigParseError as error:
        raise HostUnreachable(f"the SSH configuration is wrong: {error}") from None


def _include(path: Path, base: Path, depth: int) -> list[str]:
    """A file's lines with every Include, which paramiko does not know, replaced by what it names."""
    try:
        text = path.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise HostUnreachable(f"cannot read the SSH configuration {path}: {error.strerror}") from None
    lines = []
    for line in text.splitlines():
        words = line.replace("=", " ", 1).split()
        if not words or words[0].lower() != "include":
            lines.append(line)
        elif depth > 0:
            for pattern in shlex.split(" ".join(words[1:])):
                whole = base / Path(pattern).expanduser()
                for part in sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor)))):
                    lines += _include(part, base, depth - 1)
    return lines
