"""Names of files between text and bytes.

Text is the interpreter's own `str`, as everywhere in the agent: on Python 2 that is
UTF-8 bytes already.
"""

from __future__ import absolute_import, division, print_function

import os


def expand(specs, args):
    """A module's arguments with ~ and $VARIABLES of this host filled in where they are paths."""
    expanded = dict(args)
    for name, spec in specs.items():
        value = args.get(name)
        if value is None:
            continue
        if spec.get("type") == "path":
            expanded[name] = fill_in(value)
        elif spec.get("elements") == "path":
            expanded[name] = [fill_in(item) for item in value]
        elif spec.get("options"):
            parts = [expand(spec["options"], part) for part in (value if isinstance(value, list) else [value])]
            expanded[name] = parts if isinstance(value, list) else parts[0]
    return expanded


def fill_in(path):
    return os.path.expanduser(os.path.expandvars(path))


def raw(name):
    """The bytes of a text; what `text` made from undecodable bytes comes back as it was."""
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def text(name):
    """The text of bytes."""
    if isinstance(name, str):
        return name
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name.encode("utf-8")
