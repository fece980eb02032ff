"""The Docker engine's HTTP API over its Unix socket: requests, message streams, the
daemon's own errors.

Speaks API 1.24 and up: the highest version that both sides know (Docker 29 asks for 1.44 and more).
Raises Unreachable where nobody answers and Refused where the daemon says no; both are host.Failed.
"""

from __future__ import absolute_import, division, print_function

import errno
import json
import socket

from mooring.agent import bounded, host

try:
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import quote, urlencode
except ImportError:  # Python 2
    from urllib import quote, urlencode

    from httplib import HTTPConnection, HTTPException

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
OLDEST = (1, 24)
NEWEST = (1, 43)
# Pulls and loads may be silent for long while the daemon unpacks a big layer on a slow disk.
PATIENCE = 3600
# What an answer, and one message of a stream, may have; lists of thousands of containers have some
# MiB.
MOST = 64 * 1024 * 1024
MOST_LINE = 4 * 1024 * 1024
MOST_REASON = 64 * 1024
BROKEN = (HTTPException, EnvironmentError, EOFError, ValueError)

ENGINE_ARGS = {
    "docker_host": {"type": "str", "default": DEFAULT_ADDRESS, "aliases": ["docker_url"]},
    "timeout": {"type": "int", "default": 60},
}


class Unreachable(host.Failed):
    """No engine answers at the address."""


class Refused(host.Failed):
    """The engine answered with an error; `status` is HTTP's (200 if a stream carried the error)."""

    def __init__(self, msg, status):
        host.Failed.__init__(self, msg)
        self.status = status


class UnixConnection(HTTPConnection):
    """HTTP over a Unix socket; `seconds` is for the whole exchange, `timeout` for each silence."""

    def __init__(self, path, timeout, seconds=None):
        HTTPConnection.__init__(self, "localhost", timeout=timeout)
        self.strict = True  # for Python 2, which takes what is no HTTP for its version 0.9
        self.socket_path, self.seconds, self.bounds = path, seconds, bounded.Bounds(timeout)

    def connect(self):
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        plain.settimeout(self.timeout)
        plain.connect(self.socket_path)
        self.bounds.begin(self.seconds)
        self.sock = bounded.BoundedSocket(plain, self.bounds)


class OldConnection(UnixConnection):
    """HTTP/1.0, for streams of messages: the answer comes line by line, not in HTTP's chunks."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


class Engine(object):
    """One Docker engine; `api` is the version that both sides speak, as (1, 41)."""

    def __init__(self, args):
        self.address = args.get("docker_host") or DEFAULT_ADDRESS
        self.timeout = args.get("timeout") or 60
        if not self.address.startswith("unix://"):
            raise host.Failed("docker_host is %r: only unix:// sockets are supported" % self.address)
        self.socket_path = self.address[len("unix://"):]
        self.prefix = ""
        self.api = self.negotiate()
        self.prefix = "/v%d.%d" % self.api

    def negotiate(self):
        """The API version to speak."""
        known = self.get("/version")
        if not isinstance(known, dict):
            raise host.Failed("whatever answers at %s is not Docker: its version is not an object" % self.address)
        highest = version(known.get("ApiVersion"))
        if highest < OLDEST:
            raise host.Failed("Docker %s speaks API %s; 1.24 or newer is needed" % (
                known.get("Version"), known.get("ApiVersion")))
        return max(min(highest, NEWEST), version(known.get("MinAPIVersion")))

    def get(self, path, query=None):
        """The object at `path`."""
        return self.request("GET", path, query)

    def find(self, path):
        """The object at `path`; None when there is none."""
        try:
            return self.get(path)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def post(self, path, query=None, body=None, patience=0):
        """Ask for a change, with `patience` more seconds; returns the answer's object or None."""
        return self.request("POST", path, query, body, patience)

    def delete(self, path, query=None):
        return self.request("DELETE", path, query)

    def request(self, method, path, query=None, body=None, patience=0):
        """One request, its whole answer parsed from JSON (None where the answer is empty)."""
        answer = self.read(method, path, query, body, patience)
        return parse(answer, "%s %s" % (method, path)) if answer.strip() else None

    def read(self, method, path, query=None, body=None, patience=0):
        """One request, its whole answer as bytes."""
        seconds = self.timeout + patience
        connection = UnixConnection(self.socket_path, seconds, seconds)
        try:
            return bounded.read_whole(self.exchange(connection, method, path, query, body), connection.bounds, MOST)
        except socket.timeout:
            raise host.Failed("Docker did not answer %s %s within %d seconds" % (method, path, seconds))
        except BROKEN as error:
            raise host.Failed("the connection to Docker failed during %s %s: %s" % (method, path, error))
        finally:
            connection.close()

    def stream(self, path, query=None, headers=None):
        """POST; the answer's JSON messages, one per line, as an iterator; an error is raised."""
        connection = OldConnection(self.socket_path, PATIENCE)
        try:
            answer = self.exchange(connection, "POST", path, query, None, headers)
            for message in messages(iter(lambda: answer.fp.readline(MOST_LINE + 1), b"")):
                yield message
        except BROKEN as error:
            raise host.Failed("the connection to Docker failed during POST %s: %s" % (path, error))
        finally:
            connection.close()

    def upload(self, path, query, chunks):
        """POST a tar of unknown length in chunks; returns the answer's messages."""
        connection = UnixConnection(self.socket_path, PATIENCE)
        try:
            self.connect(connection)
            connection.putrequest("POST", self.target(path, query))
            connection.putheader("Content-Type", "application/x-tar")
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            try:
                for chunk in chunks:
                    if chunk:
                        connection.send(("%x\r\n" % len(chunk)).encode("ascii") + chunk + b"\r\n")
                connection.send(b"0\r\n\r\n")
            except socket.error:
                # The daemon closes early when it cannot go on (disk full, no tar): its answer says
                # why.
                pass
            answer = bounded.read_whole(self.answer(connection), connection.bounds, MOST)
            return list(messages(answer.splitlines()))
        except BROKEN as error:
            raise host.Failed("the connection to Docker failed during the upload: %s" % error)
        finally:
            connection.close()

    def exchange(self, connection, method, path, query, body, headers=None):
        """Send one request; returns the HTTP response, whose status is good."""
        self.connect(connection)
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode("utf-8")
        connection.request(method, self.target(path, query), body, headers)
        return self.answer(connection)

    def connect(self, connection):
        try:
            connection.connect()
        except (socket.error, OSError) as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise Unreachable("Docker at %s lets only root and its group in: use become" % self.address)
            raise Unreachable("Docker does not answer at %s: is it installed and running? (%s)" % (
                self.address, error.strerror or error))

    def answer(self, connection):
        response = connection.getresponse()
        if response.status >= 400:
            raise Refused(reason(response, connection.bounds), response.status)
        return response

    def target(self, path, query):
        """The request's target: versioned path and query; booleans become 1 and 0."""
        target = self.prefix + quote(path, safe="/:@")
        pairs = [(key, int(value) if isinstance(value, bool) else value)
                 for key, value in sorted((query or {}).items())]
        return target + "?" + urlencode(pairs) if pairs else target


def version(text):
    """"1.41" as (1, 41); an engine that does not say gets (0, 0)."""
    try:
        major, minor = str(text or "0.0").split(".")[:2]
        return int(major), int(minor)
    except ValueError:
        raise host.Failed("Docker reports %r as its API version" % (text,))


def reason(response, bounds):
    """What the daemon says of a refused request."""
    text = bounded.read_whole(response, bounds, MOST_REASON).decode("utf-8", "replace").strip()
    try:
        text = str(host.native(json.loads(text)["message"]))
    except (ValueError, KeyError, TypeError, RuntimeError):
        pass
    return "Docker says: %s" % host.native(text or "HTTP %d" % response.status)


def messages(lines):
    """The JSON objects of lines; a failure is reported in the stream, after the "200 OK"."""
    for line in lines:
        if not line.strip():
            continue
        if len(line) > MOST_LINE:
            raise host.Failed("Docker sent a message of more than %d bytes" % MOST_LINE)
        message = parse(line, "with a message")
        if not isinstance(message, dict):
            raise host.Failed("Docker sent a message that is not an object")
        detail = message.get("errorDetail")
        if detail or message.get("error"):
            detail_text = detail.get("message") if isinstance(detail, dict) else detail
            raise Refused("Docker says: %s" % (detail_text or message.get("error")), 200)
        yield message


def parse(data, source):
    """The value of the daemon's JSON; host.Failed where it is none."""
    try:
        return host.native(json.loads(data.decode("utf-8")))
    except (ValueError, RuntimeError) as error:  # the latter where it is nested too deeply
        raise host.Failed("Docker answered %s, but no JSON: %s" % (source, error))
