"""auth.docker.io: who says what may be pulled by whom, for some minutes. Nobody may push."""

from __future__ import annotations

import base64
import binascii
import datetime
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs

from lab.hub.backend import Backend
from lab.hub.knobs import Knobs
from lab.hub.messages import Answer, Request, answer_json
from lab.hub.tokens import Claims, Signer


class TokenService:
    """Answers the requests for tokens.

    As Docker Hub's it never says no to a scope: the token then just lacks it, also where there is
    no such repository.
    """

    def __init__(self, signer: Signer, backend: Backend) -> None:
        self.signer, self.backend = signer, backend

    def answer(self, request: Request, knobs: Knobs) -> Answer:
        """GET with Basic or without, or POST with a form (OAuth 2, grant_type=password)."""
        if request.method == "GET":
            name, password = _read_basic(request)
            scopes: Sequence[str] = request.query.get("scope", ())
        elif request.method == "POST":
            form = parse_qs(request.body.decode(errors="replace"))
            first = {key: values[0] for key, values in form.items()}
            if first.get("grant_type") != "password":
                return answer_json(400, {"error": "unsupported_grant_type"})
            name, password = first.get("username", ""), first.get("password", "")
            scopes = form.get("scope", ())
        else:
            return Answer(405, [("Allow", "GET, POST")])
        if name or password or "Authorization" in request.headers:
            expected = (knobs.accounts or {}).get(name)
            if expected is None or not hmac.compare_digest(expected.encode(), password.encode()):
                return answer_json(401, {"details": "incorrect username or password"})
        return self._grant(name, " ".join(scopes).split(), knobs)

    def _grant(self, account: str, scopes: Iterable[str], knobs: Knobs) -> Answer:
        access = {}
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            hidden = knobs.is_private(name) and not account
            if (
                kind == "repository"
                and "pull" in actions.split(",")
                and not hidden
                and self.backend.has(f"/v2/{name}/tags/list")
            ):
                access[name] = ("pull",)
        token = self.signer.make_token(Claims(account, access), knobs.token_seconds)
        now = datetime.datetime.now(datetime.timezone.utc)
        value = {
            "token": token,
            "access_token": token,
            "expires_in": knobs.token_seconds,
            "issued_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        answer = answer_json(200, value)
        answer.account = account
        return answer


def _read_basic(request: Request) -> tuple[str, str]:
    """Name and password of the Authorization header; two empty texts where they cannot be read."""
    scheme, value = request.credentials
    if scheme != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
