"""Fetch a file's content, base64-encoded."""

from __future__ import absolute_import, division, print_function

import base64
import errno
import os

from mooring.agent import host
from mooring.agent.names import raw

ARGS = {"src": {"type": "path", "required": True, "aliases": ["path"]}}
READ_ONLY = True
REASONS = {
    errno.ENOENT: "File not found: %s",
    errno.EACCES: "File is not readable: %s",
    errno.EISDIR: "Source is a directory and must be a file: %s",
}


def run(args):
    """`content` in base64, and `source`, `encoding`."""
    source = args["src"]
    try:
        if os.path.isdir(raw(source)):
            raise IOError(errno.EISDIR, os.strerror(errno.EISDIR))
        with open(raw(source), "rb") as stream:
            data = stream.read()
    except EnvironmentError as error:
        reason = REASONS.get(error.errno)
        raise host.Failed(reason % source if reason else "Unable to slurp %s: %s" % (source, error.strerror))
    return {"changed": False, "content": base64.b64encode(data), "source": source, "encoding": "base64"}
