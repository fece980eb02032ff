"""Run a program, without a shell."""

from __future__ import absolute_import, division, print_function

import os
import shlex

from mooring.agent import commands, host

ARGS = dict(commands.COMMAND_ARGS)
ARGS.update({
    "argv": {"type": "list", "elements": "str"},
    "expand_argument_vars": {"type": "bool", "default": True},
})
RULES = {"required_one_of": [["cmd", "argv"]], "mutually_exclusive": [["cmd", "argv"]]}
FREE_FORM = "cmd"


def words(args):
    """The program and its arguments; quotes are read as a shell would, variables and ~
    filled in when asked."""
    if args["argv"]:
        argv = list(args["argv"])
    else:
        try:
            argv = shlex.split(args["cmd"])
        except ValueError as error:
            raise host.Failed("cannot split the command into words: %s" % error, cmd=args["cmd"], rc=257)
    if not argv:
        raise host.Failed("no command given", rc=256)
    if args["expand_argument_vars"]:
        argv = [os.path.expanduser(os.path.expandvars(word)) for word in argv]
    return argv


def run(args):
    """rc, stdout, stderr and more; a status other than 0 is a failure."""
    return commands.run(args, words(args), words(args), shell=False)


def predict(args):
    return commands.predict(args, words(args))
