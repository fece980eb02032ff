"""What is wrong with a configuration: will the daemon start, and does each setting do what its
writer meant?

A rule is a function that yields conflicts; its docstring tells its source. type_rules.py has the
rules about values of the wrong kind, entries.py those about single mirrors and registries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from mooring.engines.docker.effective import Effective
from mooring.engines.docker.options import BY_FLAG, OPTIONS
from mooring.engines.origin import Origin

POLICY = "/etc/containers/policy.json"


class Severity(Enum):
    """What follows from a conflict, the gravest first.

    ENDS_PULLS: the daemon runs, and no pull of some kind works: all of them, those from a registry,
    of short names.
    """

    STOPS = "stops the daemon"
    ENDS_PULLS = "ends pulls"
    USELESS = "useless"
    SURPRISING = "surprising"


@dataclass(frozen=True)
class Conflict:
    """`rule` names the rule; `places` are where to look, all of them."""

    rule: str
    severity: Severity
    message: str
    places: tuple[Origin, ...]

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.places))}: {self.message}"


def find_unit_faults(effective: Effective) -> Iterator[Conflict]:
    """systemd starts nothing without exactly one ExecStart, and without a file that
    it is told to read.

    A drop-in must blank ExecStart= first (moby#14491). "-" makes a file optional (systemd.exec(5)).
    """
    commands = effective.service.commands
    if len(commands) != 1:
        places = tuple(command.origin for command in commands) or (effective.service.origin,)
        problem = (
            "ExecStart is set more than once; put an empty ExecStart= before the new one"
            if commands
            else "no ExecStart"
        )
        yield Conflict("exec-start", Severity.STOPS, problem, places)
    for line in effective.service.broken:
        message = f'systemd drops "{line.text}": a quote has no end'
        yield Conflict("quotes", Severity.STOPS, message, (line.origin,))
    for file in effective.missing:
        message = f"{file.path} is not there, and the unit needs it"
        yield Conflict("environment-file", Severity.STOPS, message, (file.origin,))
    for line in effective.ignored:
        if line.text.startswith("export "):
            message = f'systemd ignores "{line.text}": no export in an EnvironmentFile'
            yield Conflict("export", Severity.USELESS, message, (line.origin,))
    if effective.texts.needs_reload:
        message = "the unit was changed; until `systemctl daemon-reload` a restart uses the old one"
        yield Conflict("daemon-reload", Severity.SURPRISING, message, (effective.service.origin,))


def find_stray_words(effective: Effective) -> Iterator[Conflict]:
    """The daemon takes only flags: a bare host in INSECURE_REGISTRY makes 1.13.1 exit
    with status 1 (tried)."""
    for word in effective.command.strays:
        message = f'"{word.text}" belongs to no flag (the variable must hold it: --insecure-registry {word.text})'
        yield Conflict("stray-word", Severity.STOPS, message, (word.origin,))


def find_incomplete_flags(effective: Effective) -> Iterator[Conflict]:
    """An empty --add-registry at the end of the line breaks the start (openshift-ansible PR
    #509)."""
    for word in effective.command.incomplete:
        yield Conflict("flag-without-value", Severity.STOPS, f"{word.text} lacks its value", (word.origin,))


def find_unknown_flags(effective: Effective) -> Iterator[Conflict]:
    """Tried on 20.10.24: "unknown flag". An option may be unknown to this version only."""
    for flag in effective.command.flags:
        option = BY_FLAG.get(flag.name)
        if option is None or not option.is_known_to(effective.engine):
            message = f"{effective.engine} knows no flag --{flag.name}"
            yield Conflict("unknown-flag", Severity.STOPS, message, (flag.origin,))


def find_bad_file(effective: Effective) -> Iterator[Conflict]:
    """An empty file is fatal on 1.13.1 (tried) and 20.10.24, bad JSON everywhere; on SIGHUP it is
    only logged."""
    file = effective.file
    if file.error:
        yield Conflict("bad-json", Severity.STOPS, f"the daemon cannot read it: {file.error}", (Origin(file.path),))
    elif not file.is_there and file.path and effective.command.of("config-file"):  # an empty path means no file
        places = (effective.command.of("config-file")[-1].origin,)
        yield Conflict("bad-json", Severity.STOPS, f"--config-file: there is no {file.path}", places)


def find_unknown_keys(effective: Effective) -> Iterator[Conflict]:
    """Unknown keys are fatal at start: `data-root` on 1.13.1 (tried), `graph` on 26.1.5.

    A flag's name is not an unknown key, though nobody reads it where the key is called otherwise:
    of "insecure-registry" no engine says a word (source: `findConfigurationConflicts`; tried on
    20.10.24 and 28.5.2).
    """
    known = [option for option in OPTIONS if option.is_known_to(effective.engine)]
    keys, flags = {option.key for option in known}, {option.flag: option.key for option in known if option.is_flag}
    for key in effective.file.values:
        if key in flags and key not in keys:
            message = f'"{key}" is the flag\'s name, and does nothing here; the key is "{flags[key]}"'
            yield Conflict("key-of-flag", Severity.USELESS, message, (effective.file.origin(key),))
        elif key not in keys:
            message = f'{effective.engine} knows no key "{key}"'
            yield Conflict("unknown-key", Severity.STOPS, message, (effective.file.origin(key),))


def find_double_settings(effective: Effective) -> Iterator[Conflict]:
    """One directive as flag and key is fatal at start (docker/for-linux#327); a SIGHUP only logs
    it, so the reload looks well and the next start fails. `runtimes` may stand twice since 20.10
    (tried on 20.10.24)."""
    for key in effective.file.values:
        flags = effective.command.of(key)
        if flags and not (key == "runtimes" and effective.engine.is_at_least(20, 10)):
            places = (*dict.fromkeys(flag.origin for flag in flags), effective.file.origin(key))
            message = f'--{flags[0].name} and the key "{key}" are both set; a restart fails, a reload only logs it'
            yield Conflict("flag-and-key", Severity.STOPS, message, places)


RULES = (
    find_unit_faults,
    find_stray_words,
    find_incomplete_flags,
    find_unknown_flags,
    find_bad_file,
    find_unknown_keys,
    find_double_settings,
)
