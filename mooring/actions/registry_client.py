"""Set what a container engine knows of registries and mirrors: planned here, done on the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.actions.call import Call, Reply
from mooring.actions.recover_result import find_out
from mooring.engines.choice import CONTAINER_MODULE, DOCKER_MODULE, find_engine
from mooring.engines.docker import daemon_json
from mooring.engines.docker.endpoints import CERTIFICATES
from mooring.engines.docker.reply import texts_of as docker_texts_of
from mooring.engines.explanation import AUTO, DOCKER
from mooring.engines.explanation_containers import texts_of
from mooring.engines.plan import module_arguments, record, show
from mooring.engines.plan.containers.host import PLANNED, ContainerHost, record_path, record_paths
from mooring.engines.plan.containers.plan import plan as plan_containers
from mooring.engines.plan.host import SYSCONFIG, Container, Host, Paths
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.wanted import WHERE_POSSIBLE, Mirror, Registry, Wanted, problems
from mooring.errors import AgentError, ArgumentError, ConnectionLost, SourceError, Where
from mooring.files.pem import find_problem
from mooring.files.reading import LARGEST_SETTING, read_text
from mooring.playbook.tasks import Context, Task
from mooring.records.hub import HUB
from mooring.templating.refusals import refuse
from mooring.templating.templar import is_template
from mooring.transport.content import Content
from mooring.transport.reply_texts import checked

FILES = {"ca_file": "ca", "certificate_file": "certificate", "key_file": "key"}
REGISTRY = {
    "name": {"type": "str", "required": True},
    "insecure": {"type": "bool", "default": False},
    "ca_file": {"type": "path"},
    "certificate_file": {"type": "path"},
    "key_file": {"type": "path"},
    "search": {"type": "raw", "default": False},
    "block": {"type": "bool", "default": False},
}
MIRROR = {"url": {"type": "str", "required": True}, "registry": {"type": "str", "default": HUB}}
ARGS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "registries": {"type": "list", "elements": "dict", "options": REGISTRY, "default": []},
    "mirrors": {"type": "list", "elements": "dict", "options": MIRROR, "default": []},
    "own_mirrors": {"type": "list", "elements": "str", "default": []},
    "allow_restart": {"type": "bool", "default": False},
    "accept_untried": {"type": "list", "elements": "str", "default": []},
    "deadline": {"type": "int", "default": 180},
    "fault": {"type": "str", "default": ""},
    "engine": {"type": "str", "choices": ["auto", "docker", "podman", "containerd", "crio"], "default": "auto"},
    "service": {"type": "str", "default": "docker"},
    "sysconfig": {"type": "path", "default": SYSCONFIG},
    "daemon_json": {"type": "path", "default": daemon_json.PATH},
    "certificates": {"type": "path", "default": CERTIFICATES},
    "record": {"type": "path", "default": record.PATH},
}
ENGINES = (AUTO, DOCKER, *PLANNED)
PATIENCE = 30


def check(task: Task, context: Context) -> None:
    """Names, addresses and files that are written plainly are judged before any host is touched."""
    registries, mirrors = task.args.get("registries") or [], task.args.get("mirrors") or []
    plain = [entry for entry in registries if isinstance(entry, Mapping) and not is_template(entry)]
    for entry in plain:
        for name in FILES:
            if entry.get(name):
                read_pem(context.find(str(entry[name]), "files", task.where), name, task.where)
    known = [Mirror(str(mirror.get("url")), str(mirror.get("registry") or HUB)) for mirror in mirrors
             if isinstance(mirror, Mapping) and not is_template(mirror)]  # fmt: skip
    # What belongs to one registry may stand in several entries, so only what is wrong in each case
    # is told here.
    names = [Registry(str(entry.get("name")), bool(entry.get("insecure"))) for entry in plain]
    for problem in problems(Wanted(tuple(names), tuple(known))):
        raise ArgumentError(f"registry_client: {problem}", task.where)


def run(call: Call) -> Reply:
    """Look at the host, plan, and let the host carry it out; in check mode tell the plan."""
    engine = call.args["engine"]
    wanted = read_wanted(call) if call.args["state"] == "present" else Wanted()
    if engine not in ENGINES:
        message = f"registry_client does not set up {engine} yet, only {', '.join(ENGINES)}"
        return {"changed": False, "failed": True, "msg": message}
    cleared = clear(call)
    if cleared.get("failed"):
        return cleared
    planned = plan_change(call, wanted)
    reply = carry_out(call, planned) if isinstance(planned, Plan) else planned
    warnings = [*cleared.get("warnings", []), *reply.get("warnings", [])]
    return {**reply, "warnings": warnings, "changed": bool(cleared["changed"] or reply.get("changed"))}


def clear(call: Call) -> Reply:
    """First, an earlier change that broke off is undone; one under way is left alone."""
    engine = call.args["engine"] if call.args["engine"] in PLANNED else "docker"
    about = {"engine": engine, "service": call.args["service"] if engine == "docker" else engine}
    if not call.module("docker_settled", {**about, "seconds": 0}).get("is_open"):
        return {"changed": False}
    if call.check:
        warning = "an earlier change is in progress or was interrupted: what holds now may not last"
        return {"changed": False, "warnings": [warning]}
    return call.module("docker_settings", {**about, "steps": []})


def plan_change(call: Call, wanted: Wanted) -> Plan | Reply:
    """The plan for the engine that is meant, or the reply where there is nothing to plan for."""
    docker_paths = [call.args["sysconfig"], call.args["record"]]
    docker = {name: call.args[name] for name in ("service", "certificates")} | {"paths": docker_paths}
    queries = {DOCKER_MODULE: docker, CONTAINER_MODULE: {"paths": record_paths(call.args["record"])}}

    def ask(module: str) -> Reply:
        return dict(checked(call.module(module, {**queries[module], "timeout": PATIENCE})))

    answer = find_engine(call.args["engine"], ask, PLANNED)
    reply = dict(answer.reply)
    if answer.name in PLANNED:
        return plan_other(call, wanted, answer.name, reply)
    return plan_docker(call, wanted, reply)


def plan_docker(call: Call, wanted: Wanted, reply: Reply) -> Plan | Reply:
    """The plan for a Docker engine, or the reply where there is nothing to plan for."""
    if reply.get("missing"):
        return without_engine(call)
    if reply.get("failed"):
        return reply
    host = host_of(reply, call.args)
    untried = tuple(call.args["accept_untried"])
    return plan(host, wanted, call.args["allow_restart"], call.args["state"] == "absent", untried)


def plan_other(call: Call, wanted: Wanted, name: str, reply: Reply) -> Plan | Reply:
    """The plan for podman, CRI-O or containerd, or the reply where there is nothing to plan for."""
    if reply.get("failed"):
        return reply
    texts = texts_of(reply)
    if name not in texts.programs:
        return without_engine(call, name)
    host = ContainerHost(name, texts, reply["digests"], record_path(call.args["record"], name))
    return plan_containers(host, wanted, call.args["state"] == "absent")


def carry_out(call: Call, plan: Plan) -> Reply:
    """The plan's own answer, or the host's where something is to be done."""
    result: Reply = {"changed": plan.is_changed, "plan": show.as_dict(plan), "msg": show.text(plan)}
    if plan.refusals:
        return {**result, "changed": False, "failed": True}
    result["warnings"] = list(plan.warnings)
    if call.diff and plan.is_changed:
        result["diff"] = show.diffs(plan)
    if not plan.is_changed:
        return result
    result["_shown"] = True
    if call.check:
        return result
    arguments = module_arguments.arguments(plan, call.args["deadline"], call.args["fault"])
    # The host asks for this empty content when all is done: its answer tells that the control
    # machine is still there.
    try:
        reply = call.module("docker_settings", arguments, Content(b""))
    except (AgentError, ConnectionLost) as lost:
        reply = find_out(call, arguments, lost)
    warnings = [*result["warnings"], *(reply.get("warnings") or ())]
    return {**result, **reply, "warnings": warnings, "msg": f"{show.headline(plan)}: {reply.get('msg')}"}


def without_engine(call: Call, name: str = "Docker engine") -> Reply:
    """In check mode the task that installs the engine has only said that it would."""
    result: Reply = {"changed": False, "without_engine": True}
    if call.args["state"] == "absent":
        return {**result, "msg": f"there is no {name} on this host"}
    if call.check:
        message = f"there is no {name} yet, so what happens to its settings cannot be predicted"
        return {**result, "msg": message, "_shown": True}
    more = "; the role docker installs one" if name == "Docker engine" else ""
    return {**result, "failed": True, "msg": f"there is no {name} on this host{more}"}


def host_of(reply: Mapping[str, Any], args: Mapping[str, Any]) -> Host:
    """The module's reply as the planner wants it."""
    texts = docker_texts_of(reply)
    containers = tuple(Container(container["name"], container["restart"]) for container in reply["containers"])
    paths = Paths(args["sysconfig"], args["daemon_json"], args["certificates"], args["record"])
    service = reply.get("registries_service") or {}
    return Host(
        texts,
        containers,
        reply["state"],
        reply["digests"],
        reply["error"],
        args["service"],
        paths=paths,
        registries_service=service,
    )


def read_wanted(call: Call) -> Wanted:
    """The arguments with the control machine's files read; entries of one name add up."""
    registries: dict[str, Registry] = {}
    for entry in call.args["registries"]:
        known = registries.get(entry["name"], Registry(entry["name"]))
        settings: dict[str, Any] = {
            FILES[name]: read_file(call, name, entry[name]) for name in FILES if entry.get(name)
        }
        settings |= {name: entry[name] for name in ("insecure", "block") if entry[name]}
        if entry["search"] is not False:
            settings["search"] = searched(entry["search"], call.where)
        for name, value in settings.items():
            if getattr(known, name) and getattr(known, name) != value:
                raise ArgumentError(f"registry_client: {entry['name']} is given twice, with another {name}", call.where)
        registries[entry["name"]] = replace(known, **settings)
    mirrors = tuple(read_mirror(entry, call.args["own_mirrors"]) for entry in call.args["mirrors"])
    return Wanted(tuple(registries.values()), tuple(dict.fromkeys(mirrors)))


def read_mirror(entry: Mapping[str, str], own_mirrors: list[str]) -> Mirror:
    """One of `mirrors`; Mooring's own knows other registries by their names in front."""
    is_own = entry["url"].partition("://")[2] in own_mirrors and entry["registry"] != HUB
    return Mirror(entry["url"], entry["registry"], entry["registry"].replace(":", "_") if is_own else "")


def searched(value: Any, where: Where) -> bool | str:
    """`search`: yes, no or where-possible."""
    if value == WHERE_POSSIBLE or isinstance(value, bool):
        return value  # type: ignore[no-any-return]
    raise ArgumentError(f'registry_client: search must be yes, no or {WHERE_POSSIBLE}, not "{value}"', where)


def read_file(call: Call, option: str, name: str) -> str:
    """The control machine's file that an option names, under files/; a host's text names none."""
    refuse(name, f"registry_client: {option}", call.where)
    return read_pem(call.find(name, "files"), option, call.where)


def read_pem(path: Path, option: str, where: Where) -> str:
    """The file's text; ArgumentError where it is not the certificate or key that is asked for."""
    try:
        text = read_text(path, LARGEST_SETTING)
    except SourceError as error:
        raise ArgumentError(f"registry_client: {error.where}: {error.message}", where) from None
    problem = find_problem(text, "key" if option == "key_file" else "certificate")
    if problem:
        raise ArgumentError(f"registry_client: {option}: {path}: {problem}", where)
    return text
