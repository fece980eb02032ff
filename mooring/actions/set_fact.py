"""Set variables of the host for the rest of the run."""

from __future__ import annotations

from mooring.call import Call, Reply
from mooring.errors import ArgumentError

ARGS: dict[str, dict[str, object]] = {"cacheable": {"type": "bool", "default": False}}
# The arguments are the names of the variables to set.
OPEN = True


def run(call: Call) -> Reply:
    """The variables, as facts of this host."""
    render = call.context.templar.render
    facts = {render(name, call.variables): value for name, value in call.args.items() if name != "cacheable"}
    for name in facts:
        if not name.isidentifier():
            raise ArgumentError(f'set_fact: "{name}" is no name for a variable', call.where)
    return {"changed": False, "ansible_facts": facts}
