"""The registry that layers come from: tokens by its challenge, redirects without them, a body of
just so many bytes.

A token is shown to the registry's own scheme, host and port, the account to its token service; to
nobody else.
"""

from __future__ import absolute_import, division, print_function

import json
import re
import threading

from mooring.agent import bounded, host, http, urls
from mooring.agent.registry_answers import (
    Refusal,
    Trouble,
    complain,
    name_of,
    read_challenge,
    read_length,
    send,
)

MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
MOST_TOKEN_ANSWER = 256 * 1024
TOKEN = re.compile(r"^[!-~]{1,65535}\Z")
# What a token lives without saying so; as the protocol has it.
TOKEN_SECONDS, LONGEST_TOKEN = 60, 86400
# A body may take so long, and a second more for so many bytes: whoever is slower is asked anew, and
# goes on where it was.
BODY_SECONDS, BODY_RATE, SLOWEST_BODY = 600, 16 * 1024, 1024
# What chunks may be framed by, beside an eighth of the body.
MOST_FRAMES = 1024 * 1024
CONTENT_RANGE = re.compile(r"^bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)\Z")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Source(object):
    """A registry and the tokens for it; threads share it. `request` are the arguments of
    every http request."""

    def __init__(self, url, username, password, request):
        self.url, self.request = url.rstrip("/"), request
        self.username, self.password = username, password
        self.lock, self.tokens = threading.Lock(), {}

    def open(self, links, blob, first):
        """(Answer, offset) to GET the blob from the byte `first` on; the offset is 0 where ranges
        are unknown there."""
        url = "%s/v2/%s/blobs/%s" % (self.url, blob["source_repository"], blob["digest"])
        headers = {"Range": "bytes=%d-" % first} if first else {}
        answer = self._follow(links, self._ask(links, url, blob["source_repository"], headers), url, headers)
        if answer.status == 206:
            return answer, check_range(answer, first, blob["size"])
        if answer.status == 416:
            answer.close()
            raise Refusal("%s has less of the blob than %d bytes" % (name_of(answer.url), blob["size"]))
        if answer.status != 200:
            raise explain(answer, url, blob, self._whom())
        check_length(answer, blob["size"])
        return answer, 0

    def _ask(self, links, url, repository, headers):
        """The registry's own answer; asked once more, with a fresh token, where it wants one."""
        authorization, is_fresh = self._authorization(repository), False
        while True:
            request_headers = dict(headers, Authorization=authorization) if authorization else headers
            answer = send(dict(self.request, links=links), "GET", url, headers=request_headers)
            if answer.status != 401 or is_fresh:
                return answer
            challenge = read_challenge(answer.header("www-authenticate"))
            answer.close()
            authorization, is_fresh = self._log_in(links, repository, challenge, authorization), True

    def _follow(self, links, answer, url, headers):
        """Where redirects lead; nobody there gets our Authorization, and nobody
        leads us out of TLS."""
        for _ in range(MOST_REDIRECTS):
            target = answer.header("location")
            if answer.status not in REDIRECTS or not target:
                return answer
            answer.close()
            following = lead(url, target)
            if url.startswith("https:") and not following.startswith("https:"):
                raise Refusal("%s redirects from https to %s, which is not followed" % (
                    name_of(url), following.partition(":")[0]))
            url = following
            answer = send(dict(self.request, links=links), "GET", url, headers=headers)
        answer.close()
        raise Refusal("%s redirects more than %d times" % (name_of(self.url), MOST_REDIRECTS))

    def _authorization(self, repository):
        """The header's value for the repository; None without a token that still lives."""
        with self.lock:
            value, end = self.tokens.get(repository, (None, 0))
            return value if end > bounded.monotonic() else None

    def _log_in(self, links, repository, challenge, stale):
        """The header's value for the repository: a fresh one, or what another thread
        has got meanwhile."""
        scheme, parameters = challenge
        with self.lock:
            value, end = self.tokens.get(repository, (None, 0))
            if value and value != stale and end > bounded.monotonic():
                return value
            if scheme == "bearer":
                value, seconds = self._get_token(links, repository, parameters)
            elif scheme == "basic" and self.username:
                value, seconds = self._basic(self.url), LONGEST_TOKEN
            else:
                raise Refusal("%s wants to know who asks for %s: name an account" % (name_of(self.url), repository))
            self.tokens[repository] = (value, bounded.monotonic() + seconds)
            return value

    def _get_token(self, links, repository, parameters):
        """("Bearer TOKEN", seconds that it lives) of the token service that the registry names."""
        realm = parameters.get("realm", "")
        if not realm.startswith(("https://", "http://")[:1 if self.url.startswith("https:") else 2]):
            raise Refusal("%s names no https address of its token service" % name_of(self.url))
        # The scope is ours: which repository a token is for is not the other side's to say.
        query = [("scope", "repository:%s:pull" % repository)]
        if parameters.get("service"):
            query.insert(0, ("service", parameters["service"]))
        headers = {"Authorization": self._basic(realm)} if self.username else {}
        url = realm + ("&" if "?" in realm else "?") + http.urlencode(query)
        answer = send(dict(self.request, links=links), "GET", checked(url), headers=headers)
        if answer.status in (401, 403):
            answer.close()
            raise Refusal("the token service %s refuses %s for %s (status %d)" % (
                name_of(url), self._whom(), repository, answer.status))
        if answer.status != 200:
            raise complain(answer, "gives no token")
        return read_token(answer, name_of(url))

    def _whom(self):
        return "the account %s" % self.username if self.username else "who has no account"

    def _basic(self, url):
        parts = http.urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise Refusal("the account is not sent to %s without TLS" % name_of(url))
        return urls.find_credentials({"url_username": self.username, "url_password": self.password or ""}, self.url)


def read_token(answer, name):
    """("Bearer TOKEN", seconds); a bit less than it lives, so that none is used in its last
    moment."""
    try:
        values = json.loads(answer.body(MOST_TOKEN_ANSWER).decode("utf-8"))
        token = str(values.get("token") or values.get("access_token"))
        seconds = values.get("expires_in", TOKEN_SECONDS)
    except host.Failed as failure:
        raise Trouble("%s: %s" % (name, failure.message))
    except (ValueError, AttributeError, RuntimeError):
        raise Refusal("%s answers something that is no token" % name)
    finally:
        answer.close()
    if not TOKEN.match(token) or token == "None" or not isinstance(seconds, (int, float)):
        raise Refusal("%s answers something that is no token" % name)
    seconds = min(max(seconds, 1), LONGEST_TOKEN)
    return "Bearer " + token, seconds - min(10, seconds / 5.0)


def checked(url):
    """The URL; Refusal where it is no address that we speak to."""
    try:
        parts = urls.split(url)
        if parts.scheme in ("http", "https") and urls.is_host(parts.hostname):
            return url
    except host.Failed:
        pass
    raise Refusal("the registry names something that is no http or https address")


def lead(url, target):
    """Where a redirect leads to."""
    try:
        return checked(urls.join(url, target))
    except host.Failed:
        raise Refusal("%s redirects to what is no http or https address" % name_of(url))


def explain(answer, url, blob, whom):
    """The exception for an answer that is not the blob."""
    is_own = urls.place(answer.url) == urls.place(url)
    if answer.status == 404:
        answer.close()
        return Refusal("%s has no blob %s in %s (status 404)" % (
            name_of(answer.url), blob["digest"], blob["source_repository"]))
    if answer.status in (401, 403) and is_own:
        answer.close()
        return Refusal("%s refuses %s (status %d), also with a fresh token: it is not there, or %s may not read it" % (
            name_of(url), blob["source_repository"], answer.status, whom))
    error = complain(answer, "sends no blob")
    if answer.status in (401, 403):  # an address that is signed for some minutes, and was asked too late
        return Trouble(error.message)
    return error


def check_range(answer, first, size):
    """The offset of a part's answer, which is the one that was asked for."""
    match = CONTENT_RANGE.match(answer.header("content-range") or "")
    if not match or int(match.group(1)) != first or match.group(3) not in ("*", str(size)):
        answer.close()
        if match and match.group(3) not in ("*", str(size)):
            raise Refusal("%s has a blob of %s bytes, not of %d" % (name_of(answer.url), match.group(3), size))
        raise Trouble("%s sends another part than the one asked for" % name_of(answer.url))
    check_length(answer, size - first)
    return first


def check_length(answer, expected):
    length = read_length(answer)
    if length is not None and length != expected:
        answer.close()
        raise Refusal("%s sends %d bytes, not %d: the size is wrong" % (name_of(answer.url), length, expected))


def read_body(answer, expected):
    """The body's blocks, `expected` bytes; Trouble where it ends too early, Refusal
    where it does not end."""
    answer.bounds.slowest = SLOWEST_BODY
    count = 0
    try:
        for block in answer.chunks(BODY_SECONDS + expected // BODY_RATE, expected + expected // 8 + MOST_FRAMES):
            count += len(block)
            if count > expected:
                raise Refusal("%s sends more than %d bytes: the size is wrong" % (name_of(answer.url), expected))
            yield block
    except host.Failed as failure:
        raise Trouble("%s: %s" % (name_of(answer.url), failure.message))
    if count < expected:
        raise Trouble("%s ended %d bytes too early" % (name_of(answer.url), expected - count))
