"""The rules about values of the right kind that no daemon takes: a label without "=", a resolver
that is a name.

Tried on 20.10.5, 20.10.24, 26.1.5 and 28.5.2, and read in `config.Validate` where versions differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.daemon_json import BLANK
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.type_rules import TRUE
from mooring.engines.go_net import is_ip, without_zeros
from mooring.engines.origin import Placed

LEVELS = ("panic", "fatal", "error", "warn", "info", "debug", "trace")
LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")
ENDING = ("help", "version", "validate")


def find_ending_words(effective: Effective) -> Iterator[Conflict]:
    """--help, --version and --validate print and end; the last one does so as a
    key of the file too."""
    flags = [flag for flag in effective.command.flags if flag.name in ENDING and flag.value in TRUE]
    for flag in flags:
        yield _stops("prints-and-ends", f"--{flag.name} makes the daemon print and end", Placed("", flag.origin))
    if effective.file.values.get("validate") is True:
        place = Placed("", effective.file.origin("validate"))
        yield _stops("prints-and-ends", '"validate" makes the daemon look at the file and end', place)


def find_refused_values(effective: Effective) -> Iterator[Conflict]:
    """What the engine says at start: bad attribute format, is not an ip address,
    invalid logging level, …"""
    for label in effective.values("labels"):
        if "=" not in label.text:
            yield _stops("bad-value", f'label "{label.text}" is not name=value', label)
    for address in effective.values("dns"):
        text = address.text.strip(BLANK)
        # Newer ones take an empty text, and in the file white space no more (tried on 20.10.24 and
        # 26.1.5).
        if not effective.is_flag(address) and effective.engine.is_at_least(25):
            text = address.text
        if not text and effective.engine.is_at_least(25):
            continue
        # Zeros in front are refused since Go 1.17, which builds docker since 20.10.16.
        if not is_ip(text if effective.engine.is_at_least(20, 10, 16) else without_zeros(text)):
            yield _stops("bad-value", f'dns "{address.text}" is not an address', address)
    for number in effective.values("max-download-attempts"):
        if number.text == "0" and (20, 10) <= effective.engine.version < (23,):
            yield _stops("bad-value", "max-download-attempts is 0", number)
    for key in ("max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"):
        for number in effective.values(key):
            if number.text.startswith("-") and effective.is_flag(number):
                yield _stops("bad-value", f"{key} {number.text} is below 0", number)


def find_bad_hosts(effective: Effective) -> Iterator[Conflict]:
    """A flag that was taken for -H's value; looked at when the daemon starts, and not when it reads
    the file again."""
    for host in effective.values("hosts"):
        if host.text.startswith("-"):
            yield _stops("bad-value", f'"{host.text}" was taken for the host to listen at', host)


def find_bad_levels(effective: Effective) -> Iterator[Conflict]:
    """Before 25.0 looked at when the daemon starts, and not when it reads the file again (source:
    `SetLogLevel`)."""
    for level in effective.values("log-level"):
        # 20.10.24 takes "warning" too, 26.1.5 does not.
        is_old = level.text.lower() == "warning" and not effective.engine.is_at_least(25)
        levels = LEVELS if effective.engine.is_at_least(18, 9) else LEVELS[:-1]  # 1.13.1 has none below debug
        if level.text and level.text.lower() not in levels and not is_old:
            yield _stops("bad-value", f'log-level "{level.text}" is none of {", ".join(levels)}', level)


def find_bad_domains(effective: Effective) -> Iterator[Conflict]:
    """A search domain has letters, no white space, and a hyphen at no end of a part (source:
    `ValidateDNSSearch`)."""
    for domain in effective.values("dns-search"):
        text = domain.text.strip(" ")
        is_domain = DOMAIN.fullmatch(text) and re.search("[a-zA-Z]", text) and len(text.removesuffix(".")) < 255
        if text != "." and not is_domain:
            yield _stops("bad-value", f'dns-search "{domain.text}" is not a domain', domain)


def find_values_that_newer_engines_refuse(effective: Effective) -> Iterator[Conflict]:
    """26.1.5 refuses a negative mtu, 28.5.2 also a half exec-opt and any api-cors-header; 20.10.24
    none of them."""
    for header in effective.values("api-cors-header"):
        if header.text and effective.engine.is_at_least(28):
            yield _stops("bad-value", "api-cors-header has been removed from the engine", header)
    for mtu in effective.values("mtu"):
        if mtu.text.startswith("-") and effective.engine.is_at_least(23):
            yield _stops("bad-value", f"mtu {mtu.text} is below 0", mtu)
    for option in effective.values("exec-opts"):
        name, _, value = option.text.partition("=")
        if not (name.strip() and value.strip()) and effective.engine.is_at_least(28):
            yield _stops("bad-value", f'exec-opt "{option.text}" is not name=value', option)


def find_labels_twice(effective: Effective) -> Iterator[Conflict]:
    """One label with two values; 1.13 only warns (source: `GetConflictFreeLabels`)."""
    first: dict[str, Placed] = {}
    for label in effective.values("labels"):
        name, _, value = label.text.partition("=")
        other = first.setdefault(name, label)
        if other.text != label.text and effective.engine.is_at_least(17, 12):
            places = (other.origin, label.origin)
            message = f'label "{name}" has two values, {other.text.partition("=")[2]} and {value}'
            yield Conflict("bad-value", Severity.STOPS, message, places)


def _stops(rule: str, message: str, value: Placed) -> Conflict:
    return Conflict(rule, Severity.STOPS, message, (value.origin,))


RULES = (
    find_ending_words,
    find_refused_values,
    find_bad_hosts,
    find_bad_levels,
    find_bad_domains,
    find_values_that_newer_engines_refuse,
    find_labels_twice,
)
