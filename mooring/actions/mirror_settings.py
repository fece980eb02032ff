"""Refuse settings of the mirror that cannot hold, before any host is touched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.actions.call import Call, Reply
from mooring.certificates.names import strip_port
from mooring.errors import SourceError
from mooring.files.reading import LARGEST_SETTING, read_text
from mooring.templating.mirror_names import is_address, is_host
from mooring.templating.mirror_upstreams import find_problems
from mooring.templating.refusals import refuse

ARGS = {
    "registry_names": {"type": "list", "elements": "str", "required": True},
    "mirror_names": {"type": "list", "elements": "str", "required": True},
    "upstreams": {"type": "list", "default": []},
    "own_namespaces": {"type": "list", "elements": "str", "default": []},
}
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9._:/-]*[a-z0-9])?", re.ASCII)
OTHERS = 0o077


def run(call: Call) -> Reply:
    """Every problem is a sentence with the variable's name; nothing on a host is asked or
    changed."""
    args = call.args
    problems = [f"mirror_names: {text}" for text in find_name_problems(args["mirror_names"], args["registry_names"])]
    problems += [f"mirror_upstreams: {text}" for text in find_problems(args["upstreams"])]
    problems += [
        f'mirror_own_namespaces: "{name}" is none: write how a repository\'s name begins, such as acme or ghcr.io/acme'
        for name in args["own_namespaces"]
        if not _NAMESPACE.fullmatch(name)
    ]
    if args["mirror_names"] and not problems:
        problems = [f"mirror_upstreams: {text}" for text in _find_account_problems(call)]
    if problems:
        return {"changed": False, "failed": True, "msg": "\n".join(problems)}
    return {"changed": False, "msg": "the mirror's settings can hold"}


def find_name_problems(mirror_names: list[str], registry_names: list[str]) -> Iterator[str]:
    """What is wrong with the mirror's names; nginx tells names apart without their ports."""
    known = {strip_port(name).lower().removesuffix("."): name for name in registry_names}
    for name in mirror_names:
        host = strip_port(name).lower().removesuffix(".")
        if host in known:
            yield (
                f"{name} is a name of the registry too (registry_names): the mirror needs one of its own, "
                f"such as mirror.{known[host]}"
            )
        elif is_address(host):
            yield f"{name} is an address, by which the server is the registry: the mirror needs a name of its own"
        elif not is_host(host):
            yield f'"{name}" is no name of a host'


def _find_account_problems(call: Call) -> Iterator[str]:
    """Passwords that are not there, or that others may read; never what they are."""
    for upstream in call.args["upstreams"]:
        registry, variable = upstream["registry"], str(upstream.get("password_env") or "")
        if variable and not os.environ.get(variable):
            yield f"{registry}: password_env: the environment has no {variable}, or an empty one: export {variable}=…"
        if upstream.get("password_file"):
            yield from _find_file_problems(call, upstream)


def _find_file_problems(call: Call, upstream: Mapping[str, Any]) -> Iterator[str]:
    name, place = str(upstream["password_file"]), f"{upstream['registry']}: password_file"
    try:
        refuse(name, "it", None)
        path = call.find(name, "files")
        mode = path.stat().st_mode & 0o777
        text = read_text(path, LARGEST_SETTING)
    except SourceError as error:
        yield f"{place}: {error.message}" + (f" ({error.hint})" if error.hint else "")
        return
    except OSError as error:
        yield f"{place}: {name}: {error.strerror}"
        return
    if mode & OTHERS:
        yield f"{place}: others may read {path} (mode {mode:04o}): chmod 600 it"
    elif len(text.strip().splitlines()) != 1:
        yield f"{place}: {path} must hold the password, in one line"
