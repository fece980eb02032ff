"""The rules that nginx must keep in front of a registry, asked from outside with requests that
leave nothing behind.

Each rule breaks a client in a way of its own when it is not kept; the remedies name
nginx's directive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from mooring.errors import RegistryError
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict
from mooring.registry.answers import API_HEADER, API_VERSION, locate, origin_of, path_of
from mooring.registry.transport import Body, Endpoint, HttpTransport, Response, shorten
from mooring.transport.connection.process import Stream

# Larger than nginx's default client_max_body_size of 1 MiB.
CHUNKS = tuple(bytes(256 * 1024) for _ in range(12))
ODD_PORT = 5443
FOREIGN = "elsewhere.example.com"
ANSWERS = "nginx-answers"
MEND = f"run `{invocation('provision-server')}`, or set in nginx: "


@dataclass
class NginxProbe:
    """Asks nginx at one address, as clients do; `uploads` are those begun, to be cancelled."""

    endpoint: Endpoint
    open_stream: Callable[[], Stream]
    repository: str
    sends_scheme: bool = False
    allows_delete: bool = False
    serves_others: bool = False
    uploads: list[str] = field(default_factory=list, init=False)

    def ask(
        self, method: str, path: str, body: Body = None, headers: dict[str, str] | None = None, port: int = 0
    ) -> Response:
        """One request; `port` is one that the client is made to believe in."""
        known = Endpoint(self.endpoint.host, port or self.endpoint.port, self.endpoint.scheme)
        transport = HttpTransport(known, self.open_stream)
        try:
            return transport.send(method, quote(path, safe="/:?&=%+~,"), body, headers or {})
        finally:
            transport.close()

    def begin_upload(self, headers: dict[str, str] | None = None, port: int = 0) -> Response:
        """Begin an upload, to be cancelled later."""
        answer = self.ask("POST", f"/v2/{self.repository}/blobs/uploads/", b"", headers, port)
        if answer.status == 202:
            self.uploads.append(path_of(locate(self.endpoint, answer.value("Location"))))
        return answer

    def cancel_uploads(self) -> list[str]:
        """Take back what was begun; returns what could not be, as sentences."""
        left = []
        while self.uploads:
            path = self.uploads.pop()
            answer = self.ask("DELETE", path)
            if answer.status not in (204, 404):
                left.append(f"upload {path.partition('?')[0]}: {answer.status}")
        return left


def examine(probe: NginxProbe) -> Iterator[Finding]:
    """Every rule at one address."""
    try:
        first = probe.ask("GET", "/v2/")
    except RegistryError as error:
        yield Finding(ANSWERS, Verdict.BREAKS, str(error), "see on the server whether nginx runs (`docker ps -a`)")
        return
    if first.status not in (200, 401):
        yield _no_registry(probe, first)
        return
    yield Finding(ANSWERS, Verdict.HOLDS, f"{probe.endpoint} answers {first.status}")
    yield from judge_version(probe, first)
    yield judge_old_api(probe)
    yield judge_delete(probe)
    yield judge_names(probe)
    begun = probe.begin_upload()
    if begun.status == 401:
        seen = f"{probe.endpoint} asks for a login before an upload"
        yield from (Finding(rule, Verdict.UNKNOWN, seen) for rule in UPLOAD_RULES)
        return
    if begun.status != 202:
        seen = f"{probe.endpoint} answers {begun.status} to the beginning of an upload"
        remedy = "see the registry's log (`docker logs`) and whether it is read-only"
        yield Finding("nginx-location", Verdict.BREAKS, seen, remedy)
        return
    yield judge_location(probe, begun)
    yield judge_port(probe)
    yield judge_forwarded(probe)
    yield judge_size(probe)


UPLOAD_RULES = ("nginx-location", "nginx-location-port", "nginx-forwarded", "nginx-body-size")


def _no_registry(probe: NginxProbe, answer: Response) -> Finding:
    seen = f"{probe.endpoint}/v2/ answers {answer.status} in place of 200 or 401"
    remedy = (
        f"see `docker ps -a` and `docker logs` of the registry's container, or run `{invocation('provision-server')}`"
    )
    return Finding(ANSWERS, Verdict.BREAKS, seen, remedy)


def judge_version(probe: NginxProbe, first: Response) -> Iterator[Finding]:
    """Old clients want the header in every answer of the API, errors too, and once: with two they
    see no registry."""
    unknown = probe.ask("GET", f"/v2/{probe.repository}/manifests/none")
    for path, answer in (("/v2/", first), ("an unknown manifest", unknown)):
        values = answer.values(API_HEADER)
        place = f"{probe.endpoint}, {path} ({answer.status})"
        if values == [API_VERSION]:
            yield Finding("nginx-api-version", Verdict.HOLDS, f"{API_HEADER} once at {probe.endpoint}")
        else:
            seen = f"{place}: {API_HEADER} is there {len(values)} times: {shorten(', '.join(values)) or 'not at all'}"
            remedy = f"{MEND}a map of $upstream_http_docker_distribution_api_version, and add_header … always"
            yield Finding("nginx-api-version", Verdict.BREAKS, seen, remedy)


def judge_old_api(probe: NginxProbe) -> Finding:
    """/v1/ is closed: an old client that asks must be refused at once."""
    answer = probe.ask("GET", "/v1/_ping")
    if answer.status in (403, 404, 410):
        return Finding("nginx-v1", Verdict.HOLDS, f"/v1/ is closed at {probe.endpoint}")
    seen = f"{probe.endpoint}/v1/_ping answers {answer.status}"
    return Finding("nginx-v1", Verdict.HARMS, seen, f"{MEND}location /v1/ {{ return 404; }}")


def judge_delete(probe: NginxProbe) -> Finding:
    """Nobody may delete from outside; asked about an image that nobody has."""
    rule, path = "nginx-delete", f"/v2/{probe.repository}/manifests/sha256:{'0' * 64}"
    status = probe.ask("DELETE", path).status
    if status == 405:
        return Finding(rule, Verdict.HOLDS, f"images cannot be deleted at {probe.endpoint}")
    if status in (401, 403):
        return Finding(rule, Verdict.HOLDS, f"{probe.endpoint} asks for a login before deleting")
    if probe.allows_delete:
        return Finding(rule, Verdict.HOLDS, f"anybody may delete images at {probe.endpoint}: nginx_allow_delete")
    seen = f"anybody may delete images at {probe.endpoint} (DELETE is answered {status})"
    return Finding(rule, Verdict.HARMS, seen, f"{MEND}return 405; for the method DELETE")


def judge_names(probe: NginxProbe) -> Finding:
    """What a client makes up as Host leads nowhere: another name is closed, and no
    part of it comes back."""
    rule, name = "nginx-other-names", probe.endpoint.host
    if not probe.serves_others:
        try:
            status = probe.ask("GET", "/v2/", None, {"Host": FOREIGN}).status
        except RegistryError:  # nginx hangs up, as with `return 444`
            status = 444
        if status in (200, 401):
            seen = f"{probe.endpoint} answers {status} to the name {FOREIGN} too"
            return Finding(rule, Verdict.HARMS, seen, f"{MEND}a default_server with return 421;")
    begun = probe.begin_upload({"Host": f"{name}:80@{FOREIGN}"})
    wrong = _elsewhere(Endpoint(name, scheme=probe.endpoint.scheme), begun)
    if FOREIGN in wrong:
        seen = f"a client's Host sends uploads to {wrong}"
        return Finding(rule, Verdict.BREAKS, seen, f"{MEND}proxy_set_header Host of $host and the port's digits")
    names = "any name is served: nginx_serve_other_names" if probe.serves_others else "other names are not served"
    return Finding(rule, Verdict.HOLDS, f"{names} at {probe.endpoint}, and none comes back")


def judge_location(probe: NginxProbe, begun: Response) -> Finding:
    """An upload goes on where it began: same scheme, host and port."""
    wrong = _elsewhere(probe.endpoint, begun)
    if not wrong:
        return Finding("nginx-location", Verdict.HOLDS, f"uploads stay at {probe.endpoint}")
    remedy = f"{MEND}proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"
    return Finding("nginx-location", Verdict.BREAKS, f"uploads to {probe.endpoint} are sent to {wrong}", remedy)


def judge_port(probe: NginxProbe) -> Finding:
    """So they do where clients come by another port, through a firewall's or a balancer's."""
    endpoint = Endpoint(probe.endpoint.host, ODD_PORT, probe.endpoint.scheme)
    wrong = _elsewhere(endpoint, probe.begin_upload(port=ODD_PORT))
    if not wrong:
        return Finding("nginx-location-port", Verdict.HOLDS, f"uploads to {endpoint} stay there")
    remedy = f"{MEND}proxy_set_header Host $http_host; ($host loses the port)"
    return Finding("nginx-location-port", Verdict.BREAKS, f"uploads to {endpoint} are sent to {wrong}", remedy)


def judge_forwarded(probe: NginxProbe) -> Finding:
    """What a client says of proxies must not decide where uploads go: "Forwarded"
    wins over all else."""
    headers = {"Forwarded": f"host={FOREIGN};proto=https", "X-Forwarded-Host": FOREIGN}
    if not probe.sends_scheme:
        headers["X-Forwarded-Proto"] = "http" if probe.endpoint.scheme == "https" else "https"
    wrong = _elsewhere(probe.endpoint, probe.begin_upload(headers))
    if not wrong:
        return Finding("nginx-forwarded", Verdict.HOLDS, f"a client's Forwarded changes nothing at {probe.endpoint}")
    remedy = f'{MEND}proxy_set_header Forwarded ""; proxy_set_header X-Forwarded-Host "";'
    return Finding("nginx-forwarded", Verdict.BREAKS, f"a client's Forwarded sends uploads to {wrong}", remedy)


def judge_size(probe: NginxProbe) -> Finding:
    """A layer larger than nginx's default limit, its length unknown beforehand, as Docker sends
    it."""
    size = sum(map(len, CHUNKS)) // (1024 * 1024)
    try:
        answer = probe.ask("PATCH", probe.uploads[-1], CHUNKS, {"Content-Type": "application/octet-stream"})
    except RegistryError as error:  # nginx hangs up on what is too large
        return _too_large(f"{probe.endpoint} breaks a chunked upload of {size} MiB off: {error}")
    if answer.status != 202:
        return _too_large(f"{probe.endpoint} answers {answer.status} to a chunked upload of {size} MiB")
    probe.uploads.append(path_of(locate(probe.endpoint, answer.value("Location"))))
    return Finding("nginx-body-size", Verdict.HOLDS, f"{probe.endpoint} takes {size} MiB in chunks")


def _too_large(seen: str) -> Finding:
    remedy = f"{MEND}client_max_body_size 0; chunked_transfer_encoding on; proxy_request_buffering off;"
    return Finding("nginx-body-size", Verdict.BREAKS, seen, remedy)


def _elsewhere(endpoint: Endpoint, answer: Response) -> str:
    """Where an answer sends us, if that is not where we asked; an address without a host stays."""
    if answer.status != 202:
        return f"nowhere (status {answer.status})"
    origin = origin_of(locate(endpoint, answer.value("Location")))
    return "" if origin == endpoint.url else shorten(origin)
