"""Mirrors of Docker Hub: what an engine refuses, and what it makes of the others.

Red Hat's 1.13.1 and docker 1.13 look at the flag only, and refuse even a slash behind it; in the
file nobody looks (tried). From 17.04 on (moby PR #29650, `ValidateMirror`) flag and file are judged
alike, the flag's value twice: once as it is given, and once more with the slash that the first time
put behind it.
"""

from __future__ import annotations

from mooring.engines.docker.engine import Engine
from mooring.engines.go_net import Url, has_ipv6, parse_url

SLASH = "has a slash behind its host"
SCHEMES = ("http://", "https://")
NO_SCHEME = "has no scheme http:// or https://"


def judges_files(engine: Engine) -> bool:
    """Whether the engine looks at mirrors in daemon.json too."""
    return engine.is_at_least(17, 4)


def find_problem(text: str, engine: Engine, is_flag: bool) -> str:
    """What an engine that looks has against the mirror; empty where it is fine."""
    problem = _problem(text, engine)
    if not problem and is_flag and judges_files(engine):
        return _problem(_slashed(text), engine)
    return problem


def taken(text: str, engine: Engine, is_flag: bool) -> str:
    """The mirror as the engine uses it, but for the slash behind it.

    1.13.1 speaks https to one without a scheme in the file; of a flag it takes
    only scheme and host.
    """
    if judges_files(engine):
        return text.removesuffix("/")
    url = parse(text, engine) if is_flag else None
    if url:
        return f"{url.scheme}://{url.host}"
    return (text if text.startswith(SCHEMES) else f"https://{text}").removesuffix("/")


def parse(text: str, engine: Engine) -> Url | None:
    """The URL as the engine's own Go reads it."""
    return parse_url(text, is_old=not judges_files(engine))


def _slashed(text: str) -> str:
    return text.removesuffix("/") + "/"


def _problem(text: str, engine: Engine) -> str:
    # Docker 28.3 and later look for "://" first (moby PR #50233).
    if engine.is_at_least(28, 3) and not text.partition("://")[1]:
        return NO_SCHEME
    url = parse(text, engine)
    # Go has looked into brackets since October 2025, when docker 28.5.1 was built (tried on
    # 28.5.2).
    if url is None or (engine.is_at_least(28, 5, 1) and url.host.startswith("[") and not has_ipv6(url.host)):
        return "is not a URL"
    if url.scheme not in ("http", "https"):
        return NO_SCHEME
    return _rest_problem(url, engine)


def _rest_problem(url: Url, engine: Engine) -> str:
    if url.query or url.fragment:
        return "has a query or fragment behind its host"
    if not judges_files(engine):
        return ("" if not url.path else SLASH) if url.path in ("", "/") else "has a path behind its host"
    # Allowed since 25.0 and 24.0.8 (moby PRs #46594, #46944).
    has_path = url.path not in ("", "/")
    if has_path and not (engine.is_at_least(25) or (engine.is_at_least(24, 0, 8))):
        return "has a path behind its host"
    return "has a user name, which mirrors cannot have (moby#30880)" if url.user is not None else ""
