"""Start, stop, restart, reload and enable services, on hosts that systemd runs."""

from __future__ import absolute_import, division, print_function

from mooring.agent import services
from mooring.agent.services import apply, current, diff, returns, wanted

ARGS = {
    "name": {"type": "str", "required": True},
    "state": {"choices": ["reloaded", "restarted", "started", "stopped"]},
    "enabled": {"type": "bool"},
    "use": {"default": "auto", "choices": ["auto", "systemd"]},
}
RULES = {"required_one_of": [["state", "enabled"]]}
ALWAYS = services.ALWAYS
__all__ = ["ALWAYS", "ARGS", "RULES", "apply", "current", "diff", "returns", "wanted"]
