"""The real registry behind the hub, asked on behalf of somebody who was let in."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from lab.hub.messages import Answer, Request

_PASSED_ON = ("Accept", "Range", "If-None-Match", "If-Range")
_PASSED_BACK = (
    "Accept-Ranges",
    "Content-Range",
    "Content-Type",
    "Docker-Content-Digest",
    "Docker-Distribution-Api-Version",
    "Etag",
    "Last-Modified",
    "Link",
)
_SECONDS = 60
_WHOLE = 64 * 1024 * 1024


class BackendError(Exception):
    """The registry does not answer; the message says what it did."""


class Backend:
    """The registry at URL (http://HOST:PORT)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80

    def forward(self, request: Request, method: str, target: str, is_stream: bool = False) -> Answer:
        """The registry's answer to METHOD of TARGET, with the headers of REQUEST that matter there.

        IS_STREAM leaves the body to be read by the caller; without it at most 64 MiB are.
        """
        question = {
            name: ", ".join(request.headers.get_all(name, [])) for name in _PASSED_ON if name in request.headers
        }
        response = self._open(method, target, {"Host": request.host, **question})
        headers = [(name, value) for name in _PASSED_BACK if (value := response.headers.get(name)) is not None]
        length = response.headers.get("Content-Length", "")
        if is_stream and length.isdecimal() and method != "HEAD":
            return Answer(response.status, headers, stream=response, size=int(length))
        with response:
            answer = Answer(response.status, headers, response.read(_WHOLE))
        if method == "HEAD" and length.isdecimal():
            answer.size = int(length)
        return answer

    def has(self, target: str) -> bool:
        """Whether the registry has what TARGET names, whatever part or version of it
        somebody asks for."""
        with self._open("GET" if target.endswith("/tags/list") else "HEAD", target, {}) as response:
            return response.status == 200

    def _open(self, method: str, target: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            # One request a connection: whoever closes the response closes the connection.
            connection.request(method, target, headers={**headers, "Connection": "close"})
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise BackendError(f"the registry behind the hub does not answer: {error}") from error
