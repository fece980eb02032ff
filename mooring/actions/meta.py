"""Steer the play: flush_handlers, end_host, end_play, noop, reset_connection."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.actions.effects import EFFECT, Steer

ARGS = {
    "free_form": {
        "required": True,
        "choices": ["flush_handlers", "end_host", "end_play", "noop", "reset_connection"],
    },
}
FREE_FORM = "free_form"
# As in Ansible nothing is told of it but its failures.
SILENT = True
# All hosts must say whether the play ends before any goes on.
MEETS = {"free_form": ["end_play"]}


def run(call: Call) -> Reply:
    """The word; the walker does what it says."""
    return {"changed": False, EFFECT: Steer(call.args["free_form"])}
