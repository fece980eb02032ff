"""Reach for a registry as this host's engine would, and say how far that goes. Changes nothing.

Mooring's own module. `layer` in the result is empty when an HTTP answer came, otherwise the layer
that failed: "name", "TCP", "TLS" or "HTTP", with the reason in `msg`. It never fails by itself; the
caller judges.
"""

from __future__ import absolute_import, division, print_function

import glob
import os
import re
import socket
import ssl

from mooring.agent import bounded, host

ARGS = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 80},
    "scheme": {"type": "str", "default": "http", "choices": ["http", "https"]},
    "path": {"type": "str", "default": "/v2/"},
    "connect_only": {"type": "bool", "default": False},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 5},
}
READ_ONLY = True
MOST = 256 * 1024
# A name with more addresses than this names nobody's registry.
MOST_ADDRESSES = 16
STATUS_LINE = re.compile(br"^HTTP/[0-9.]+ +([0-9]{3})(?: |\r|\n|$)")


class Broken(Exception):
    """The probe got no further; holds the layer and the reason."""

    def __init__(self, layer, reason):
        Exception.__init__(self, reason)
        self.layer, self.reason = layer, reason


def run(args):
    """What was seen: addresses, own and other address, TLS version, HTTP status,
    headers in order, body."""
    seen = {"changed": False, "layer": "", "msg": "", "addresses": []}
    connection = None
    try:
        seen["addresses"] = _resolve(args)
        connection = _connect(seen["addresses"], args)
        seen["local_address"] = connection.getsockname()[0]
        seen["address"] = connection.getpeername()[0]
        if not args["connect_only"]:
            bounds = bounded.Bounds()
            if args["scheme"] == "https":
                connection = _secure(connection, args, bounds)
                seen["tls"] = connection.cipher()[1]
            seen.update(_ask(bounded.BoundedSocket(connection, bounds), args))
    except Broken as error:
        seen.update(layer=error.layer, msg=error.reason)
    finally:
        if connection is not None:
            connection.close()
    return seen


def _resolve(args):
    """The name's addresses, in the order of this host's own resolver."""
    try:
        entries = socket.getaddrinfo(args["host"], args["port"], 0, socket.SOCK_STREAM)
    except (socket.error, UnicodeError) as error:
        raise Broken("name", "%s does not resolve: %s" % (args["host"], _reason(error)))
    addresses = []
    for entry in entries:
        if entry[4][0] not in addresses:
            addresses.append(entry[4][0])
    return addresses[:MOST_ADDRESSES]


def _connect(addresses, args):
    """A connection to the first address that takes one."""
    reasons = []
    for address in addresses:
        try:
            return socket.create_connection((address, args["port"]), args["timeout"])
        except (socket.error, OSError) as error:
            reasons.append("%s port %d: %s" % (address, args["port"], _reason(error)))
    raise Broken("TCP", "; ".join(reasons))


def _secure(connection, args, bounds):
    """TLS over the connection, trusting what Docker trusts: the system's authorities and
    `ca_path`."""
    try:
        secure = _wrap(connection, args)
        bounds.begin(args["timeout"])
        bounded.BoundedSocket(secure, bounds).shake_hands()
        return secure
    except (ssl.SSLError, ValueError, socket.error, IOError) as error:
        raise Broken("TLS", "%s port %d: %s" % (args["host"], args["port"], _reason(error)))


def _wrap(connection, args):
    """The connection with TLS around it, before the handshake."""
    if not hasattr(ssl, "SSLContext"):  # Python before 2.7.9 without the backport
        return _wrap_as_of_old(connection, args)
    context = ssl.create_default_context()
    if not args["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    for path in _authorities(args):
        context.load_verify_locations(path)
    return context.wrap_socket(connection, server_hostname=args["host"], do_handshake_on_connect=False)


def _wrap_as_of_old(connection, args):
    authorities = _authorities(args)
    trust = ssl.CERT_REQUIRED if args["validate_certs"] and authorities else ssl.CERT_NONE
    host.warn("this Python cannot compare the certificate's name")
    return ssl.wrap_socket(connection, cert_reqs=trust, ca_certs=authorities[0] if authorities else None,
                           do_handshake_on_connect=False)


def _authorities(args):
    path = args["ca_path"]
    if not path:
        return []
    return sorted(glob.glob(os.path.join(path, "*.crt"))) if os.path.isdir(path) else [path]


def _ask(connection, args):
    """Send one request and take the answer apart; a header that was sent twice is there twice."""
    # HTTP/1.0, so that the answer's end is the connection's end and nothing has to be put together.
    request = "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: mooring\r\nAccept: */*\r\n\r\n" % (
        args["path"], _authority(args))
    connection.bounds.begin(args["timeout"])
    try:
        connection.sendall(request.encode("ascii"))
        answer = _read(connection)
    except (ssl.SSLError, socket.error) as error:
        raise Broken("HTTP", "no answer from %s port %d: %s" % (args["host"], args["port"], _reason(error)))
    head, _, body = answer.partition(b"\r\n\r\n")
    status = STATUS_LINE.match(head)
    if not status:
        raise Broken("HTTP", "%s port %d does not speak HTTP: %r" % (args["host"], args["port"], answer[:60]))
    pairs = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
    headers = [[name.strip(), value.strip()] for name, _, value in pairs]
    return {"status": int(status.group(1)), "headers": headers, "body": body.decode("utf-8", "replace")}


def _authority(args):
    standard = {"http": 80, "https": 443}[args["scheme"]]
    return args["host"] if args["port"] == standard else "%s:%d" % (args["host"], args["port"])


def _read(connection):
    """The whole answer, or what of it came in time."""
    parts, size = [], 0
    while size < MOST:
        try:
            chunk = connection.recv(65536)
        except (ssl.SSLError, socket.error):
            if not parts:
                raise
            break  # some servers just hang up after their answer, which old Pythons with new OpenSSL call an error
        if not chunk:
            break
        parts.append(chunk)
        size += len(chunk)
    return b"".join(parts)


def _reason(error):
    return host.native(getattr(error, "strerror", None) or str(error) or type(error).__name__)
