"""Start, stop, restart, reload, enable and mask units of systemd."""

from __future__ import absolute_import, division, print_function

from mooring.agent import services
from mooring.agent.services import apply, current, diff, prepare, returns, wanted

ARGS = {
    "name": {"type": "str", "aliases": ["service", "unit"]},
    "state": {"choices": ["reloaded", "restarted", "started", "stopped"]},
    "enabled": {"type": "bool"},
    "masked": {"type": "bool"},
    "force": {"type": "bool"},
    "daemon_reload": {"type": "bool", "default": False, "aliases": ["daemon-reload"]},
    "daemon_reexec": {"type": "bool", "default": False, "aliases": ["daemon-reexec"]},
    "scope": {"default": "system", "choices": ["system", "user"]},
    "no_block": {"type": "bool", "default": False},
}
RULES = {"required_one_of": [["state", "enabled", "masked", "daemon_reload", "daemon_reexec"]]}
ALWAYS = services.ALWAYS
__all__ = ["ALWAYS", "ARGS", "RULES", "apply", "current", "diff", "prepare", "returns", "wanted"]
