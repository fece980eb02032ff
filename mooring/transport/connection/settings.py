"""How to reach a host: what its variables and the run's options say, in Ansible's words."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from mooring.errors import InventoryError
from mooring.templating.refusals import refuse
from mooring.transport.connection.become import Become
from mooring.transport.connection.keys import KeyStore
from mooring.transport.connection.known_hosts import KnownHosts

# Ansible users often set these, most to share connections; with one connection per host they mean
# nothing.
MEANINGLESS_OPTIONS = {"controlmaster", "controlpath", "controlpersist", "loglevel", "requesttty"}
SUPPORTED_OPTIONS = {
    "connecttimeout",
    "globalknownhostsfile",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityfile",
    "port",
    "proxycommand",
    "proxyjump",
    "serveralivecountmax",
    "serveraliveinterval",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
}
KNOWN_HOSTS_FILES = {"globalknownhostsfile", "userknownhostsfile"}
FLAGS = {"-i": "IdentityFile", "-p": "Port", "-l": "User", "-J": "ProxyJump"}
SSH_NAMES = {"ssh", "smart", "paramiko", "paramiko_ssh"}
# Ansible reads these, we do not, and what they are set for would be missed: better no connection
# than another one.
UNSUPPORTED_VARIABLES = {
    "ansible_become_exe": "sudo is looked for in PATH",
    "ansible_become_flags": "sudo is called with -H, and -n or -S",
    "ansible_shell_executable": "programs start by /bin/sh",
    "ansible_shell_type": "programs start by /bin/sh",
    "ansible_ssh_executable": "connections are made without the ssh program",
    "ansible_sudo_pass": "its name is ansible_become_password",
}
DEFAULTS_OF_ANSIBLE = {"sudo", "sh", "/bin/sh", "ssh", "/usr/bin/ssh"}
AUTOMATIC_PYTHON = {"auto", "auto_silent", "auto_legacy", "auto_legacy_silent"}


@dataclass(frozen=True)
class Passwords:
    """The operator's passwords for all hosts: of the login, and for sudo."""

    login: str | None = field(default=None, repr=False)
    become: str | None = field(default=None, repr=False)


@dataclass
class Keys:
    """The keys that all connections of a run share, each file read once: the operator's
    own, and the hosts'."""

    store: KeyStore = field(default_factory=KeyStore)
    known_hosts: KnownHosts = field(default_factory=KnownHosts)


@dataclass(frozen=True)
class RunOptions:
    """What the command line says for all hosts; in `directory` files are looked for that the
    inventory names."""

    accept_new_host_keys: bool = False
    passwords: Passwords = field(default_factory=Passwords, repr=False)
    timeout: float | None = None
    remote_user: str = ""
    directory: Path = Path()
    keys: Keys = field(default_factory=Keys, repr=False)

    def find(self, name: str) -> str:
        """The path of a file: one that is not in the directory is relative to the working
        directory, as ssh has it."""
        path = os.path.expanduser(name)
        inside = str(self.directory / path)
        return inside if os.path.exists(inside) else path


@dataclass(frozen=True)
class ConnectionSettings:
    """How to reach one host.

    `address` is what ssh would be called with; `overrides` are lines of ssh_config that
    win over the files.
    """

    address: str
    kind: str = "ssh"
    overrides: tuple[tuple[str, str], ...] = ()
    config_file: str | None = None
    key_file: str | None = None
    password: str | None = field(default=None, repr=False)
    _: KW_ONLY
    interpreter: str | None = None
    become: Become = field(default_factory=Become)
    accepts_new_host_keys: bool = False

    def become_as(self, user: str | None) -> Become:
        """Become that user (None: the one that the host's variables name) with
        this host's password."""
        return Become(user or self.become.user, self.become.password)

    @classmethod
    def from_variables(
        cls, name: str, variables: Mapping[str, Any], options: RunOptions | None = None
    ) -> ConnectionSettings:
        """Settings from a host's templated variables; InventoryError for what we cannot do."""
        options = options or RunOptions()
        kind = _first(variables, "ansible_connection") or "ssh"
        if kind != "local" and kind not in SSH_NAMES:
            raise InventoryError(f"{name}: unsupported ansible_connection {kind!r}", hint="ssh or local")
        method = _first(variables, "ansible_become_method") or "sudo"
        if method != "sudo":
            raise InventoryError(f"{name}: unsupported ansible_become_method {method!r}", hint="only sudo")
        _refuse_unsupported(name, variables)
        arguments, config_file = _parse_arguments(name, variables, options)
        key_file = _first(variables, "ansible_ssh_private_key_file", "ansible_private_key_file")
        key_file = options.find(key_file) if key_file else None
        interpreter = _first(variables, "ansible_python_interpreter")
        become_password = _first(variables, "ansible_become_password", "ansible_become_pass")
        return cls(
            address=_first(variables, "ansible_host", "ansible_ssh_host") or name,
            kind="local" if kind == "local" else "ssh",
            overrides=tuple(_override(name, variables, options, key_file)) + arguments,
            config_file=config_file,
            key_file=key_file,
            password=_first(variables, "ansible_password", "ansible_ssh_password", "ansible_ssh_pass")
            or options.passwords.login,
            interpreter=None if interpreter in AUTOMATIC_PYTHON else interpreter,
            become=Become(
                _first(variables, "ansible_become_user") or "root", become_password or options.passwords.become
            ),
            accepts_new_host_keys=options.accept_new_host_keys,
        )


def _refuse_unsupported(name: str, variables: Mapping[str, Any]) -> None:
    for variable, hint in UNSUPPORTED_VARIABLES.items():
        value = _first(variables, variable)
        if value is not None and value not in DEFAULTS_OF_ANSIBLE:
            raise InventoryError(f"{name}: {variable} is not supported", hint=hint)


def _first(variables: Mapping[str, Any], *names: str) -> str | None:
    """The first of these variables that has a value, as text; never a host's."""
    for name in names:
        if variables.get(name) not in (None, ""):
            refuse(variables[name], name, None)
            return str(variables[name])
    return None


def _override(
    name: str, variables: Mapping[str, Any], options: RunOptions, key_file: str | None
) -> list[tuple[str, str]]:
    """What the host's own variables say, as lines of ssh_config; they win over everything else."""
    port = _first(variables, "ansible_port", "ansible_ssh_port")
    if port is not None and not (port.isdigit() and 0 < int(port) < 65536):
        raise InventoryError(f"{name}: ansible_port is {port!r}", hint="a number from 1 to 65535")
    timeout = _first(variables, "ansible_ssh_timeout", "ansible_timeout") or options.timeout
    settings = {
        "Port": port,
        "User": _first(variables, "ansible_user", "ansible_ssh_user") or options.remote_user or None,
        "IdentityFile": key_file,
        "ConnectTimeout": None if timeout is None else str(timeout),
    }
    return [(key, value) for key, value in settings.items() if value is not None]


def _parse_arguments(
    name: str, variables: Mapping[str, Any], options: RunOptions
) -> tuple[tuple[tuple[str, str], ...], str | None]:
    """The options of ansible_ssh_common_args and its kin as lines of ssh_config,
    and the file of -F."""
    lines: list[tuple[str, str]] = []
    config_file = None
    for variable in ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"):
        try:
            words = shlex.split(_first(variables, variable) or "")
        except ValueError as error:
            raise InventoryError(f"{name}: {variable}: {error}") from None
        while words:
            word = words.pop(0)
            flag, value = word[:2], word[2:] or (words.pop(0) if words else "")
            if not value or (flag != "-F" and flag != "-o" and flag not in FLAGS):
                raise InventoryError(
                    f"{name}: {variable}: {word} is not supported",
                    hint="-o Key=Value, -F, -i, -J, -l and -p are",
                )
            if flag == "-F":
                config_file = options.find(value)
            elif flag == "-o":
                lines += _parse_option(name, variable, value, options)
            else:
                lines.append((FLAGS[flag], options.find(value) if flag == "-i" else value))
    return tuple(lines), config_file


def _parse_option(name: str, variable: str, text: str, options: RunOptions) -> list[tuple[str, str]]:
    key, separator, value = text.partition("=") if "=" in text else text.partition(" ")
    key, value = key.strip(), value.strip().strip('"')
    if key.lower() in MEANINGLESS_OPTIONS:
        return []
    if key.lower() not in SUPPORTED_OPTIONS or not separator or "\n" in value:
        known = ", ".join(sorted(SUPPORTED_OPTIONS))
        raise InventoryError(f"{name}: {variable}: -o {text} is not supported", hint=f"these are: {known}")
    if key.lower() == "identityfile":
        value = options.find(value)
    elif key.lower() in KNOWN_HOSTS_FILES:
        value = _find_files(value, options)
    return [(key, value)]


def _find_files(names: str, options: RunOptions) -> str:
    """The paths of one or several files; what cannot be taken apart is refused where it is read."""
    try:
        return shlex.join(options.find(name) for name in shlex.split(names))
    except ValueError:
        return names
