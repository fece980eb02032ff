"""The full name of the systemd module."""

from __future__ import absolute_import, division, print_function

from mooring.agent.modules.systemd import ALWAYS, ARGS, RULES, apply, current, diff, prepare, returns, wanted

__all__ = ["ALWAYS", "ARGS", "RULES", "apply", "current", "diff", "prepare", "returns", "wanted"]
