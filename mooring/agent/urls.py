"""URLs of other people's making: what is none is host.Failed, in one sentence."""

from __future__ import absolute_import, division, print_function

import base64
import re

from mooring.agent import host
from mooring.agent.names import raw, text

try:
    from urllib.parse import unquote, urlencode, urljoin, urlsplit
except ImportError:
    from urllib import unquote, urlencode

    from urlparse import urljoin, urlsplit

__all__ = ["find_credentials", "is_exempt", "is_host", "join", "place", "quoted", "shown", "split", "urlencode",
           "urljoin", "urlsplit"]

SPACES = re.compile(r"[\s\x00-\x20\x7f]")


def is_host(name):
    """Whether it may be a host's name, which goes into headers as it is."""
    return bool(name) and not SPACES.search(name)


def split(url):
    """The URL's parts; host.Failed where it has none."""
    try:
        place(url)
        return urlsplit(url)
    except ValueError as error:
        raise host.Failed("%s is not a URL: %s" % (shown(url), error), url=shown(url), status=-1)


def join(url, target):
    """Where a redirect leads; host.Failed where that is no URL."""
    try:
        following = urljoin(url, target)
        place(following)
    except ValueError as error:
        raise host.Failed("the server sends us to what is not a URL: %s" % error, url=shown(url), status=-1)
    return following


def place(url):
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def shown(url):
    """The URL without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def find_credentials(args, url):
    """The value of the Authorization header, or None."""
    parts = split(url)
    user = args["url_username"] or (unquote(parts.username) if parts.username else None)
    if user is None:
        return None
    password = args["url_password"] if args["url_username"] else unquote(parts.password or "")
    return "Basic " + text(base64.b64encode(raw("%s:%s" % (user, password or ""))))


def quoted(selector):
    """Spaces and letters outside ASCII of a URL in percent form; what is quoted already stays."""
    return "".join(chr(code) if 32 < code < 127 else "%%%02X" % code for code in bytearray(raw(selector)))


def is_exempt(parts, exempt):
    """Whether no_proxy ("localhost,.example.com,*") names the host, with or without its port."""
    names = [name.strip().lower().lstrip(".") for name in exempt.split(",") if name.strip()]
    for known in (parts.hostname, "%s:%s" % (parts.hostname, parts.port)):
        if any(name in ("*", known) or known.endswith("." + name) for name in names):
            return True
    return False
