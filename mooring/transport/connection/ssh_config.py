"""OpenSSH's configuration: what ~/.ssh/config and /etc/ssh/ssh_config say about a host."""

from __future__ import annotations

import getpass
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import paramiko

from mooring.errors import HostUnreachable, on_one_line
from mooring.files.reading import expand
from mooring.transport.connection.config_lines import Config, check_words, include
from mooring.transport.connection.host_keys import HostKeyCheck, host_name

DEFAULT_TIMEOUT = 10.0
DEFAULT_ALIVE_SECONDS = 15
# An unanswered packet ends the connection after this many of them.
DEFAULT_ALIVE_COUNT = 4
# Seconds, or packets, that anybody would want to wait for.
LONGEST = 1_000_000


@dataclass(frozen=True)
class Target:
    """One SSH server on the way, everything resolved."""

    alias: str
    host: str
    port: int
    user: str
    identity_files: tuple[str, ...]
    identities_only: bool
    _: KW_ONLY
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
    config = _look_up(address, overrides, config_file)
    host, port = config["hostname"], _number(config, "port", 22, 65535)
    mode = config.get("stricthostkeychecking", "ask").lower()
    name = config.get("hostkeyalias") or host_name(host, port)
    jump = config.get("proxyjump", "none")
    command = config.get("proxycommand") or "none"
    user = config.get("user") or _own_name()
    if command.lower() != "none":
        check_words(host, user)
    return Target(
        alias=address,
        host=host,
        port=port,
        user=user,
        identity_files=tuple(os.path.expanduser(path) for path in config.get("identityfile", ())),
        identities_only=config.get("identitiesonly", "no").lower() == "yes",
        proxy_jump=() if jump.lower() == "none" else tuple(part.strip() for part in jump.split(",")),
        proxy_command=None if command.lower() == "none" else command,
        timeout=_number(config, "connecttimeout", DEFAULT_TIMEOUT),
        alive_seconds=_number(config, "serveraliveinterval", DEFAULT_ALIVE_SECONDS),
        alive_count=_number(config, "serveralivecountmax", DEFAULT_ALIVE_COUNT),
        host_key=HostKeyCheck(
            name=name,
            user_files=_paths(config.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")),
            global_files=_paths(
                config.get("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
            ),
            accepts_new=accepts_new or mode in ("accept-new", "no", "off"),
        ),
    )


def resolve_jump(hop: str, config_file: str | None, accepts_new: bool) -> Target:
    """A hop of ProxyJump: [user@]host[:port] or ssh://…; the destination's own options
    do not concern it."""
    user, _, rest = hop.removeprefix("ssh://").rpartition("@")
    host, port = rest, ""
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.lstrip(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    overrides = [(key, value) for key, value in (("User", user), ("Port", port)) if value]
    return resolve(host, overrides, config_file, accepts_new)


def _number(config: Mapping[str, Any], key: str, default: Any, most: int = LONGEST) -> Any:
    """A number of the configuration, of the default's kind and from 0 to `most`;
    "none" is the default."""
    text = str(config.get(key, "none")).lower()
    if text == "none":
        return default
    try:
        number = type(default)(text)
    except ValueError:
        raise HostUnreachable(f"{key} in the SSH configuration is {text!r}, which is not a number") from None
    if not 0 <= number <= most:
        raise HostUnreachable(f"{key} in the SSH configuration is {text!r}, it may be 0 to {most}")
    return number


def _paths(text: str) -> tuple[Path, ...]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise HostUnreachable(f"the SSH configuration names files as {text!r}: {error}") from None
    home = os.path.expanduser("~")
    return tuple(expand(word.replace("%d", home)) for word in words if word != "none")


def _own_name() -> str:
    """The name of whoever runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        message = f"this machine has no name for the user {os.getuid()}: set USER in the environment"
        raise HostUnreachable(message) from None


def _look_up(address: str, overrides: Sequence[tuple[str, str]], config_file: str | None) -> paramiko.SSHConfigDict:
    """What the options and the files say of a host; ssh takes the first value that it finds."""
    _own_name()  # paramiko asks for it in any case
    for key, value in overrides:
        if "\n" in value or "\r" in value:
            raise HostUnreachable(f"{key} holds a line end, which no setting of SSH may: {value!r}")
    lines = [(f"{key} {value}", "") for key, value in overrides]
    user, system = expand("~/.ssh"), Path("/etc/ssh")
    files = [(user / "config", user), (system / "ssh_config", system)]
    if config_file is not None:
        files = [] if config_file == "none" else [(Path(config_file), user)]
        if files and not files[0][0].exists():
            raise HostUnreachable(f"the SSH configuration {on_one_line(config_file)} (given by -F) does not exist")
    for path, base in files:
        lines += [("Host *", ""), *include(path, base)]
    try:
        return Config.from_text("\n".join(line for line, _ in lines)).lookup(address)
    except (paramiko.ConfigParseError, ValueError, LookupError, paramiko.CouldNotCanonicalize) as error:
        known = f"{error} is missing" if isinstance(error, KeyError) else error
        place, reason = _find_wrong(lines) or ("", known)
        raise HostUnreachable(f"the SSH configuration is wrong: {place}{reason}") from None


def _find_wrong(lines: Sequence[tuple[str, str]]) -> tuple[str, Exception] | None:
    """The first line that cannot be parsed even alone, by its place."""
    for line, place in lines:
        try:
            Config.from_text(line)
        except (paramiko.ConfigParseError, ValueError) as error:
            return f"{place}: " if place else "", error
    return None
