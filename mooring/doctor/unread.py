"""Files of nginx and of the registry that are newer than what runs: a change whose reload was
lost."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.fleet.survey import FleetHost
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict

NGINX, REGISTRY = "nginx-configuration", "registry-configuration"
REMEDY = f"run `{invocation('provision-server')}`, which reloads it"
# Workers read the files when they start; ps counts whole seconds, hence the two. The role nginx
# asks the same.
NGINX_LOOK = """\
age=$(docker top {name} -eo pid,etimes,args 2>/dev/null |
  awk '/nginx: worker process *$/ && $2 > age {{ age = $2 }} END {{ print age }}')
if test -z "$age"; then echo stopped; elif test ! -d {directory}; then echo absent
else find {directory} -type f -newerct "$((age - 2)) seconds ago"; fi"""
REGISTRY_LOOK = """\
started=$(docker inspect {name} 2>/dev/null -f \
  '{{{{if and .State.Running (not .State.Restarting)}}}}{{{{.State.StartedAt}}}}{{{{end}}}}')
if test -z "$started"; then echo stopped; elif test ! -d {directory}; then echo absent
else find {directory} -type f -newerct "$started"; fi"""


def look(host: FleetHost, variables: Mapping[str, Any]) -> Iterator[Finding]:
    """Both of them; what does not run is another rule's."""
    for rule, script, role in ((NGINX, NGINX_LOOK, "nginx"), (REGISTRY, REGISTRY_LOOK, "registry")):
        name, directory = (
            shlex.quote(str(variables[f"{role}_{detail}"])) for detail in ("container_name", "config_directory")
        )
        reply = host.call("shell", cmd=script.format(name=name, directory=directory))
        yield judge_unread(rule, role, str(reply.get("stdout", "")).splitlines())


def judge_unread(rule: str, role: str, paths: list[str]) -> Finding:
    """`paths` are the files that changed after it read them, or "stopped" or "absent"."""
    if paths == ["stopped"]:
        seen = f"{role} does not run, so nobody can tell what it has read"
        return Finding(rule, Verdict.UNKNOWN, seen, f"see `docker ps -a`, or run `{invocation('provision-server')}`")
    if paths == ["absent"]:
        return Finding(
            rule, Verdict.BREAKS, f"the directory of {role}'s files is gone", f"run `{invocation('provision-server')}`"
        )
    if paths:
        return Finding(rule, Verdict.HARMS, f"{role} has not read its files since they changed", REMEDY, tuple(paths))
    return Finding(rule, Verdict.HOLDS, f"{role} runs with its files as they are")
