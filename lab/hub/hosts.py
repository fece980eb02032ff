"""Docker Hub's hosts: which of them a request is for, and what all of them say on a bad day."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from lab.hub.backend import Backend, BackendError
from lab.hub.blobs import PREFIX, BlobHost
from lab.hub.knobs import Knobs
from lab.hub.messages import TOO_MANY, Answer, Request, refuse
from lab.hub.registry import Places, Registry
from lab.hub.token_service import TokenService
from lab.hub.tokens import Signer

_USUAL_PORTS = ("", "80", "443")


class Hub:
    """All parts; which one answers is told by the request's host and path."""

    def __init__(self, backend: Backend, places: Places, names: Sequence[str]) -> None:
        signer = Signer(places.service)
        self.registry = Registry(backend, signer, places)
        self.tokens, self.blobs = TokenService(signer, backend), BlobHost(backend, signer)
        self.names = set(names)
        realm = urlsplit(places.realm)
        self.token_place = (_authority(realm.netloc), realm.path)
        self.blobs_authority = _authority(urlsplit(places.blobs_url).netloc)

    def answer(self, request: Request, knobs: Knobs, edition: str) -> Answer:
        """What the host that REQUEST is for says on a good day; EDITION changes when the
        knobs were written."""
        authority = _authority(request.host)
        try:
            if (authority, request.path) == self.token_place:
                return self.tokens.answer(request, knobs)
            if authority == self.blobs_authority and request.path.startswith(PREFIX):
                return self.blobs.answer(request)
            if not self.names or authority.partition(":")[0] in self.names:
                return self.registry.answer(request, knobs, edition)
        except BackendError as error:
            return refuse(503, "UNAVAILABLE", str(error))
        return refuse(404, "NOT_FOUND", f"{authority} has no {request.path}")


def _authority(host: str) -> str:
    """HOST as in URLs and Host headers, in lower case, without a port that is a usual one."""
    name, _, port = host.lower().partition(":")
    return name if port in _USUAL_PORTS else f"{name}:{port}"


def answer_in_trouble(knobs: Knobs) -> Answer:
    """What everybody gets while `answer` is set."""
    assert knobs.answer is not None
    after = [] if knobs.retry_after is None else [("Retry-After", str(knobs.retry_after))]
    if knobs.answer == 429:
        return refuse(429, "TOOMANYREQUESTS", TOO_MANY[0], None, *after)
    page = f"<html><body><h1>{knobs.answer}</h1>\nThe hub is told to answer so.\n</body></html>\n"
    return Answer(knobs.answer, [("Content-Type", "text/html"), ("Cache-Control", "no-cache"), *after], page.encode())
