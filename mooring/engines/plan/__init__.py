"""From what a Docker host has to what it should have: the plan, as a value. Pure, as all of
`mooring.engines`.

wanted.py is what is asked for, record.py what Mooring put there before, host.py the host itself.
settings.py says what is missing and where it belongs; json_edit.py and sysconfig_edit.py edit
texts, with the line ends of line_end.py; daemon_file.py, sysconfig_file.py and certificates.py make
the new files, draft.py puts them together. effect.py decides on nothing, reload or restart,
restart.py and steps.py on how; checks.py and untried.py say what speaks against it, plan.py is the
whole, show.py its text, module_arguments.py what the host's half is given.
"""
