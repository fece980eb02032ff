"""Run a command line by the shell."""

from __future__ import absolute_import, division, print_function

from mooring.agent import commands

ARGS = dict(commands.COMMAND_ARGS)
ARGS.update({"cmd": {"required": True}, "executable": {"type": "path"}})
FREE_FORM = "cmd"


def run(args):
    """rc, stdout, stderr and more; a status other than 0 is a failure."""
    if args["executable"]:
        return commands.run(args, args["cmd"], [args["executable"], "-c", args["cmd"]], shell=False)
    return commands.run(args, args["cmd"], args["cmd"], shell=True)


def predict(args):
    return commands.predict(args, args["cmd"])
