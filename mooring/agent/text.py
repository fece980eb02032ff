"""Text at the agent's border.

Inside the agent text is the interpreter's own `str`: on Python 2 UTF-8 bytes, on Python 3 Unicode
text in which a file's bytes that are no UTF-8 live on as surrogates. So paths and arguments work in
every locale.
"""

from __future__ import absolute_import, division, print_function

import re
import sys

PY2 = sys.version_info[0] == 2
# In pairs they are one character, where Python 2 has narrow ones.
LONE_SURROGATE = re.compile(u"[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")


def native(value):
    """The same value with every text as the interpreter's `str`."""
    if not PY2:
        return value
    if isinstance(value, dict):
        return {native(key): native(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [native(item) for item in value]
    return value.encode("utf-8") if isinstance(value, type(u"")) else value


def plain(value):
    """The same value as JSON can carry it: text, numbers, booleans, None, lists and
    dicts with text keys."""
    if isinstance(value, dict):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return _mend(bytes(value).decode("utf-8", "replace"))
    if isinstance(value, type(u"")):
        return _mend(value)
    if value is None or isinstance(value, (bool, int, float)) or type(value).__name__ == "long":
        return value
    return plain(str(value))


def _mend(text):
    """Unicode text without halves of characters, which Python 2 reads from bytes and JSON may
    hold."""
    if not PY2:
        try:
            return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        except UnicodeError:
            pass
    return LONE_SURROGATE.sub(u"\ufffd", text)


def _key(key):
    return plain(key) if isinstance(key, (str, bytes, type(u""))) else str(key)


def as_text(data):
    """A program's output as text; what is no UTF-8 is replaced."""
    text = data.decode("utf-8", "replace")
    return text.encode("utf-8") if PY2 else text


def as_bytes(text):
    """Text as the bytes that it stands for."""
    if isinstance(text, bytes):
        return text
    return text.encode("utf-8") if PY2 else text.encode("utf-8", "surrogateescape")
