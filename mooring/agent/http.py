"""HTTP for the modules that speak it: one request with redirects, TLS, proxies, basic
auth and Unix sockets.

Built on the interpreter's http.client (httplib on Python 2) rather than urllib, which hides
redirects and cannot speak over a Unix socket. An answer is given back whatever its status; only
what is not an answer is host.Failed.

The other side is not trusted: a head has a limit and a deadline of its own, whatever is
kept in memory has both too, and a download of any size ends when nothing comes any more,
or next to nothing.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import bounded, host
from mooring.agent.links import client, credentials_for, find_proxy, open_link, reason
from mooring.agent.names import raw
from mooring.agent.urls import (
    find_credentials,
    is_host,
    join,
    place,
    quoted,
    shown,
    split,
    urlencode,
    urljoin,
    urlsplit,
)

__all__ = ["URL_ARGS", "Answer", "send", "shown", "urlencode", "urljoin", "urlsplit"]

URL_ARGS = {
    "url": {"required": True},
    "force": {"type": "bool", "default": False},
    "http_agent": {"default": "mooring"},
    "use_proxy": {"type": "bool", "default": True},
    "validate_certs": {"type": "bool", "default": True},
    "url_username": {"aliases": ["username", "user"]},
    "url_password": {"secret": True, "aliases": ["password"]},
    "force_basic_auth": {"type": "bool", "default": False},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path"},
}
# ValueError is what old interpreters raise for another host's certificate, and new ones for bad
# headers and lengths.
NO_ANSWER = (client.HTTPException, EnvironmentError, EOFError, ValueError)
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 10
CHUNK = 256 * 1024
# An answer that is kept in memory: so many bytes, within so many seconds besides the timeout.
MOST_BODY = 8 * 1024 * 1024
BODY_SECONDS = 300
# What is left of an answer is read, so that its connection can be kept, within so many seconds.
REST_SECONDS = 5


class Answer(object):
    """Status, reason, headers (pairs, names in lower case) and the url that answered;
    `chunks` is the body."""

    def __init__(self, response, url, link):
        self.status, self.reason, self.url = response.status, host.native(response.reason), url
        self.headers = [(host.native(name).lower(), host.native(value)) for name, value in response.getheaders()]
        self.response, self.link, self.bounds = response, link, link.bounds

    def header(self, name):
        """A header's value, several joined by commas; None without one."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    def chunks(self, seconds=None, most=None):
        """The body in pieces, within so many seconds and bytes on the line (None: any).

        One that ends too early is a failure, which http.client would not notice.
        """
        self.bounds.begin(seconds, most)
        try:
            for chunk in iter(lambda: self.response.read(CHUNK), b""):
                yield chunk
        except NO_ANSWER as error:
            raise failure(self.url, error)
        if self.response.length:
            raise host.Failed("Request failed: the answer ended %d bytes too early" % self.response.length,
                              url=self.url, status=-1)

    def body(self, most=MOST_BODY):
        """The whole body, which is kept in memory."""
        self.bounds.begin((self.bounds.idle or 0) + BODY_SECONDS)
        try:
            return bounded.read_whole(self.response, self.bounds, most)
        except NO_ANSWER as error:
            raise failure(self.url, error)

    def close(self):
        """Done with the answer. Its connection is kept, if it may be, where little or nothing of
        the body is left."""
        is_over = self._read_rest()
        self.response.close()
        self.link.end(is_over)

    def _read_rest(self):
        """Whether the answer ended, and the connection goes on."""
        response = self.response
        if self.link.pool and response.length is not None and response.length <= bounded.BLOCK:
            self.bounds.begin(REST_SECONDS)
            try:
                response.read()
            except NO_ANSWER:
                return False
        return response.isclosed() and not response.will_close


def send(args, method, body=None, headers=None, follow="safe"):
    """The Answer to one request of a module with URL_ARGS; follows redirects as `follow` allows.

    `args` may also have timeout, ca_path and unix_socket. A user and a password in the URL count as
    those arguments.
    """
    url, headers = args["url"], dict(headers or {})
    credentials = find_credentials(args, url)
    headers.setdefault("User-Agent", args["http_agent"])
    if credentials and args["force_basic_auth"]:
        headers["Authorization"] = credentials
    for _ in range(MOST_REDIRECTS + 1):
        answer = ask(args, method, url, body, headers)
        if answer.status == 401 and credentials and "Authorization" not in headers:
            headers["Authorization"] = credentials
            answer.close()
            answer = ask(args, method, url, body, headers)
        target = answer.header("location")
        if answer.status not in REDIRECTS or not target or not may_follow(follow, method):
            return answer
        following = join(url, target)
        if place(following) != place(url):
            # What was meant for one server is not told to another.
            credentials, args = None, dict(args, client_cert=None, client_key=None)
            headers = without(headers, "authorization", "cookie", "host", "proxy-authorization")
        if method not in ("GET", "HEAD") and answer.status in (301, 302, 303):
            method, body, headers = "GET", None, without(headers, "content-type")
        answer.close()
        url = following
    raise host.Failed("more than %d redirects" % MOST_REDIRECTS, url=shown(url), status=-1)


def may_follow(follow, method):
    """Whether a redirect may be followed: "safe" means where asking twice does no harm."""
    return follow in ("all", "yes") or (follow in ("safe", "urllib2") and method in ("GET", "HEAD"))


def without(headers, *names):
    return {name: value for name, value in headers.items() if name.lower() not in names}


def ask(args, method, url, body, headers):
    """One request, one Answer; over a connection that `links` of the arguments has kept, where
    there is one."""
    parts = split(url)
    if parts.scheme not in ("http", "https") or not is_host(parts.hostname):
        raise host.Failed("%s is not an http or https URL" % shown(url), url=shown(url), status=-1)
    selector = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    proxy = None if args.get("unix_socket") else find_proxy(args, parts)
    if proxy and parts.scheme == "http":
        selector, headers = shown(url).partition("#")[0], dict(headers, **credentials_for(proxy))
    request = (method, quoted(selector), body, sendable(headers))
    kept = args["links"].take(place(url)) if args.get("links") else None
    if kept:
        try:
            return exchange(kept, request, url, args["timeout"])
        except host.Failed:
            # The server may have hung up meanwhile; what changes nothing is asked again.
            if method not in ("GET", "HEAD"):
                raise
    return exchange(open_link(args, parts, proxy), request, url, args["timeout"])


def exchange(link, request, url, timeout):
    """The Answer to a request over the link."""
    body = request[2]
    link.begin(timeout, len(body) if body else 0)
    try:
        link.request(*request)
        return Answer(link.getresponse(), shown(url), link)
    except NO_ANSWER as error:
        link.close()
        raise failure(shown(url), error)


def sendable(headers):
    """Headers whose values are bytes, which http.client would else take for Latin-1."""
    return {name: raw(value) for name, value in headers.items()}


def failure(url, error):
    """The host.Failed for what is not an answer, naming the reason."""
    return host.Failed("Request failed: %s" % reason(error), url=url, status=-1)
