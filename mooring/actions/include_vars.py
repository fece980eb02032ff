"""Read variables from a file, for the host and the rest of the run."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.actions.effects import EFFECT, IncludeVariables
from mooring.errors import ArgumentError
from mooring.playbook.keywords import check_set_name
from mooring.playbook.roles import load_variables
from mooring.templating.refusals import refuse_name

ARGS = {
    "file": {"type": "path", "required": True},
    "name": {},
}
FREE_FORM = "file"


def run(call: Call) -> Reply:
    """The variables of the file, all under `name` where that is given."""
    path = call.find(call.args["file"], "vars")
    values = dict(load_variables(path, call.context.templar))
    name = call.args["name"]
    if name is not None:
        refuse_name(name, "the variable")
        check_set_name(str(name), call.where, ArgumentError)
    variables = {str(name): values} if name else values
    result = {"ansible_facts": variables, "ansible_included_var_files": [str(path.absolute())]}
    return {"changed": False, **result, EFFECT: IncludeVariables(variables)}
