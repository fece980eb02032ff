"""Wait until a port answers or is closed, or a file is there, has a text in it, or is gone."""

from __future__ import absolute_import, division, print_function

import os
import re
import socket
import time

from mooring.agent import files, host
from mooring.agent.names import raw, text

# Of what a port says, so much of the end is searched.
MOST = 1024 * 1024
ARGS = {
    "host": {"default": "127.0.0.1"},
    "port": {"type": "int"},
    "path": {"type": "path"},
    "search_regex": {},
    "state": {"default": "started", "choices": ["absent", "present", "started", "stopped"]},
    "timeout": {"type": "int", "default": 300},
    "connect_timeout": {"type": "int", "default": 5},
    "delay": {"type": "int", "default": 0},
    "sleep": {"type": "int", "default": 1},
    "msg": {},
}


def run(args):
    """Looks again every `sleep` seconds; `elapsed` tells how long it took."""
    check_arguments(args)
    expression = None
    if args["search_regex"] is not None:
        try:
            expression = re.compile(raw(args["search_regex"]), re.MULTILINE)
        except re.error as error:
            raise host.Failed("Invalid regular expression: %s" % error)
    start = time.time()
    host.sleep(args["delay"])
    match = None
    if args["port"] is None and args["path"] is None:
        host.sleep(args["timeout"])
    else:
        match = wait(args, expression, start)
    groups = match.groups() if hasattr(match, "groups") else ()
    names = match.groupdict() if hasattr(match, "groupdict") else {}
    values = {
        "changed": False, "state": args["state"], "port": args["port"], "path": args["path"],
        "search_regex": args["search_regex"], "elapsed": int(time.time() - start),
        "match_groups": [group and text(group) for group in groups],
        "match_groupdict": {name: group and text(group) for name, group in names.items()},
    }
    # As with Ansible the file's state is told in place of the one that was waited for.
    return dict(values, **files.path_info(args["path"])) if args["path"] is not None else values


def check_arguments(args):
    if args["port"] is not None and args["path"] is not None:
        raise host.Failed("port and path parameter can not both be passed to wait_for", elapsed=0)
    if args["path"] is not None and args["state"] == "stopped":
        raise host.Failed("state=stopped should only be used for checking a port in the wait_for module", elapsed=0)


def wait(args, expression, start):
    """Until what is waited for is seen (the match, or True); host.Failed when time is up."""
    look = look_at_path if args["path"] is not None else look_at_port
    gone = args["state"] in ("absent", "stopped")
    end = start + args["timeout"]
    while time.time() < end:
        seen = look(args, None if gone else expression, end)
        if bool(seen) != gone:
            return seen
        host.sleep(min(args["sleep"], max(0.0, end - time.time())))
    raise host.Failed(args["msg"] or complaint(args), elapsed=int(time.time() - start))


def complaint(args):
    """What did not come, in words."""
    target = args["path"] if args["path"] is not None else "%s:%s" % (args["host"], args["port"])
    if args["state"] in ("absent", "stopped"):
        return "Timeout when waiting for %s to %s" % (target, "be absent." if args["path"] is not None else "stop.")
    if args["search_regex"] is not None:
        return "Timeout when waiting for search string %s in %s" % (args["search_regex"], target)
    return "Timeout when waiting for %s%s" % ("file " if args["path"] is not None else "", target)


def look_at_path(args, expression, end):
    """Whether the file is there, and with an expression its match."""
    path = raw(args["path"])
    if expression is None or not os.path.exists(path):
        return os.path.exists(path)
    try:
        with open(path, "rb") as stream:
            return expression.search(stream.read())
    except EnvironmentError:
        return None


def look_at_port(args, expression, end):
    """Whether somebody accepts the connection, and with an expression its match in
    what is then sent."""
    patience = max(0.1, min(args["connect_timeout"], end - time.time()))
    try:
        sock = socket.create_connection((args["host"], args["port"]), patience)
    except EnvironmentError:
        return None
    try:
        return True if expression is None else listen(sock, expression, end)
    finally:
        sock.close()


def listen(sock, expression, end):
    """Read until the expression matches, the other side ends, or time is up."""
    data = b""
    while time.time() < end:
        sock.settimeout(min(0.5, max(0.1, end - time.time())))
        try:
            more = sock.recv(65536)
        except socket.timeout:
            host.sleep(0)  # a moment to notice that the control machine is gone
            continue
        except EnvironmentError:
            return None
        if not more:
            return None
        data = (data + more)[-MOST:]
        match = expression.search(data)
        if match:
            return match
    return None
