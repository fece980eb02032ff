"""Running what a playbook names: what command and shell have in common."""

from __future__ import absolute_import, division, print_function

import datetime
import glob
import os

from mooring.agent import host
from mooring.agent.names import raw

try:
    from shlex import quote
except ImportError:
    from pipes import quote

COMMAND_ARGS = {
    "cmd": {},
    "chdir": {"type": "path"},
    "creates": {"type": "path"},
    "removes": {"type": "path"},
    "stdin": {},
    "stdin_add_newline": {"type": "bool", "default": True},
    "strip_empty_ends": {"type": "bool", "default": True},
}


def run(args, shown, argv, shell):
    """Run `argv` and tell about it in Ansible's words; `shown` is the command as
    the playbook has it."""
    chdir = args["chdir"]
    if chdir and not os.path.isdir(raw(chdir)):
        raise host.Failed("Unable to change directory before execution: %s is not there" % chdir, cmd=shown, rc=None)
    reason = unneeded(args)
    if reason:
        return skipped(args, shown, "Did", reason)
    stdin = args["stdin"]
    if stdin is not None and args["stdin_add_newline"]:
        stdin += "\n"
    # The host's own language: what users read in a command's output is what they would see there.
    language = {"LC_ALL": os.environ.get("LC_ALL")}
    start = datetime.datetime.now()
    try:
        ran = host.run(argv, stdin=stdin, env=language, cwd=chdir, shell=shell)
    except host.Failed as failure:
        # Where nothing ran, Ansible tells the command as one line.
        line = " ".join(quote(word) for word in shown) if isinstance(shown, list) else shown
        raise host.Failed(failure.message, **dict(failure.values, cmd=line, stdout="", stderr=""))
    end = datetime.datetime.now()
    values = result(args, shown, ran, changed=True, msg="", start=str(start), end=str(end), delta=str(end - start))
    if ran.rc != 0:
        del values["msg"]
        raise host.Failed("non-zero return code", **values)
    return values


def predict(args, shown):
    """In check mode: known only where `creates` or `removes` say it."""
    reason = unneeded(args)
    if reason:
        return skipped(args, shown, "Would", reason)
    values = result(args, shown, host.Ran(0, "", ""), changed=True,
                    msg="Command would have run if not in check mode")
    if args["creates"] is None and args["removes"] is None:
        values.update(skipped=True, changed=False)
    return values


def unneeded(args):
    """Why the command need not run, as (name, verb): what it creates is there, what it removes is
    not; else None."""
    if args["creates"] and glob.glob(below(args, "creates")):
        return args["creates"], "exists"
    if args["removes"] and not glob.glob(below(args, "removes")):
        return args["removes"], "does not exist"
    return None


def below(args, key):
    """The pattern as bytes, from the directory that the command would run in."""
    return raw(os.path.join(args["chdir"] or "", args[key]))


def skipped(args, shown, did, reason):
    """The result of a command that need not run."""
    return result(args, shown, host.Ran(0, "skipped, since %s %s" % reason, ""), changed=False,
                  msg="%s not run command since '%s' %s" % ((did,) + reason))


def result(args, shown, ran, **values):
    """The return values about one run."""
    out, err = ran.out, ran.err
    if args["strip_empty_ends"]:
        out, err = out.rstrip("\r\n"), err.rstrip("\r\n")
    reply = {
        "cmd": shown, "rc": ran.rc, "stdout": out, "stderr": err, "start": None, "end": None, "delta": None,
        "stdout_lines": out.splitlines(), "stderr_lines": err.splitlines(),
    }
    reply.update(values)
    return reply
