"""What a registry answers, taken apart: an error's words, a challenge, a time to wait. Foreign
text, bounded."""

from __future__ import absolute_import, division, print_function

import calendar
import email.utils
import json
import re
import time

from mooring.agent import host, http

MOST_COMPLAINT, MOST_WORDS, MOST_CHALLENGE = 64 * 1024, 200, 4096
# Not "$", which a line's end may precede.
DIGEST = re.compile(r"^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")
REPOSITORY = re.compile(r"^[a-z0-9]+(?:(?:[./]|__?|-+)[a-z0-9]+)*\Z")
NUMBER = re.compile(r"^[0-9]+\Z")
MOST_REPOSITORY, MOST_WAIT = 255, 10 ** 6
# How interpreters from 2.7 on call one that is not to be trusted, or is another host's.
CERTIFICATE = re.compile("(?i)certificate|doesn't match|hostname mismatch")
PARAMETER = re.compile(r'([a-zA-Z]+)="([^"]*)"')


class Refusal(Exception):
    """This blob cannot be copied, and asking again does not help; `retry_after`: seconds after
    which it may."""

    def __init__(self, message, retry_after=None):
        Exception.__init__(self, message)
        self.message, self.retry_after = message[:2 * MOST_WORDS], retry_after


class Trouble(Exception):
    """It did not work this time; `retry_after`: how many seconds the other side
    wants to be left alone."""

    def __init__(self, message, retry_after=None):
        Exception.__init__(self, message)
        self.message, self.retry_after = message[:2 * MOST_WORDS], retry_after


def send(args, method, url, body=None, headers=None):
    """The Answer to one request, redirects not followed; Trouble without one, Refusal where a retry
    cannot help."""
    try:
        return http.send(dict(args, url=url), method, body, headers, follow="none")
    except host.Failed as failure:
        message = "%s: %s" % (name_of(url), failure.message)
        if CERTIFICATE.search(failure.message):
            raise Refusal(message)
        raise Trouble(message)


def name_of(url):
    """The host of a URL, for messages: what stands behind it may be as good as a password."""
    parts = http.urlsplit(url)
    return parts.hostname if parts.port is None else "%s:%d" % (parts.hostname, parts.port)


def complain(answer, what, again=()):
    """The exception for an answer that is none of those we want; the answer is closed.

    Another try may help after the statuses `again`, beside those that say so themselves.
    """
    words = read_complaint(answer)
    wait = read_wait(answer.header("retry-after"))
    answer.close()
    message = "%s %s: status %d%s" % (name_of(answer.url), what, answer.status, words and " (%s)" % words)
    if answer.status in (408, 425, 429) + tuple(again) or answer.status >= 500:
        return Trouble(message, wait)
    return Refusal(message)


def read_complaint(answer):
    """The words of a registry's JSON error, on one line; "" where there are none."""
    try:
        errors = json.loads(answer.body(MOST_COMPLAINT).decode("utf-8"))["errors"]
        words = host.native(errors[0].get("message") or errors[0].get("code"))
        return "".join(char if char.isalnum() or char in " .,:;_/-'" else "?" for char in str(words)[:MOST_WORDS])
    except (host.Failed, ValueError, LookupError, TypeError, AttributeError, RuntimeError):
        return ""


def read_wait(value):
    """Seconds of a Retry-After header, as a number or a date; None where it says neither."""
    value = (value or "").strip()
    if NUMBER.match(value):
        return min(int(value[:9]), MOST_WAIT)
    try:
        date = email.utils.parsedate(value[:64])
        return min(max(0, int(calendar.timegm(date) - time.time())), MOST_WAIT) if date else None
    except (ValueError, OverflowError, LookupError, TypeError, AttributeError):  # of a date that is none
        return None


def read_challenge(value):
    """(scheme in lower case, parameters) of a WWW-Authenticate header; Bearer's where
    there are several."""
    value = (value or "")[:MOST_CHALLENGE]
    scheme, _, rest = value.partition(" ")
    bearer = re.search(r"(?:^|,) *bearer +", value, re.I)
    if bearer:
        scheme, rest = "bearer", value[bearer.end():]
    return scheme.lower(), {name.lower(): text for name, text in PARAMETER.findall(rest)}


def read_length(answer):
    """The Content-Length as a number; None without one."""
    value = answer.header("content-length") or ""
    return int(value) if NUMBER.match(value) and len(value) < 19 else None


def is_repository(name):
    return len(name) <= MOST_REPOSITORY and bool(REPOSITORY.match(name))
