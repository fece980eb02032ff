"""Keeps a Docker network: driver, options, address ranges, and which containers are connected.

What is not given is not compared. A network cannot be changed, so any difference in it recreates
it: its containers are disconnected, and connected again afterwards with their aliases and fixed
addresses. `connected` alone changes connections only. `force` recreates always; a network is
removed with its connections.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import changes, docker, host
from mooring.agent.docker import Refused
from mooring.agent.docker_networks import found_state, request, wanted_state

IPAM = {
    "subnet": {"type": "str"},
    "gateway": {"type": "str"},
    "iprange": {"type": "str"},
    "aux_addresses": {"type": "dict"},
}
ARGS = dict(
    name={"type": "str", "required": True, "aliases": ["network_name"]},
    state={"type": "str", "default": "present", "choices": ["absent", "present"]},
    driver={"type": "str", "default": "bridge"},
    driver_options={"type": "dict"},
    ipam_driver={"type": "str"},
    ipam_driver_options={"type": "dict"},
    ipam_config={"type": "list", "elements": "dict", "options": IPAM},
    internal={"type": "bool"},
    enable_ipv6={"type": "bool"},
    attachable={"type": "bool"},
    scope={"type": "str", "choices": ["local", "global", "swarm"]},
    labels={"type": "dict"},
    connected={"type": "list", "elements": "str", "aliases": ["containers"]},
    appends={"type": "bool", "default": False, "aliases": ["incremental"]},
    force={"type": "bool", "default": False},
    **docker.ENGINE_ARGS
)
ALWAYS = ("force",)


def find(engine, name):
    """The network's inspection; None when there is none of that name (an ID's
    beginning is not a name)."""
    network = engine.find("/networks/%s" % name)
    return network if network and (network["Name"] == name or network["Id"] == name) else None


def current(args):
    """The network as far as the arguments speak of it; None where there is no such network."""
    try:
        engine = docker.Engine(args)
    except docker.Unreachable as unreachable:
        host.warn(unreachable.message)
        return {"engine": "does not answer"} if args["state"] == "absent" else None
    network = find(engine, args["name"])
    return found_state(args, network) if network else None


def wanted(args, before):
    """The given options; `connected` is the list of all containers, or with appends those that must
    be among them."""
    if args["state"] == "absent":
        return None
    state = wanted_state(args)
    if args["force"] and before is not None:
        state["force"] = True
    return state


def apply(args, before, after):
    """Make, recreate or remove the network, and see to its connections."""
    engine, name, actions = docker.Engine(args), args["name"], []
    network = find(engine, name)
    if after is None:
        disconnect_all(engine, network, actions)
        engine.delete("/networks/%s" % network["Id"])
        return {"actions": actions + ["Removed network %s" % name]}
    differing = set(changes.find(before, after, ALWAYS)) - {"connected"}
    if network is None:
        create(engine, args, actions)
    elif differing:
        recreate(engine, args, network, actions)
    if args.get("connected") is not None:
        connect(engine, args, find(engine, name), actions)
    return {"actions": actions}


def create(engine, args, actions):
    answer = engine.post("/networks/create", body=request(args))
    if answer.get("Warning"):
        host.warn("Docker says: %s" % answer["Warning"])
    actions.append("Created network %s with driver %s" % (args["name"], args["driver"]))


def recreate(engine, args, network, actions):
    """A new network of the name, with the old one's containers; if it cannot be made, the
    old one comes back."""
    endpoints = disconnect_all(engine, network, actions)
    engine.delete("/networks/%s" % network["Id"])
    actions.append("Removed network %s" % args["name"])
    try:
        create(engine, args, actions)
    except Refused as refused:
        engine.post("/networks/create", body=as_it_was(network))
        join(engine, args["name"], endpoints)
        raise host.Failed("%s (the old network is back)" % refused.message)
    if args.get("connected") is None or args["appends"]:
        join(engine, args["name"], endpoints)


def join(engine, network, endpoints):
    for container, config in endpoints:
        engine.post("/networks/%s/connect" % network, body={"Container": container, "EndpointConfig": config})


def as_it_was(network):
    """The request that makes a network like the inspected one."""
    keys = ("Name", "Driver", "Options", "IPAM", "Internal", "EnableIPv6", "Attachable", "Labels")
    return {key: network[key] for key in keys if key in network}


def disconnect_all(engine, network, actions):
    """Disconnect every container; returns how they were connected, as [(ID, endpoint)]."""
    endpoints = []
    for container in sorted(network.get("Containers") or ()):
        inspection = engine.find("/containers/%s/json" % container) or {}
        networks = (inspection.get("NetworkSettings") or {}).get("Networks") or {}
        settings = networks.get(network["Name"]) or {}
        keep = {key: settings[key] for key in ("IPAMConfig", "Links", "Aliases") if settings.get(key)}
        endpoints.append((container, keep))
        engine.post("/networks/%s/disconnect" % network["Id"], body={"Container": container, "Force": True})
        actions.append("Disconnected container %s" % container)
    return endpoints


def connect(engine, args, network, actions):
    """Connect the containers that are asked for; without appends, disconnect the others."""
    members = {item["Name"]: identity for identity, item in (network.get("Containers") or {}).items()}
    for name in sorted(set(args["connected"]) - set(members)):
        engine.post("/networks/%s/connect" % network["Id"], body={"Container": name})
        actions.append("Connected container %s" % name)
    for name in sorted(set(members) - set(args["connected"])) if not args["appends"] else ():
        engine.post("/networks/%s/disconnect" % network["Id"], body={"Container": members[name], "Force": True})
        actions.append("Disconnected container %s" % name)


def returns(args, before, now):
    """Ansible's `network`: the engine's inspection of it."""
    try:
        network = find(docker.Engine(args), args["name"])
    except docker.Unreachable:
        return {}
    return {"network": network} if network else {}
