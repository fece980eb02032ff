"""What registries.service of Red Hat's systems makes of /etc/containers/registries.conf:
flags for dockerd.

It knows the old syntax alone, and the YAML that was before it (source: projectatomic/registries,
registries.py; its first versions failed where there was no search list).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mooring.engines import toml
from mooring.engines.origin import Origin, Placed

# What PyYAML lets through of a scalar that is not what its tag or its look says: "2020-13-45",
# "0x_", "!!bool maybe".
NOT_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
# Characters; PyYAML takes a second for ten times as many.
LARGEST_YAML = 16 * 1024
GENERATED, SOURCE, SERVICE = "/run/containers/registries.conf", "/etc/containers/registries.conf", "registries.service"
LISTS = {"search": "add-registry", "insecure": "insecure-registry", "block": "block-registry"}
OF_YAML = {"registries": "add-registry", "insecure_registries": "insecure-registry", "block_registries": LISTS["block"]}


def written(text: str) -> str | None:
    """The file that the service writes; None where it fails."""
    flags = flags_of(text)
    return (
        None
        if flags is None
        else 'REGISTRIES="{}"\n'.format(" ".join(f"--{flag} {placed.text}" for flag, placed in flags))
    )


def flags_of(text: str) -> list[tuple[str, Placed]] | None:
    """The flags, each with its value and where that stands; None where the service fails, and
    writes nothing."""
    document = toml.parse(text, SOURCE)
    if document.error:
        return _of_yaml(text)
    flags = []
    for name, flag in LISTS.items():
        section = toml.get(document.values, "registries", name)
        values = _names([] if section is None else toml.get(section, "registries"))
        if values is None:
            return None
        flags += [(flag, Placed(value, document.origin("registries", name, "registries"))) for value in values]
    return flags


def _of_yaml(text: str) -> list[tuple[str, Placed]] | None:
    try:
        document = None if _is_bomb(text) else yaml.safe_load(text)
    except NOT_YAML:
        return None
    if not isinstance(document, Mapping | None):
        return None
    lists = {flag: _names(document.get(key, [])) for key, flag in OF_YAML.items()} if document else {}
    if None in lists.values():
        return None
    return [(flag, Placed(name, Origin(SOURCE))) for flag, names in lists.items() for name in names or ()]


def _is_bomb(text: str) -> bool:
    """Whether it is not a list of registries but made to keep its reader busy: merged again and
    again, or huge."""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    return len(text) > LARGEST_YAML or (any("<<" in line for line in lines) and any("*" in line for line in lines))


def _names(value: Any) -> list[str] | None:
    """The names without a slash behind; None where it is not a list of names."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return None
    return [name.rstrip("/") for name in value]
