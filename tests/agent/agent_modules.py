"""Modules that exist only for the agent's tests; sent along in the bundle."""

from __future__ import annotations

HEAD = "from __future__ import absolute_import, division, print_function\nfrom mooring.agent import host\n"

NOTHING = """
ARGS = {}
READ_ONLY = True
def run(args):
    return {"changed": False, "got": args}
"""

TEXT_FILE = """
import os
ARGS = {"path": {}, "text": {}, "state": {}, "password": {"secret": True}}
ALWAYS = ("restart",)
def current(args):
    if not os.path.exists(args["path"]):
        return None
    return {"text": host.read_text(args["path"]), "password": "old-secret"}
def wanted(args, before):
    if args.get("state") == "absent":
        return None
    wanted = {"text": args["text"]}
    if args.get("restart"):
        wanted["restart"] = True
    if args.get("password"):
        wanted["password"] = args["password"]
    return wanted
def apply(args, before, after):
    if after is None:
        os.remove(args["path"])
    elif args.get("state") != "broken":
        with open(args["path"], "wb") as stream:
            stream.write(host.as_bytes(after["text"]))
    return {"applied": True}
def returns(args, before, now):
    return {"path": args["path"], "now": now}
"""

CRASH = """
import sys
ARGS = {}
def run(args):
    if args.get("leave"):
        sys.exit(3)
    return 1 // args["zero"]  # the line to show
"""

FAIL = """
ARGS = {}
def run(args):
    host.warn("careful")
    host.warn("careful")
    raise host.Failed("it went wrong", rc=7)
"""

NOISY = """
import os, subprocess
ARGS = {}
def run(args):
    print("stray print")
    os.write(1, b"stray bytes")
    subprocess.call(["echo", "stray child"])
    return {"changed": True}
"""

CONTENT = """
import hashlib
ARGS = {}
def run(args):
    digest, size = hashlib.sha1(), 0
    for chunk in host.content():
        digest.update(chunk)
        size += len(chunk)
        host.progress("loading", size, args.get("size") or 0)
        if args.get("fail_at") and size > args["fail_at"]:
            raise host.Failed("enough")
    return {"changed": True, "sha1": digest.hexdigest(), "size": size}
"""

PROGRAM = """
ARGS = {}
def run(args):
    ran = host.run(args["argv"], stdin=args.get("stdin"), env=args.get("env"), timeout=args.get("timeout"),
                   shell=bool(args.get("shell")))
    return {"changed": True, "rc": ran.rc, "stdout": ran.out, "stderr": ran.err}
"""

SLEEP = """
ARGS = {}
def run(args):
    host.sleep(args["seconds"])
    return {}
"""

ENVIRONMENT = """
import os
ARGS = {}
READ_ONLY = True
def run(args):
    return {"environment": dict(os.environ), "listing": sorted(os.listdir(args["path"])) if args.get("path") else []}
"""

PREDICT = """
ARGS = {}
def run(args):
    raise AssertionError("must not run in check mode")
def predict(args):
    host.warn("cannot look")
    return {"changed": True} if args.get("sure") else None
"""

EXCESS = """
ARGS = {}
def run(args):
    deep = {}
    for _ in range(args["levels"]):
        deep = {"deep": deep}
    return {
        "changed": True, "rc": 0, "deep": deep, "stdout": "x" * args["size"], "many": [0] * args["many"],
        "number": float("inf") if args["endless"] else 1, "half": u"\\ud800",
    }
"""

SOURCES = {
    "mooring.agent.modules." + name: HEAD + source
    for name, source in {
        "t_nothing": NOTHING,
        "t_text_file": TEXT_FILE,
        "t_crash": CRASH,
        "t_fail": FAIL,
        "t_noisy": NOISY,
        "t_content": CONTENT,
        "t_program": PROGRAM,
        "t_sleep": SLEEP,
        "t_environment": ENVIRONMENT,
        "t_predict": PREDICT,
        "t_excess": EXCESS,
    }.items()
}
