"""Print a message or the value of a variable."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.errors import UndefinedVariable
from mooring.playbook.tasks import Context, Task
from mooring.templating.refusals import refuse_expression
from mooring.templating.templar import is_template

ARGS = {
    "msg": {"type": "raw"},
    "var": {"type": "raw"},
    "verbosity": {"type": "int", "default": 0},
}
RULES = {"mutually_exclusive": [["msg", "var"]]}


def check(task: Task, context: Context) -> None:
    """What `var` names is an expression."""
    var = task.args.get("var")
    if var is not None and not is_template(var):
        context.templar.check(f"{{{{ {var} }}}}", getattr(var, "where", None) or task.where)


def run(call: Call) -> Reply:
    """The message, or the value of `var`, which is an expression."""
    if call.args["verbosity"] > call.variables["ansible_verbosity"]:
        return {"changed": False, "skipped": True, "skipped_reason": "Verbosity threshold not met."}
    if call.args["var"] is None:
        msg = call.args["msg"]
        return {"changed": False, "msg": "Hello world!" if msg is None else msg, "_shown": True}
    hint = "msg shows a text as it is"
    refuse_expression(call.args["var"], "var, which is an expression,", call.where, hint)
    expression = str(call.args["var"])
    try:
        value = call.context.templar.render(f"{{{{ {expression} }}}}", call.variables)
    except UndefinedVariable as error:
        # As in Ansible: who looks for what is wrong gets to see it.
        value = f"<< error 1 - {error.message} >>"
    return {"changed": False, expression: value, "msg": value, "_shown": True}
