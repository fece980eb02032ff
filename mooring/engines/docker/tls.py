"""The rule about TLS: switched on, it needs a certificate and its key, or the daemon ends before it
does anything else.

Tried on 20.10.5, 20.10.24, 26.1.5, 28.5.2 and of Red Hat's 1.13.1 (7d71120).
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.type_rules import TRUE

VERIFY, ON, FILES = "tlsverify", "tls", ("tlscert", "tlskey")


def find_tls_without_files(effective: Effective) -> Iterator[Conflict]:
    """ "Could not load X509 key pair": tlsverify switches TLS on by being there,
    also as false or null.

    Where nobody names the files the engine looks below $DOCKER_CERT_PATH or ~/.docker, which is not
    looked at here; a daemon that runs with them is told by evidence.py.
    """
    places = [flag.origin for flag in effective.command.of(VERIFY)]
    if VERIFY in effective.file.values:
        places.append(effective.file.origin(VERIFY))
    places += [value.origin for value in effective.values(ON)[-1:] if value.text in TRUE]
    missing = [key for key in FILES if not any(value.text for value in effective.values(key))]
    if places and missing:
        yield Conflict("tls-files", Severity.STOPS, _message(effective, missing), tuple(dict.fromkeys(places)))


def _message(effective: Effective, missing: list[str]) -> str:
    is_verify = VERIFY in effective.file.values or effective.command.of(VERIFY)
    cause = f"{VERIFY} switches TLS on, whatever its value" if is_verify else "TLS is on"
    return f"{cause}, and nobody names {' and '.join(missing)}: it could not load its X509 key pair"


RULES = (find_tls_without_files,)
