"""Insecure registries: what an engine refuses, and what it makes of the others.

1.13.1 accepts anything (but a hyphen at either end of a flag's value), and what is neither a
host nor a network matches nothing (tried). Docker's own takes http:// and https:// off with a
warning, and refuses what is neither (`loadInsecureRegistries`; tried on 20.10.5, 20.10.24,
26.1.5 and 28.5.2).
"""

from __future__ import annotations

import re

from mooring.engines.docker.engine import Engine
from mooring.engines.go_net import is_ip, parse_network, parse_number, split_host_port
from mooring.records.hub import HUB, HUB_INDEX

PART = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
NAME = re.compile(rf"{PART}(?:\.{PART})*(?::[0-9]+)?")
BRACKETED = re.compile(r"\[[a-fA-F0-9:]+\](?::[0-9]+)?")


def is_strict(engine: Engine) -> bool:
    """Whether the engine refuses what is neither a host nor a network."""
    return engine.is_at_least(17, 4)


def drops_all(engine: Engine) -> bool:
    """Whether one entry of the file with a hyphen at an end takes all insecure registries away when
    the engine starts, without a word, 127.0.0.0/8 included (source: `LoadInsecureRegistries` of
    1.13, whose error nobody looks at)."""
    return engine.version >= (1, 13) and not is_strict(engine)


def has_hyphen(text: str) -> bool:
    """Whether it begins or ends with a hyphen, which 1.13.1 refuses as a flag."""
    return text != HUB_INDEX and (text.startswith("-") or text.endswith("-"))


def taken(text: str, engine: Engine, is_flag: bool) -> str:
    """The entry as the engine uses it: a network in its usual form, newer ones without the
    scheme."""
    if is_flag and text == HUB_INDEX:
        return HUB
    if is_strict(engine):
        scheme, separator, rest = text.partition("://")
        text = rest if separator and scheme.lower() in ("http", "https") else text
    return parse_network(text) or text


def find_problem(text: str, engine: Engine, is_flag: bool = False) -> str:
    """What speaks against the entry, whether or not the engine says so; empty where it is fine."""
    if has_hyphen(text):
        return "begins or ends with a hyphen"
    return "" if _names_registry(taken(text, engine, is_flag), engine) else "is neither host[:port] nor a network"


def _names_registry(text: str, engine: Engine) -> bool:
    """Whether the entry is host[:port] or a network, its scheme taken off."""
    if parse_network(text):
        return True
    split = split_host_port(text)
    host, port = split or (text, "")
    # Addresses in brackets without a port since the reference grammar knows them.
    is_name = NAME.fullmatch(text) or (engine.is_at_least(23) and BRACKETED.fullmatch(text))
    if not is_name and not is_ip(host):
        return False
    number = parse_number(port) if port else 0
    return number is not None and 0 <= number <= 65535
