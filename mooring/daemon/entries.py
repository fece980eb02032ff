"""The rules about single entries: mirrors and insecure registries, each by version and by the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from mooring.daemon.conflicts import Conflict, Severity
from mooring.daemon.effective import Effective
from mooring.daemon.endpoints import CERTIFICATES
from mooring.daemon.origin import Origin, Placed
from mooring.daemon.registries import by_files, is_address, is_network

SLASH = "has a slash behind its host"
HOST = re.compile(r"[A-Za-z0-9.-]+$")


def find_bad_mirrors(effective: Effective) -> Iterator[Conflict]:
    """A mirror is scheme://host[:port].

    Red Hat's 1.13.1 and docker 1.13 look at the flag only, and refuse even a slash behind it; in the file nobody
    looks (tried). From 17.04 on (moby PR #29650) flag and file are judged alike, and one slash is allowed. 20.10.24
    refuses a path, 26.1.5 and 28.5.2 take one; user names, queries and fragments are refused by all three (asked).
    """
    for value in effective.values("registry-mirrors"):
        problem = _mirror_problem(value.text, effective)
        if not problem:
            if not urlsplit(value.text).netloc:
                message = f'mirror "{value.text}" names no host'
                yield Conflict("mirror", Severity.USELESS, message, (value.origin,))
        elif _is_judged(value, effective):
            yield Conflict("mirror", Severity.STOPS, f'mirror "{value.text}" {problem}', (value.origin,))
        elif "://" not in value.text:
            message = f'mirror "{value.text}" {problem}; this engine does not say so and takes https://{value.text}'
            yield Conflict("mirror", Severity.SURPRISING, message, (value.origin,))
        elif problem != SLASH:  # which does no harm there
            message = f'mirror "{value.text}" {problem}; this engine does not say so, and asks there all the same'
            yield Conflict("mirror", Severity.SURPRISING, message, (value.origin,))


def _is_judged(value: Placed, effective: Effective) -> bool:
    is_flag = any(flag.origin == value.origin for flag in effective.command.of("registry-mirrors"))
    return is_flag or effective.engine.is_at_least(17, 4)


def _mirror_problem(text: str, effective: Effective) -> str:
    if not _is_url(text):
        return "is no URL"
    parts = urlsplit(text)
    # 20.10.24 and 26.1.5 take http:m for a URL, 28.5.2 and 1.13.1 in its file do not.
    is_whole = "://" in text or (effective.engine.is_at_least(17, 4) and not effective.engine.is_at_least(28))
    if parts.scheme not in ("http", "https") or not is_whole:
        return "has no scheme http:// or https://"
    return _mirror_rest(parts, effective)


def _is_url(text: str) -> bool:
    """Whether the host and port are such; the daemon does not mind a port above 65535."""
    try:
        host = urlsplit(text).netloc.rpartition("@")[2]
    except ValueError:
        return False
    port = host.rpartition("]")[2].rpartition(":")
    return not port[1] or port[2] == "" or port[2].isdigit()


def _mirror_rest(parts: SplitResult, effective: Effective) -> str:
    if parts.query or parts.fragment:
        return "has a query or fragment behind its host"
    if parts.username is not None:
        return "has a user name, which mirrors cannot have (moby#30880)"
    if not effective.engine.is_at_least(17, 4) and parts.path:
        return SLASH if parts.path == "/" else "has a path behind its host"
    if parts.path.startswith("/") and parts.path != "/" and not effective.engine.is_at_least(23):
        return "has a path behind its host"
    return ""


def find_bad_insecure_entries(effective: Effective) -> Iterator[Conflict]:
    """An insecure entry is host[:port] or a network.

    1.13.1 accepts anything, and what is neither matches nothing (tried). Docker's own takes http:// and https:// off
    with a warning, and refuses other schemes, paths, commas, an empty host (asked of 20.10.24, 26.1.5 and 28.5.2).
    """
    is_strict = effective.engine.is_at_least(17, 4)
    for value in effective.values("insecure-registries"):
        scheme, separator, rest = value.text.rpartition("://")
        bare = rest if is_strict and scheme.lower() in ("http", "https") else value.text
        if not _names_registry(bare):
            severity = Severity.STOPS if is_strict else Severity.USELESS
            message = f'insecure registry "{value.text}" is neither host[:port] nor a network'
            yield Conflict("insecure-entry", severity, message, (value.origin,))
        elif separator:
            message = f'insecure registry "{value.text}" should have no {scheme}://; the engine takes it off'
            yield Conflict("insecure-entry", Severity.SURPRISING, message, (value.origin,))


def _names_registry(text: str) -> bool:
    if is_network(text) or is_address(text):
        return True
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        host, port = text, "1"
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not is_bracketed and (not HOST.match(host) or host[0] == "-" or host[-1] == "-"):
        return False
    return 0 <= int(port) <= 65535


def find_hidden_authorities(effective: Effective) -> Iterator[Conflict]:
    """For an insecure registry certs.d is not read (source: `newTLSConfig`), so its CA and client key do not count."""
    known = by_files(effective)
    entries = {value.text: value.origin for value in effective.values("insecure-registries")}
    for registry, names in sorted(effective.texts.certificates.items()):
        files = [name for name in names if name.endswith((".crt", ".cert"))]
        if files and known.is_insecure(registry):
            place = Origin(f"{CERTIFICATES}/{registry}/{files[0]}")
            origins = [origin for entry, origin in entries.items() if entry.rpartition("://")[2] == registry]
            message = f"{registry} is insecure, so this file is not read: nothing is verified, no client key is shown"
            yield Conflict("insecure-and-ca", Severity.SURPRISING, message, (*origins, place))


RULES = (find_bad_mirrors, find_bad_insecure_entries, find_hidden_authorities)
