"""Answer, to show that the host can be reached and has a usable Python."""

from __future__ import absolute_import, division, print_function

ARGS = {"data": {"type": "str", "default": "pong"}}
READ_ONLY = True


def run(args):
    if args["data"] == "crash":
        raise RuntimeError("boom")
    return {"changed": False, "ping": args["data"]}
