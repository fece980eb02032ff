"""Ask an HTTP service, and check the status of its answer."""

from __future__ import absolute_import, division, print_function

import collections
import json
import os
import re
import time

from mooring.agent import host, http
from mooring.agent.names import raw, text

ARGS = dict(http.URL_ARGS)
ARGS.update({
    "method": {"default": "GET"},
    "body": {"type": "raw"},
    "body_format": {"default": "raw", "choices": ["raw", "json", "form-urlencoded"]},
    "headers": {"type": "dict", "default": {}},
    "status_code": {"type": "list", "elements": "int", "default": [200]},
    "return_content": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 30},
    "follow_redirects": {"default": "safe", "choices": ["all", "none", "safe", "urllib2", "yes", "no"]},
    "ca_path": {"type": "path"},
    "unix_socket": {"type": "path"},
    "creates": {"type": "path"},
    "removes": {"type": "path"},
})
CONTENT_TYPES = {"json": "application/json", "form-urlencoded": "application/x-www-form-urlencoded"}
JSON_TYPE = re.compile(r"^[^;]*[/+](json|javascript)\s*(;|$)", re.I)
CHARSET = re.compile(r"charset=\"?([\w.-]+)", re.I)
# Others are not encodings of text, such as Python 2's "bz2", or take quadratic time, such as
# "punycode".
CHARSETS = re.compile(r"^(us-?)?ascii$|^(utf|ucs|iso|latin|windows|cp|koi8|gb|hz|big5|euc|shift|sjis|tis|mac)", re.I)
# What has a kind of its own in every reply: a header is a string, and where it took one of these
# names the reply would be none. What this module sets afterwards, such as elapsed, is not here.
_TYPED = """
    ansible_facts can_talk_to_docker certificates containers diff digests failed files gid headers host_info info
    is_open masked missing needs_reload newer port programs rc registries_service replaced results size skipped stat
    stderr_lines stdout_lines timedout uid units warnings
"""
TYPED = frozenset(_TYPED.split())
# As deep as a reply may be nested.
DEEPEST = 64
MOST_DIGITS = 1000


def run(args):
    """status, url, msg, elapsed, redirected, the headers, and json or content."""
    method = args["method"].upper()
    if not re.match("^[A-Z]+$", method):
        raise host.Failed("Parameter 'method' needs to be a single word in uppercase, like GET or POST.")
    if args["creates"] and os.path.exists(raw(args["creates"])):
        return {"changed": False, "stdout": "skipped, since '%s' exists" % args["creates"]}
    if args["removes"] and not os.path.exists(raw(args["removes"])):
        return {"changed": False, "stdout": "skipped, since '%s' does not exist" % args["removes"]}
    body, headers = encode(args)
    start = time.time()
    try:
        answer = http.send(args, method, body, headers, args["follow_redirects"])
        values = describe(args, answer)
    except host.Failed as failure:
        extra = dict(failure.values, elapsed=int(time.time() - start), redirected=False)
        # Without a status it is the task's own settings that are wrong.
        if -1 in args["status_code"] and extra.get("status") == -1:
            return dict(extra, changed=False, msg=failure.message)
        raise host.Failed(complaint(extra.get("status", -1), args, failure.message), **extra)
    values["elapsed"] = int(time.time() - start)
    if answer.status not in args["status_code"]:
        raise host.Failed(complaint(answer.status, args, values.pop("msg")), **values)
    return values


def complaint(status, args, message):
    return "Status code was %s and not %s: %s" % (status, list(args["status_code"]), message)


def encode(args):
    """(the body as bytes or None, the headers with its type)."""
    body, kind = args["body"], args["body_format"]
    headers = {str(name): str(value) for name, value in args["headers"].items()}
    if body is None:
        return None, headers
    is_text = isinstance(body, (str, bytes))
    if kind == "json" and not is_text:
        body = json.dumps(body)
    elif kind == "form-urlencoded" and not is_text:
        body = form(body)
    elif not is_text:
        raise host.Failed("a body that is not text needs body_format json or form-urlencoded")
    if kind in CONTENT_TYPES and "content-type" not in [name.lower() for name in headers]:
        headers["Content-Type"] = CONTENT_TYPES[kind]
    return raw(body), headers


def form(body):
    """A mapping or a list of pairs as a form's text; a list of values repeats its name."""
    pairs = body.items() if isinstance(body, dict) else body
    fields = []
    try:
        for name, values in pairs:
            values = values if isinstance(values, (list, tuple)) else [values]
            fields += [(raw(str(name)), raw(str(value))) for value in values if value is not None]
    except (TypeError, ValueError):
        raise host.Failed("failed to parse body as form_urlencoded: it must be a mapping or a list of pairs")
    return http.urlencode(fields)


def describe(args, answer):
    """An answer in Ansible's words: headers in lower case with underscores, JSON read where
    it says it is JSON."""
    values = read_headers(answer)
    if "location" in values:
        values["location"] = locate(answer.url, values["location"])
    content = answer.body()
    kind = answer.header("content-type") or ""
    charset = CHARSET.search(kind)
    decoded = decode(content, charset.group(1) if charset else "utf-8")
    if JSON_TYPE.match(kind):
        try:
            values["json"] = read_json(decoded)
        except (ValueError, RuntimeError):  # the latter where it is nested too deeply
            host.warn("%s calls its answer JSON, but it is none that can be read" % answer.url)
    if args["return_content"]:
        values["content"] = decoded
    elif answer.status >= 300 and answer.status in args["status_code"] and not JSON_TYPE.match(kind):
        values["body"] = decoded
    words = "OK (%s bytes)" % (answer.header("content-length") or "unknown")
    if answer.status >= 300:
        words = "HTTP Error %d: %s" % (answer.status, answer.reason)
    pairs = read_cookies(answer.headers)
    values.update(cookies=dict(pairs), cookies_string="; ".join("%s=%s" % pair for pair in pairs))
    redirected = answer.url != http.shown(args["url"])
    values.update(changed=False, status=answer.status, url=answer.url, redirected=redirected, msg=words)
    return values


def read_headers(answer):
    """The headers by their names with underscores, without those whose names a reply has for
    something else."""
    values = {name.replace("-", "_"): answer.header(name) for name, _ in answer.headers}
    taken = sorted(TYPED.intersection(values))
    if taken:
        names = ", ".join(taken)
        host.warn("headers of the answer are left out, since what a task answers has these names: %s" % names)
    return {name: value for name, value in values.items() if name not in taken}


def read_cookies(headers):
    """[(name, value)] of the cookies that an answer sets, the last of a name; what it takes away is
    not among them."""
    cookies = collections.OrderedDict()
    for line in [value for name, value in headers if name == "set-cookie"]:
        pair, _, rest = line.partition(";")
        name, equals, value = [part.strip() for part in pair.partition("=")]
        settings = dict(part.strip().lower().partition("=")[::2] for part in rest.split(";"))
        cookies.pop(name, None)
        if name and equals and not re.match("-|0+$", settings.get("max-age", "")):
            cookies[name] = value
    return list(cookies.items())


def locate(url, target):
    """Where a header leads to; what is no URL stays as it came."""
    try:
        return http.urljoin(url, target)
    except ValueError:
        return target


def read_json(decoded):
    """The value of JSON text; ValueError where it is none, or nested too deeply for a reply."""
    value = level = json.loads(decoded, parse_int=read_number)
    for _ in range(DEEPEST):
        level = [inner for item in (level if isinstance(level, list) else [level])
                 for inner in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
                 if isinstance(inner, (dict, list))]
        if not level:
            return value
    raise ValueError("nested too deeply")


def read_number(digits):
    """A whole number; a Python that has a limit for digits must read the reply."""
    if len(digits) > MOST_DIGITS:
        raise ValueError("a number of %d digits" % len(digits))
    return int(digits)


def decode(content, charset):
    try:
        if not CHARSETS.match(charset):
            raise LookupError(charset)
        return text(raw(content.decode(charset)))
    except (LookupError, UnicodeError):
        return text(raw(content.decode("utf-8", "replace")))
