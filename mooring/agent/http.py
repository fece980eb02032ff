"""HTTP for the modules that speak it: one request with redirects, TLS, proxies, basic auth and Unix sockets.

Built on the interpreter's http.client (httplib on Python 2) rather than urllib, which hides redirects and cannot
speak over a Unix socket. An answer is given back whatever its status; only what is not an answer is host.Failed.

The other side is not trusted: a head has a limit and a deadline of its own, whatever is kept in memory has both too,
and a download of any size ends when nothing comes any more, or next to nothing.
"""

from __future__ import absolute_import, division, print_function

import socket
import ssl

from mooring.agent import bounded, host
from mooring.agent.names import raw
from mooring.agent.urls import (
    find_credentials,
    is_exempt,
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

try:
    from http import client
except ImportError:
    import httplib as client

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
MOST_HEAD = 256 * 1024
# An answer that is kept in memory: so many bytes, within so many seconds besides the timeout.
MOST_BODY = 8 * 1024 * 1024
BODY_SECONDS = 300
# Whoever sends less than this many bytes a second, for as long as the timeout, does not mean to
# end.
SLOWEST = 256


class Answer(object):
    """Status, reason, headers (pairs, names in lower case) and the url that answered; `chunks` is the body."""

    def __init__(self, response, url, bounds):
        self.status, self.reason, self.url = response.status, host.native(response.reason), url
        self.headers = [(host.native(name).lower(), host.native(value)) for name, value in response.getheaders()]
        self.response, self.bounds = response, bounds

    def header(self, name):
        """A header's value, several joined by commas; None without one."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    def chunks(self):
        """The body in pieces; one that ends too early is a failure, which http.client would not notice."""
        self.bounds.begin()
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
        self.response.close()


class Link(client.HTTPConnection):
    """A connection to a server, to its proxy, or to a Unix socket, with or without TLS."""

    def __init__(self, address, timeout, unix_socket=None, wrap=None):
        client.HTTPConnection.__init__(self, address[0], address[1], timeout=timeout)
        self.strict = True  # for Python 2, which takes what is no HTTP for its version 0.9
        self.unix_socket, self.wrap = unix_socket, wrap
        self.bounds, self.seconds = bounded.Bounds(timeout, SLOWEST), timeout

    def connect(self):
        if self.unix_socket:
            plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            plain.settimeout(self.timeout)
            plain.connect(raw(self.unix_socket))
        else:
            plain = socket.create_connection((self.host, self.port), self.timeout)
        self.bounds.begin(self.seconds, MOST_HEAD)
        self.sock = bounded.BoundedSocket(plain, self.bounds)
        if self._tunnel_host:
            self._tunnel()
        if self.wrap:
            self.sock = bounded.BoundedSocket(self.wrap(plain), self.bounds)
            self.sock.shake_hands()


def send(args, method, body=None, headers=None, follow="safe"):
    """The Answer to one request of a module with URL_ARGS; follows redirects as `follow` allows.

    `args` may also have timeout, ca_path and unix_socket. A user and a password in the URL count as those arguments.
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
    """One request, one Answer."""
    parts = split(url)
    if parts.scheme not in ("http", "https") or not is_host(parts.hostname):
        raise host.Failed("%s is not an http or https URL" % shown(url), url=shown(url), status=-1)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    wrap = tls(args, parts.hostname) if parts.scheme == "https" else None
    selector = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    proxy = None if args.get("unix_socket") else find_proxy(args, parts)
    if proxy:
        link = Link((proxy.hostname, proxy.port or 80), args["timeout"], wrap=wrap)
        via = {"Proxy-Authorization": find_credentials({"url_username": None}, proxy.geturl())}
        via = via if proxy.username else {}
        if wrap:
            link.set_tunnel(parts.hostname, port, headers=via)
        else:
            selector, headers = shown(url).partition("#")[0], dict(headers, **via)
    else:
        link = Link((parts.hostname, port), args["timeout"], args.get("unix_socket"), wrap)
    link.seconds += len(body or b"") // bounded.BLOCK
    try:
        link.request(method, quoted(selector), body=body, headers=sendable(headers))
        return Answer(link.getresponse(), shown(url), link.bounds)
    except NO_ANSWER as error:
        link.close()
        raise failure(shown(url), error)


def sendable(headers):
    """Headers whose values are bytes, which http.client would else take for Latin-1."""
    return {name: raw(value) for name, value in headers.items()}


def find_proxy(args, parts):
    """The proxy that the task's environment names for this URL, split, or None."""
    variables = host.environment()

    def variable(name):
        return variables.get(name) or variables.get(name.upper())

    proxy = variable(parts.scheme + "_proxy") or variable("all_proxy")
    if not args["use_proxy"] or not proxy or is_exempt(parts, variable("no_proxy") or ""):
        return None
    return split(proxy if "://" in proxy else "http://" + proxy)


def tls(args, name):
    """A function that puts TLS around a socket. Without checking only where the arguments say so."""
    if not hasattr(ssl, "create_default_context"):
        if args["validate_certs"]:
            raise host.Failed("this host's Python is too old to check a server's certificate (that needs 2.7.9, or "
                              "a distribution's backport); validate_certs: false would go without")
        return lambda sock: ssl.wrap_socket(sock, keyfile=args["client_key"], certfile=args["client_cert"],
                                            do_handshake_on_connect=False)
    try:
        context = ssl.create_default_context(cafile=args.get("ca_path"))
        if args["client_cert"]:
            context.load_cert_chain(args["client_cert"], args["client_key"])
    except EnvironmentError as error:
        raise host.Failed("cannot read the certificates: %s" % reason(error))
    if not args["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return lambda sock: context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)


def failure(url, error):
    """The host.Failed for what is not an answer, naming the reason."""
    return host.Failed("Request failed: %s" % reason(error), url=url, status=-1)


def reason(error):
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
