"""Wait for some time."""

from __future__ import annotations

from mooring.actions.call import Call, Reply

ARGS = {
    "seconds": {"type": "float"},
    "minutes": {"type": "float"},
}
RULES = {"required_one_of": [["seconds", "minutes"]], "mutually_exclusive": [["seconds", "minutes"]]}


def run(call: Call) -> Reply:
    """Sleep; in check mode there is nothing to wait for."""
    seconds = call.args["seconds"] if call.args["minutes"] is None else call.args["minutes"] * 60
    if not call.check:
        call.wait(max(0.0, seconds))
    return {"changed": False, "delta": seconds, "msg": f"Paused for {seconds:g} seconds"}
