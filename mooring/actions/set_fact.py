"""Set variables of the host for the rest of the run."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.actions.effects import EFFECT, SetFacts
from mooring.errors import ArgumentError
from mooring.playbook.keywords import check_set_name
from mooring.playbook.tasks import Context, Task
from mooring.templating.refusals import refuse_name
from mooring.templating.templar import is_template

ARGS: dict[str, dict[str, object]] = {"cacheable": {"type": "bool", "default": False}}
# The arguments are the names of the variables to set.
OPEN = True


def check(task: Task, context: Context) -> None:
    """Names that are not templates must be valid names of variables."""
    for name in task.args:
        if not is_template(name):
            check_set_name(str(name), getattr(name, "where", None) or task.where)


def run(call: Call) -> Reply:
    """The variables, as facts of this host."""
    render = call.context.templar.render
    facts = {render(name, call.variables): value for name, value in call.args.items() if name != "cacheable"}
    for name in facts:
        refuse_name(name, "the variable")
        check_set_name(str(name), call.where, ArgumentError)
    return {"changed": False, "ansible_facts": facts, EFFECT: SetFacts(facts)}
