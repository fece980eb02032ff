"""Connections for HTTP: to a server, to its proxy or to a Unix socket, with or without TLS, kept
for the next request.

Not http.client's own: every wait is bounded (bounded.py), and the checking of certificates cannot
be forgotten.
"""

from __future__ import absolute_import, division, print_function

import select
import socket
import ssl

from mooring.agent import bounded, host
from mooring.agent.names import raw
from mooring.agent.urls import find_credentials, is_exempt, place, split

try:
    from http import client
except ImportError:
    import httplib as client

__all__ = ["Link", "Links", "can_check", "client", "credentials_for", "find_proxy", "make_context", "open_link",
           "reason"]

MOST_HEAD = 256 * 1024
# Whoever sends less than this many bytes a second, for as long as the timeout, does not mean to
# end.
SLOWEST = 256


class Link(client.HTTPConnection):
    """A connection to a server, to its proxy, or to a Unix socket, with or without TLS.

    `pool` is the Links that keeps it when an answer has ended, `key` its place there; without one
    it is closed.
    """

    pool = key = None

    def __init__(self, address, timeout, unix_socket=None, wrap=None):
        client.HTTPConnection.__init__(self, address[0], address[1], timeout=timeout)
        self.strict = True  # for Python 2, which takes what is no HTTP for its version 0.9
        self.unix_socket, self.wrap = unix_socket, wrap
        self.bounds, self.seconds = bounded.Bounds(timeout, SLOWEST), timeout

    def begin(self, timeout, size):
        """A request with a body of `size` bytes comes: its answer's head has so many seconds, and
        more for the body."""
        self.bounds.idle, self.bounds.slowest = timeout, SLOWEST
        self.seconds = timeout + size // bounded.BLOCK
        if self.sock is not None:
            self.bounds.begin(self.seconds, MOST_HEAD)

    def connect(self):
        if self.unix_socket:
            plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            plain.settimeout(self.timeout)
            plain.connect(raw(self.unix_socket))
        else:
            plain = socket.create_connection((self.host, self.port), self.timeout)
            # A head and its body are two packets, and the second must not wait for the first one's
            # acknowledgement.
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bounds.begin(self.seconds, MOST_HEAD)
        self.sock = bounded.BoundedSocket(plain, self.bounds)
        if self._tunnel_host:
            self._tunnel()
        if self.wrap:
            self.sock = bounded.BoundedSocket(self.wrap(plain), self.bounds)
            self.sock.shake_hands()

    def end(self, is_over):
        """An answer is done with; `is_over` where all of it is read and the server goes on."""
        if is_over and self.pool is not None:
            self.pool.keep(self)
        else:
            self.close()

    def is_quiet(self):
        """Whether nothing came since: a server that hangs up, or speaks unasked,
        is not asked again."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock.sock.fileno(), select.POLLIN)
        return not poll.poll(0)


class Links(object):
    """Connections that wait for the next request to the same place, one for each;
    for one thread alone."""

    def __init__(self):
        self.waiting = {}

    def take(self, key):
        """The link to that place, or None."""
        link = self.waiting.pop(key, None)
        if link is None or link.is_quiet():
            return link
        link.close()
        return None

    def keep(self, link):
        earlier, self.waiting[link.key] = self.waiting.get(link.key), link
        if earlier is not None and earlier is not link:
            earlier.close()

    def close(self):
        while self.waiting:
            self.waiting.popitem()[1].close()


def open_link(args, parts, proxy):
    """A new Link to where the URL leads, by the proxy where there is one; connected by
    its first request."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    wrap = tls(args, parts.hostname) if parts.scheme == "https" else None
    if proxy:
        link = Link((proxy.hostname, proxy.port or 80), args["timeout"], wrap=wrap)
        if wrap:
            link.set_tunnel(parts.hostname, port, headers=credentials_for(proxy))
    else:
        link = Link((parts.hostname, port), args["timeout"], args.get("unix_socket"), wrap)
    link.pool, link.key = args.get("links"), place(parts.geturl())
    return link


def credentials_for(proxy):
    """The header for a proxy whose URL names a user."""
    if not proxy.username:
        return {}
    return {"Proxy-Authorization": find_credentials({"url_username": None}, proxy.geturl())}


def find_proxy(args, parts):
    """The proxy that the task's environment names for this URL, split, or None."""
    variables = host.environment()

    def variable(name):
        return variables.get(name) or variables.get(name.upper())

    proxy = variable(parts.scheme + "_proxy") or variable("all_proxy")
    if not args["use_proxy"] or not proxy or is_exempt(parts, variable("no_proxy") or ""):
        return None
    return split(proxy if "://" in proxy else "http://" + proxy)


def can_check():
    """Whether this Python can check a server's certificate with its name."""
    return hasattr(ssl, "create_default_context")


def tls(args, name):
    """A function that puts TLS around a socket. Without checking only where the arguments say
    so."""
    if not can_check():
        if args["validate_certs"]:
            raise host.Failed("this host's Python is too old to check a server's certificate (that needs 2.7.9, or "
                              "a distribution's backport); validate_certs: false would go without")
        return lambda sock: ssl.wrap_socket(sock, keyfile=args["client_key"], certfile=args["client_cert"],
                                            do_handshake_on_connect=False)
    context = args.get("context") or make_context(args)
    return lambda sock: context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)


def make_context(args, extra=None):
    """What `context` of the arguments may be, so that the authorities are read once.

    `ca_path` of the arguments takes the place of the system's authorities, `extra` is a file of
    more of them.
    """
    try:
        context = ssl.create_default_context(cafile=args.get("ca_path"))
        if extra:
            context.load_verify_locations(extra)
        if args["client_cert"]:
            context.load_cert_chain(args["client_cert"], args["client_key"])
    except EnvironmentError as error:
        raise host.Failed("cannot read the certificates: %s" % reason(error))
    if not args["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def reason(error):
    """Why something was no answer, in a few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
