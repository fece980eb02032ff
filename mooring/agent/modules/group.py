"""Add, change and remove groups."""

from __future__ import absolute_import, division, print_function

import grp

from mooring.agent import accounts

ARGS = {
    "name": {"required": True},
    "gid": {"type": "int"},
    "system": {"type": "bool", "default": False},
    "state": {"choices": ["absent", "present"], "default": "present"},
    "non_unique": {"type": "bool", "default": False},
}
RULES = {"required_if": [["non_unique", True, ["gid"]]]}


def current(args):
    try:
        return {"name": args["name"], "gid": grp.getgrnam(args["name"]).gr_gid}
    except KeyError:
        return None


def wanted(args, before):
    if args["state"] == "absent":
        return None
    return {"name": args["name"]} if args["gid"] is None else {"name": args["name"], "gid": args["gid"]}


def apply(args, before, after):
    if after is None:
        accounts.change(["groupdel", args["name"]])
        return
    options = [] if args["gid"] is None else ["-g", str(args["gid"])] + ["-o"] * args["non_unique"]
    if before is None:
        accounts.change(["groupadd"] + options + ["-r"] * args["system"] + [args["name"]])
    else:
        accounts.change(["groupmod"] + options + [args["name"]])


def returns(args, before, now):
    values = {"name": args["name"], "state": args["state"]}
    if now is not None:
        values["system"] = args["system"]
        values.update((key, now[key]) for key in ("gid",) if key in now)
    return values
