"""A Docker network as a comparable state, and the engine's request for one: pure functions."""

from __future__ import absolute_import, division, print_function

from mooring.agent.docker_options import log_texts
from mooring.agent.docker_values import texts

# argument -> the inspection's key, for what is compared as it is
PLAIN = (("driver", "Driver"), ("internal", "Internal"), ("enable_ipv6", "EnableIPv6"),
         ("attachable", "Attachable"), ("scope", "Scope"))
RANGE = (("subnet", "Subnet"), ("gateway", "Gateway"), ("iprange", "IPRange"))


def wanted_state(args):
    """What the arguments ask for, without what is not given."""
    state = {name: args[name] for name, _ in PLAIN if args.get(name) is not None}
    if args.get("driver_options") is not None:
        state["driver_options"] = log_texts(args["driver_options"])
    if args.get("labels") is not None:
        state["labels"] = texts(args["labels"], "labels")
    if args.get("ipam_driver") is not None:
        state["ipam_driver"] = args["ipam_driver"]
    if args.get("ipam_driver_options") is not None:
        state["ipam_driver_options"] = log_texts(args["ipam_driver_options"])
    if args.get("ipam_config") is not None:
        state["ipam_config"] = sorted((ipam_range(item) for item in args["ipam_config"]), key=subnet)
    if args.get("connected") is not None:
        state["connected"] = sorted(args["connected"])
    return state


def found_state(args, network):
    """An inspected network, projected on the arguments: of dicts only the keys that are asked
    for."""
    ipam = network.get("IPAM") or {}
    state = {name: network.get(key) for name, key in PLAIN}
    state["driver_options"] = part(network.get("Options"), args.get("driver_options"))
    state["labels"] = part(network.get("Labels"), args.get("labels"))
    state["ipam_driver"] = ipam.get("Driver") or "default"
    state["ipam_driver_options"] = part(ipam.get("Options"), args.get("ipam_driver_options"))
    state["ipam_config"] = found_ranges(ipam.get("Config") or (), args.get("ipam_config") or ())
    names = {item["Name"] for item in (network.get("Containers") or {}).values()}
    state["connected"] = sorted(names & set(args.get("connected") or ()) if args.get("appends") else names)
    return state


def part(values, keys):
    return {key: values[key] for key in keys or () if key in (values or {})}


def subnet(item):
    return item.get("subnet") or ""


def ipam_range(item):
    """An address range with its given parts only."""
    return {key: value for key, value in item.items() if value not in (None, {})}


def found_ranges(configs, items):
    """The found ranges, each with those parts that are asked of the range of the same subnet."""
    wanted = {subnet(item): ipam_range(item) for item in items}
    ranges = []
    for config in configs:
        have = {key: config[name] for key, name in RANGE if config.get(name)}
        if config.get("AuxiliaryAddresses"):
            have["aux_addresses"] = config["AuxiliaryAddresses"]
        keys = wanted.get(have.get("subnet")) or wanted.get("") or have
        ranges.append({key: value for key, value in have.items() if key in keys})
    return sorted(ranges, key=subnet)


def request(args):
    """The engine's request for a new network."""
    body = {"Name": args["name"], "Driver": args["driver"], "CheckDuplicate": True}
    for name, key in PLAIN[1:]:
        if args.get(name) is not None:
            body[key] = args[name]
    state = wanted_state(args)
    for name, key in (("driver_options", "Options"), ("labels", "Labels")):
        if name in state:
            body[key] = state[name]
    ranges = []
    for item in state.get("ipam_config", ()):
        config = {name: item[key] for key, name in RANGE if key in item}
        if "aux_addresses" in item:
            config["AuxiliaryAddresses"] = item["aux_addresses"]
        ranges.append(config)
    body["IPAM"] = {"Driver": args.get("ipam_driver") or "default", "Config": ranges}
    if "ipam_driver_options" in state:
        body["IPAM"]["Options"] = state["ipam_driver_options"]
    return body
