"""Install, update and remove packages on CentOS 7 and its relatives with yum."""

from __future__ import absolute_import, division, print_function

from mooring.agent import packages, rpm

PROGRAM = "yum"
ARGS = rpm.ARGS
RULES = rpm.RULES


def prepare(args):
    return rpm.prepare(PROGRAM, args)


def current(args):
    return rpm.current(PROGRAM, args)


def wanted(args, before):
    return packages.wanted(args)


def apply(args, before, after):
    return rpm.apply(PROGRAM, args, before)
