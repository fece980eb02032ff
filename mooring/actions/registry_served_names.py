"""Tell which names clients use that nginx does not serve, before anything is written."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.registry.served_names import NAMES, REMEDY, Unserved, find_unserved, may_serve, tell

ARGS = {
    "servers": {"type": "list", "elements": "str", "required": True},
    "clients": {"type": "list", "elements": "str", "required": True},
    "served": {"type": "list", "elements": "str", "default": []},
    "refuse": {"type": "bool", "default": False},
}
ELSEWHERE = "a name of another registry belongs in registry_client_registries"


def run(call: Call) -> Reply:
    """A warning; with `refuse` a failure where a name is this registry's beyond doubt.

    A name that one of several servers serves is served.
    """
    hosts, servers, served = call.variables["hostvars"], call.args["servers"], call.args["served"]
    by_server = [(server, find_unserved(hosts[server], hosts, call.args["clients"], served)) for server in servers]
    names = {entry.name for _, unserved in by_server for entry in unserved}
    everywhere = {name for name in names if not any(may_serve(hosts[server], name, served) for server in servers)}
    if not everywhere:
        return {"changed": False, "msg": "no client uses a name that is known not to be served"}
    warnings, errors = list[str](), list[str]()
    for server, unserved in by_server:
        refused = [entry for entry in unserved if entry.name in everywhere]
        certain = [entry for entry in refused if entry.is_certain and call.args["refuse"]]
        others = [entry for entry in refused if entry not in certain]
        errors += [_word(server, certain)] if certain else []
        warnings += [_word(server, others)] if others else []
    if errors:
        return {"changed": False, "failed": True, "msg": "\n".join(errors), "warnings": warnings}
    return {"changed": False, "msg": "some clients' names may not be served", "warnings": warnings}


def _word(server: str, names: list[Unserved]) -> str:
    elsewhere = f"; {ELSEWHERE}" if any(NAMES in name.variables for name in names) else ""
    return f"{tell(server, names)}; {REMEDY}{elsewhere}"
