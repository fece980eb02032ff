"""production.cloudflare.docker.com: blobs by signed URLs that expire, in ranges, and never with an
Authorization."""

from __future__ import annotations

import re
from urllib.parse import quote

from lab.hub.backend import Backend
from lab.hub.messages import Answer, Request
from lab.hub.tokens import Signer

PREFIX = "/registry-v2/docker/registry/v2/blobs/"
_PATH = re.compile(PREFIX + r"sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})/data")
_TWO_WAYS = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
    "or the Authorization header should be specified"
)


def make_url(base: str, signer: Signer, blob: tuple[str, str], seconds: int) -> str:
    """Where the BLOB (repository, digest) is to be had for so many SECONDS, below the URL
    BASE of this host."""
    repository, digest = blob
    hexadecimal = digest.partition(":")[2]
    path = f"{PREFIX}sha256/{hexadecimal[:2]}/{hexadecimal}/data"
    verify = signer.sign_path(f"{path} {repository}", seconds)
    return f"{base}{path}?repository={quote(repository, safe='')}&verify={verify}"


class BlobHost:
    """Answers the requests for blobs."""

    def __init__(self, backend: Backend, signer: Signer) -> None:
        self.backend, self.signer = backend, signer

    def answer(self, request: Request) -> Answer:
        """As S3 and what stands before it do."""
        path, repository = _PATH.fullmatch(request.path), request.first("repository")
        if "Authorization" in request.headers:
            return _refuse(400, "InvalidArgument", _TWO_WAYS)
        if request.method not in ("GET", "HEAD"):
            return _refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if path is None:
            return _refuse(404, "NoSuchKey", "The specified key does not exist.")
        if not self.signer.is_signed(f"{request.path} {repository}", request.first("verify")):
            return _refuse(403, "AccessDenied", "Request has expired, or was not signed here")
        target = f"/v2/{repository}/blobs/sha256:{path[2]}"
        answer = self.backend.forward(request, request.method, target, is_stream=True)
        if answer.status not in (200, 206):
            return _translate(answer)
        answer.headers = [header for header in answer.headers if not header[0].startswith("Docker-")]
        return answer


def _translate(answer: Answer) -> Answer:
    """The registry's refusal as S3 has it; that of 2.8 for a range beyond the end has a wrong
    length besides."""
    if answer.stream:
        answer.stream.close()
    if answer.status == 416:
        return _refuse(416, "InvalidRange", "The requested range is not satisfiable")
    return _refuse(404, "NoSuchKey", "The specified key does not exist.")


def _refuse(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>\n'
    return Answer(status, [("Content-Type", "application/xml")], text.encode())
