"""HTTP for the modules that speak it: one request with redirects, TLS, proxies, basic auth and Unix sockets.

Built on the interpreter's http.client (httplib on Python 2) rather than urllib, which hides redirects and cannot
speak over a Unix socket. An answer is given back whatever its status; only what is no answer is host.Failed.
"""

from __future__ import absolute_import, division, print_function

import base64
import socket
import ssl

from mooring.agent import host
from mooring.agent.names import raw, text

try:
    from http import client
    from urllib.parse import unquote, urlencode, urljoin, urlsplit
except ImportError:
    from urllib import unquote, urlencode

    import httplib as client
    from urlparse import urljoin, urlsplit

__all__ = ["URL_ARGS", "Answer", "send", "urlencode", "urljoin", "urlsplit"]

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
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 10
CHUNK = 256 * 1024


class Answer(object):
    """Status, reason, headers (pairs, names in lower case) and the url that answered; `chunks` is the body."""

    def __init__(self, response, url):
        self.status, self.reason, self.url = response.status, response.reason, url
        self.headers = [(name.lower(), value) for name, value in response.getheaders()]
        self.response = response

    def header(self, name):
        """A header's value, several joined by commas; None without one."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    def chunks(self):
        """The body in pieces; one that ends too early is a failure, which http.client would not notice."""
        try:
            for chunk in iter(lambda: self.response.read(CHUNK), b""):
                yield chunk
        except (client.HTTPException, EnvironmentError) as error:
            raise failure(self.url, error)
        if self.response.length:
            raise host.Failed("Request failed: the answer ended %d bytes too early" % self.response.length,
                              url=self.url, status=-1)

    def body(self):
        return b"".join(self.chunks())


class Link(client.HTTPConnection):
    """A connection to a server, to its proxy, or to a Unix socket, with or without TLS."""

    def __init__(self, address, timeout, unix_socket=None, wrap=None):
        client.HTTPConnection.__init__(self, address[0], address[1], timeout=timeout)
        self.unix_socket, self.wrap = unix_socket, wrap

    def connect(self):
        if self.unix_socket:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(raw(self.unix_socket))
        else:
            client.HTTPConnection.connect(self)
        if self.wrap:
            self.sock = self.wrap(self.sock)


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
            answer = ask(args, method, url, body, headers)
        target = answer.header("location")
        if answer.status not in REDIRECTS or not target or not may_follow(follow, method):
            return answer
        following = urljoin(url, target)
        if place(following) != place(url):
            # What was meant for one server is not told to another.
            credentials = None
            headers = without(headers, "authorization", "cookie", "host")
        if method not in ("GET", "HEAD") and answer.status in (301, 302, 303):
            method, body, headers = "GET", None, without(headers, "content-type")
        url = following
    raise host.Failed("more than %d redirects" % MOST_REDIRECTS, url=shown(url), status=-1)


def may_follow(follow, method):
    """Whether a redirect may be followed: "safe" means where asking twice does no harm."""
    return follow in ("all", "yes") or (follow in ("safe", "urllib2") and method in ("GET", "HEAD"))


def without(headers, *names):
    return {name: value for name, value in headers.items() if name.lower() not in names}


def place(url):
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def shown(url):
    """The URL without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def find_credentials(args, url):
    """The value of the Authorization header, or None."""
    parts = urlsplit(url)
    user = args["url_username"] or (unquote(parts.username) if parts.username else None)
    if user is None:
        return None
    password = args["url_password"] if args["url_username"] else unquote(parts.password or "")
    return "Basic " + text(base64.b64encode(raw("%s:%s" % (user, password or ""))))


def ask(args, method, url, body, headers):
    """One request, one Answer."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise host.Failed("%s is no http or https URL" % shown(url), url=shown(url), status=-1)
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
    try:
        link.request(method, quoted(selector), body=body, headers=sendable(headers))
        return Answer(link.getresponse(), shown(url))
    except (client.HTTPException, EnvironmentError, ValueError) as error:
        # ValueError is what old interpreters raise for another host's certificate, and new ones for bad headers.
        raise failure(shown(url), error)


def sendable(headers):
    """Headers whose values are bytes, which http.client would else take for Latin-1."""
    return {name: raw(value) for name, value in headers.items()}


def quoted(selector):
    """Spaces and letters outside ASCII of a URL in percent form; what is quoted already stays."""
    return "".join(chr(one) if 32 < one < 127 else "%%%02X" % one for one in bytearray(raw(selector)))


def find_proxy(args, parts):
    """The proxy that the task's environment names for this URL, split, or None."""
    variables = host.environment()

    def variable(name):
        return variables.get(name) or variables.get(name.upper())

    proxy = variable(parts.scheme + "_proxy") or variable("all_proxy")
    if not args["use_proxy"] or not proxy or is_exempt(parts, variable("no_proxy") or ""):
        return None
    return urlsplit(proxy if "://" in proxy else "http://" + proxy)


def is_exempt(parts, exempt):
    """Whether no_proxy ("localhost,.example.com,*") names the host, with or without its port."""
    names = [name.strip().lower().lstrip(".") for name in exempt.split(",") if name.strip()]
    for known in (parts.hostname, "%s:%s" % (parts.hostname, parts.port)):
        if any(name in ("*", known) or known.endswith("." + name) for name in names):
            return True
    return False


def tls(args, name):
    """A function that puts TLS around a socket. Without checking only where the arguments say so."""
    if not hasattr(ssl, "create_default_context"):
        if args["validate_certs"]:
            raise host.Failed("this host's Python is too old to check a server's certificate (that needs 2.7.9, or "
                              "a distribution's backport); validate_certs: false would go without")
        return lambda sock: ssl.wrap_socket(sock, keyfile=args["client_key"], certfile=args["client_cert"])
    try:
        context = ssl.create_default_context(cafile=args.get("ca_path"))
        if args["client_cert"]:
            context.load_cert_chain(args["client_cert"], args["client_key"])
    except EnvironmentError as error:
        raise host.Failed("cannot read the certificates: %s" % reason(error))
    if not args["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return lambda sock: context.wrap_socket(sock, server_hostname=name)


def failure(url, error):
    """The host.Failed for what is no answer, naming the reason."""
    return host.Failed("Request failed: %s" % reason(error), url=url, status=-1)


def reason(error):
    if isinstance(error, socket.timeout):
        return "timed out"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
