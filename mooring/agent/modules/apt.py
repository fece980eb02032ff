"""Install, update and remove packages on Debian, Ubuntu and their relatives with apt-get."""

from __future__ import absolute_import, division, print_function

from mooring.agent import dpkg

ARGS = dpkg.ARGS
RULES = dpkg.RULES


def prepare(args):
    return dpkg.prepare(args)


def current(args):
    return dpkg.current(args)


def wanted(args, before):
    return dpkg.wanted(args)


def apply(args, before, after):
    return dpkg.apply(args, before)


def returns(args, before, now):
    return dpkg.returns(args)
