"""What the hub signs: tokens that say what may be pulled, and URLs of blobs. Both expire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_HEADER = {"alg": "HS256", "typ": "JWT"}


class TokenError(Exception):
    """The token is none of ours, or too old."""


@dataclass(frozen=True)
class Claims:
    """What a token says: whose it is ("" without an account), and {repository: actions}."""

    account: str
    access: Mapping[str, tuple[str, ...]]

    def may(self, repository: str, action: str) -> bool:
        """Whether the token is good for ACTION there."""
        return action in self.access.get(repository, ())


class Signer:
    """Signs and checks with one secret; another secret (that of another start)
    makes all of it void."""

    def __init__(self, service: str, secret: bytes = b"", clock: Callable[[], float] = time.time) -> None:
        self.service, self.clock = service, clock
        self._secret = secret or secrets.token_bytes(32)

    def make_token(self, claims: Claims, seconds: int) -> str:
        """A JSON web token, as Docker Hub's are."""
        now = int(self.clock())
        access = [
            {"type": "repository", "name": name, "actions": list(actions)} for name, actions in claims.access.items()
        ]
        payload = {
            "access": access,
            "aud": self.service,
            "exp": now + seconds,
            "iat": now,
            "iss": "auth.docker.io",
            "jti": secrets.token_urlsafe(9),
            "nbf": now,
            "sub": claims.account,
        }
        text = ".".join(_encode(json.dumps(part).encode()) for part in (_HEADER, payload))
        return f"{text}.{self._sign(text)}"

    def read_token(self, token: str) -> Claims:
        """What TOKEN says; TokenError where it does not hold."""
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(text).encode()):
            raise TokenError("not signed by this hub")
        payload = json.loads(base64.urlsafe_b64decode(text.partition(".")[2] + "=="))
        if payload["exp"] <= self.clock():
            raise TokenError("expired")
        return Claims(payload["sub"], {entry["name"]: tuple(entry["actions"]) for entry in payload["access"]})

    def sign_path(self, path: str, seconds: int) -> str:
        """`EXPIRY-SIGNATURE` for PATH."""
        expiry = int(self.clock()) + seconds
        return f"{expiry}-{self._sign(f'{expiry} {path}')}"

    def is_signed(self, path: str, verify: str) -> bool:
        """Whether VERIFY is our signature of PATH and has not expired."""
        expiry, _, signature = verify.partition("-")
        good = hmac.compare_digest(signature.encode(), self._sign(f"{expiry} {path}").encode())
        return good and int(expiry) > self.clock()

    def _sign(self, text: str) -> str:
        return _encode(hmac.new(self._secret, text.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
