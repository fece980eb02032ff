"""Names of added registries: whether Red Hat's engine can put one before a short name.

It joins the two and reads them as one reference (source: `QualifyUnqualifiedReference`,
`isValidHostname`), whose grammar knows no address in brackets. What it does of each kind was tried
on 1.13.1, 7d71120.
"""

from __future__ import annotations

from mooring.engines.docker.insecure import NAME, has_hyphen


def find_problem(name: str) -> str:
    """Why it cannot stand before a short name; empty where it can."""
    if "/" not in name and ("." in name or ":" in name or name == "localhost") and NAME.fullmatch(name):
        return ""
    return _problem(name)


def _problem(name: str) -> str:
    if not name:
        return "is empty"
    if "://" in name:
        return f"has a scheme ({name.partition('://')[0]}://)"
    if "/" in name:
        return "has a path behind its host"
    if "*" in name:
        return "has a wildcard"
    if name.endswith((".", ":")):
        return f"ends with a {'dot' if name.endswith('.') else 'colon'}"
    if "[" in name:
        return "is an address in brackets"
    if has_hyphen(name):
        return "begins or ends with a hyphen"
    return "is not a host[:port]" if "." in name or ":" in name else "has no dot and no port"
