"""Install, update and remove packages on Fedora, RHEL 8 and newer and their relatives with dnf."""

from __future__ import absolute_import, division, print_function

from mooring.agent import packages, rpm

PROGRAM = "dnf"
ARGS = dict(
    rpm.ARGS,
    allowerasing={"type": "bool", "default": False},
    install_weak_deps={"type": "bool", "default": True},
)
RULES = rpm.RULES


def prepare(args):
    return rpm.prepare(PROGRAM, args)


def current(args):
    return rpm.current(PROGRAM, args)


def wanted(args, before):
    return packages.wanted(args)


def apply(args, before, after):
    return rpm.apply(PROGRAM, args, before)
