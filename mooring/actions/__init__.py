"""Tasks that begin on the control machine, a file each: ARGS as in a module, `run(call) -> reply`.

An action may have `check(task, context)`, which looks at its files while the playbook is loaded.
"""
