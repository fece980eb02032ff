"""What a registry wants before it answers: the challenge in its 401, and the token
service that it names.

A password goes to the registry that it is meant for, or to the token service which that one names;
a token to the registry alone.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from mooring.errors import RegistryError
from mooring.registry.answers import locate, origin_of, path_of, read_object, read_reason
from mooring.registry.pool import Pool
from mooring.registry.transport import Endpoint, Head, shorten

# Each parameter begins where the last one has ended; nothing is looked at twice.
_PARAMETER = re.compile(r'([A-Za-z_]{1,40})\s?=\s?(?:"([^"\\]{0,2000})"|([^\s",]{1,2000}))\s?,?\s?')
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_LONGEST = 8192
# Tells requests of this machine from those that a server makes for its layers.
AGENT = "mooring-control"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Account:
    """Who asks; without a name it is anybody."""

    name: str = ""
    password: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode("ascii")


ANYBODY = Account()


@dataclass(frozen=True)
class Challenge:
    """How a 401 wants to be answered: "bearer" or "basic", and for the former the token
    service's parameters."""

    scheme: str
    parameters: Mapping[str, str]


def read_challenge(answer: Head) -> Challenge | None:
    """The challenge of an answer, the first one that we can meet; None without one."""
    for text in answer.values("WWW-Authenticate"):
        scheme, _, rest = text[:_LONGEST].strip().partition(" ")
        if scheme.lower() not in ("bearer", "basic"):
            continue
        parameters, place = dict[str, str](), 0
        rest = rest.strip()
        while match := _PARAMETER.match(rest, place):
            parameters[match[1].lower()] = match[2] if match[2] is not None else match[3]
            place = match.end()
        return Challenge(scheme.lower(), parameters)
    return None


class Tokens:
    """The tokens of one registry, one for each scope; threads share them."""

    def __init__(self, registry: Endpoint, account: Account, pool: Pool) -> None:
        self._registry, self._account, self._pool = registry, account, pool
        self._headers: dict[str, str] = {}
        self._lock = threading.Lock()

    def header(self, scope: str) -> str:
        """The Authorization header to begin with; empty before the registry has asked for one."""
        return self._headers.get(scope, "")

    def renew(self, scope: str, refused: str, answer: Head) -> str:
        """The header that meets the challenge, in place of the `refused` one, or RegistryError."""
        with self._lock:
            if self._headers.get(scope, "") != refused:  # another thread has renewed it meanwhile
                return self._headers[scope]
            challenge = read_challenge(answer)
            if challenge is None:
                raise RegistryError("HTTP", f"{self._registry.url} answers 401 without a challenge that is understood")
            if challenge.scheme == "basic":
                if not self._account.name or refused:
                    raise RegistryError("HTTP", f"{self._registry.url} {self._unwelcome()}", 401)
                header = self._account.basic
            else:
                header = f"Bearer {self._fetch(challenge, scope)}"
            self._headers[scope] = header
            return header

    def _fetch(self, challenge: Challenge, scope: str) -> str:
        service = locate(self._registry, challenge.parameters.get("realm", ""))
        if service.scheme not in PORTS or not service.hostname:
            realm = shorten(challenge.parameters.get("realm", "")) or "nothing"
            raise RegistryError("HTTP", f"{self._registry.url} names {realm} as its token service")
        if self._registry.scheme == "https" and service.scheme != "https":
            reason = f"{self._registry.url} names a token service without TLS, {shorten(origin_of(service))}"
            raise RegistryError("TLS", reason)
        query = {"service": challenge.parameters.get("service", ""), "scope": scope}
        joint = "&" if service.query else "?"
        path = f"{path_of(service) or '/'}{joint}{urlencode({key: text for key, text in query.items() if text})}"
        place = Endpoint(service.hostname, service.port or PORTS[service.scheme], service.scheme)
        with self._pool.lend(place) as transport:
            headers = {"User-Agent": AGENT}
            headers |= {"Authorization": self._account.basic} if self._account.name else {}
            answer = transport.send("GET", path, None, headers)
        if answer.status in (401, 403):
            raise RegistryError("HTTP", f"{place.url} {self._unwelcome()}", answer.status)
        if answer.status != 200:
            reason = f"{place.url} gives no token: {answer.status}: {read_reason(answer)}"
            raise RegistryError("HTTP", reason, answer.status)
        document = read_object(answer, place.url)
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise RegistryError("HTTP", f"{place.url} answers without a token")
        return token

    def _unwelcome(self) -> str:
        if self._account.name:
            return f"does not take the password of {shorten(self._account.name, 80)}"
        return "wants an account, and none is set (mirror_upstreams: username)"
