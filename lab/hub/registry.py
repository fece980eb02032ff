"""registry-1.docker.io: whoever has a token pulls, manifests within the limit, blobs
from another host."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from lab.hub.backend import Backend
from lab.hub.blobs import make_url
from lab.hub.knobs import Knobs
from lab.hub.limits import Limits
from lab.hub.messages import TOO_MANY, VERSION, Answer, Request, answer_json, refuse
from lab.hub.tokens import Claims, Signer, TokenError

_NAME = r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
_RESOURCE = re.compile(rf"/v2/({_NAME})/(manifests|blobs|tags|referrers)/([^/]+|uploads/.*)")
_ACTIONS = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}
_PUSH = "pull,push"


@dataclass(frozen=True)
class Places:
    """What the registry tells clients of the others: the token service's URL, its name for itself,
    the blobs' host."""

    realm: str
    service: str
    blobs_url: str


class Registry:
    """Answers the requests for /v2/."""

    def __init__(self, backend: Backend, signer: Signer, places: Places) -> None:
        self.backend, self.signer, self.places = backend, signer, places
        self.limits = Limits()

    def answer(self, request: Request, knobs: Knobs, edition: str) -> Answer:
        """EDITION changes when the knobs were written."""
        resource = _RESOURCE.fullmatch(request.path)
        is_base, is_catalog = request.path in ("/v2/", "/v2"), request.path == "/v2/_catalog"
        if not (resource or is_base or is_catalog):
            return refuse(404, "NOT_FOUND", "page not found")
        repository = resource[1] if resource else ""
        action = _ACTIONS.get(request.method, _PUSH)
        scope = f"repository:{repository}:{action}" if resource else "registry:catalog:*" if is_catalog else ""
        scheme, token = request.credentials
        try:
            claims = self.signer.read_token(token) if scheme == "bearer" else None
        except TokenError:
            return self._challenge(scope, "invalid_token", request)
        if claims is None:
            return self._challenge(scope, "", request)
        if scope and not claims.may(repository, action):
            return self._challenge(scope, "insufficient_scope", request)
        if resource is None:
            return answer_json(200, {}, VERSION)
        answer = self._serve(request, resource, claims, (knobs, edition))
        answer.account = claims.account
        return answer

    def _serve(self, request: Request, resource: re.Match[str], claims: Claims, setting: tuple[Knobs, str]) -> Answer:
        """What somebody who may pull gets."""
        repository, kind, reference = resource.groups()
        if kind == "manifests":
            return self._serve_manifest(request, claims, *setting)
        if kind != "blobs":
            return self.backend.forward(request, request.method, request.target)
        if not self.backend.has(request.path):
            return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry", {"digest": reference})
        url = make_url(self.places.blobs_url, self.signer, (repository, reference), setting[0].url_seconds)
        return Answer(307, [("Location", url), VERSION], f'<a href="{url}">Temporary Redirect</a>.\n\n'.encode())

    def _serve_manifest(self, request: Request, claims: Claims, knobs: Knobs, edition: str) -> Answer:
        counts = request.method == "GET"
        limit = knobs.account_rate_limit if claims.account else knobs.rate_limit
        key = f"account {claims.account}" if claims.account else request.client
        standing = self.limits.take(key, limit, counts, knobs, edition)
        if standing.is_granted:
            answer = self.backend.forward(request, request.method, request.target)
        else:
            after = standing.resets_in if knobs.retry_after is None else knobs.retry_after
            answer = refuse(429, "TOOMANYREQUESTS", TOO_MANY[claims.account != ""], None, ("Retry-After", str(after)))
        answer.headers += standing.headers(_source(request, claims))
        answer.counted, answer.remaining = counts and standing.is_granted, standing.remaining
        return answer

    def _challenge(self, scope: str, error: str, request: Request) -> Answer:
        """401, and where a token is to be had; as Docker Hub's, with the reason where one was
        sent."""
        fields = {"realm": self.places.realm, "service": self.places.service, "scope": scope, "error": error}
        challenge = "Bearer " + ",".join(f'{name}="{value}"' for name, value in fields.items() if value)
        detail = None
        if scope:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            detail = [{"Type": kind, "Class": "", "Name": name, "Action": action} for action in actions.split(",")]
        headers = [("WWW-Authenticate", challenge)]
        if "/manifests/" in request.path:
            headers.append(("docker-ratelimit-source", request.client))
        return refuse(401, "UNAUTHORIZED", "authentication required", detail, *headers)


def _source(request: Request, claims: Claims) -> str:
    """Whose limit it is: an address, or what stands for the account."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, claims.account)) if claims.account else request.client
