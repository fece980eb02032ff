"""The service's unit and drop-ins, from what `systemctl cat` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mooring.engines.origin import Origin, Placed
from mooring.engines.systemd_words import Unbalanced, commands, split_line

HEADER = re.compile(r"# (/\S+\.(?:service|conf))$")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True)
class EnvironmentFile:
    """A file that the unit names; systemd goes on without an optional one (written with a "-")."""

    path: str
    is_optional: bool
    origin: Origin


@dataclass(frozen=True)
class Service:
    """What the [Service] sections say together, later files adding to earlier ones.

    `commands` are all ExecStart lines that are left: more than one, or none, and the service is
    refused. `broken` are lines whose quotes do not match, which systemd drops.
    """

    commands: list[Placed] = field(default_factory=list)
    broken: list[Placed] = field(default_factory=list)
    environment: dict[str, Placed] = field(default_factory=dict)
    files: list[EnvironmentFile] = field(default_factory=list)
    origin: Origin = field(default_factory=lambda: Origin("docker.service"))


def parse(text: str) -> Service:
    """The service that `systemctl cat` shows; an empty assignment takes back what
    earlier lines said."""
    assignments = list(_assignments(text))
    service = Service(origin=Origin(assignments[0][2].origin.path, 1)) if assignments else Service()
    for section, name, value in assignments:
        if section == "Service":
            _apply(service, name, value)
    return service


def _apply(service: Service, name: str, value: Placed) -> None:
    if name == "ExecStart":
        _add_command(service, value)
    elif name == "Environment":
        if not value.text:
            service.environment.clear()
        for word in _words(value, service):
            if ASSIGNMENT.match(word):
                key, _, assigned = word.partition("=")
                service.environment[key] = Placed(assigned, value.origin)
    elif name == "EnvironmentFile":
        path = value.text.strip('"')
        file = EnvironmentFile(path.removeprefix("-"), path.startswith("-"), value.origin)
        if path:
            service.files.append(file)
        else:
            service.files.clear()


def _add_command(service: Service, value: Placed) -> None:
    if not value.text:
        service.commands.clear()
        return
    try:
        service.commands.extend([Placed(text, value.origin) for text in commands(value.text)])
    except Unbalanced:
        service.broken.append(value)


def _words(value: Placed, service: Service) -> list[str]:
    try:
        return split_line(value.text)
    except Unbalanced:
        service.broken.append(value)
        return []


def _assignments(text: str) -> Iterator[tuple[str, str, Placed]]:
    """(section, name, value) of every assignment; sections end with their file."""
    section = ""
    for at, line in _joined(text):
        if at.line == 0:
            section = ""
        elif line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line:
            name, _, value = line.partition("=")
            yield section, name.strip(), Placed(value.strip(), at)


def _joined(text: str) -> Iterator[tuple[Origin, str]]:
    """Lines without comments, those that end in a backslash joined by a space; each with the place
    of its first line. At a file's beginning comes one without text, and without a number."""
    begun: list[str] = []
    at = Origin("docker.service")
    for path, number, line in _lines(text):
        if path != at.path:
            if begun:
                yield at, "".join(begun).strip()
            begun, at = [], Origin(path)
            yield at, ""
        if not begun:
            at = Origin(path, number)
        if line.lstrip().startswith(("#", ";")):
            continue  # also between continued lines
        part = line.lstrip()
        if _is_continued(part):
            begun.append(part[:-1] + " ")
            continue
        yield at, "".join([*begun, part]).strip()
        begun = []
    if begun:
        yield at, "".join(begun).strip()


def _is_continued(line: str) -> bool:
    """Whether the last character is a backslash that is not escaped itself."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _lines(text: str) -> Iterator[tuple[str, int, str]]:
    """(path, number, line): `systemctl cat` writes each file's path before it, and an
    empty line behind."""
    path, number, is_border = "docker.service", 0, True
    for line in text.splitlines():
        header = HEADER.match(line) if is_border else None
        if header:
            path, number = header.group(1), 0
        else:
            number += 1
            yield path, number, line
        is_border = not line.strip()
