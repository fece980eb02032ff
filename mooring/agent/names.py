"""Names of files between text and bytes.

Text is the interpreter's own `str`, as everywhere in the agent: on Python 2 that is UTF-8 bytes already.
"""

from __future__ import absolute_import, division, print_function


def raw(name):
    """The bytes of a text; what `text` made from undecodable bytes comes back as it was."""
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def text(name):
    """The text of bytes."""
    if isinstance(name, str):
        return name
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name.encode("utf-8")
