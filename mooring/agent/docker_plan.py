"""What a container should be, as a comparable state, and what the engine needs to make
one: pure functions.

The wanted state has only the options that were given. The found state is *projected* on it: of sets
and dicts only the entries that are asked for, so that equality is the whole comparison. Modes are
Ansible's: strict, allow_more_present and ignore, from `comparisons`.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import host
from mooring.agent.docker_options import EMPTY, OPTIONS

BY_NAME = {option.name: option for option in OPTIONS}
# A replacement has the given entries alone, so the others are part of what changes.
SHOWN_WHOLE = ("published_ports", "volumes")
MODES = ("strict", "allow_more_present", "ignore")
# What `comparisons` may name beside the options.
OTHERS = {"image": "strict", "networks": "allow_more_present"}
ENDPOINT = ("ipv4_address", "ipv6_address", "aliases", "links")


def modes(args):
    """The comparison mode of every option, "image" and "networks"."""
    mode_of = {option.name: option.default_mode for option in OPTIONS}
    mode_of.update(OTHERS)
    if args.get("purge_networks"):
        mode_of["networks"] = "strict"
    names = {alias: option.name for option in OPTIONS for alias in option.spec.get("aliases", ())}
    comparisons = args.get("comparisons") or {}
    if "*" in comparisons:
        if comparisons["*"] not in ("strict", "ignore"):
            raise host.Failed("comparisons: '*' can only be strict or ignore")
        compared = [name for name in mode_of if name != "networks" or args.get(name)]
        mode_of.update(dict.fromkeys(compared, comparisons["*"]))
    for key, mode in sorted(comparisons.items()):
        if key == "*":
            continue
        name = names.get(key, key)
        if name not in mode_of or mode not in MODES:
            raise host.Failed("comparisons: cannot compare %s as %s" % (key, mode))
        if mode == "allow_more_present" and name in BY_NAME and BY_NAME[name].kind == "value":
            raise host.Failed("comparisons: %s is one value, so it is compared strict or not at all" % key)
        mode_of[name] = mode
    return mode_of


def options(args):
    """The canonical values of the options that were given, by name."""
    cleaned = {option.name: option.clean(args[option.name])
             for option in OPTIONS if args.get(option.name) is not None}
    if any(str(port).lower() == "all" for port in args.get("published_ports") or ()):
        cleaned["publish_all_ports"] = True
    networks = args.get("networks")
    if networks and args.get("networks_cli_compatible") is not False and "network_mode" not in cleaned:
        cleaned["network_mode"] = networks[0]["name"]
    return cleaned


def expected(desired, image, mode):
    """The given options as a state to compare with; where it is strict, what the image brings
    belongs to it."""
    state = {}
    for name, value in desired.items():
        option = BY_NAME[name]
        if mode[name] == "ignore":
            continue
        brought = look(option, {"Config": (image or {}).get("Config") or {}})
        if mode[name] == "strict" and option.kind == "dict" and option.place.startswith("Config."):
            value = dict(brought, **value)
        elif mode[name] == "strict" and option.kind == "set":
            value = sorted(set(brought) | set(value))
        state[name] = value
    return state


def found_state(container, desired, mode):
    """An inspected container's values of the given options, projected on them."""
    return {name: project(look(BY_NAME[name], container), value, mode[name])
            for name, value in desired.items() if mode[name] != "ignore"}


def found_whole(container, desired):
    """The values of options whose old entries a change takes away, for showing them:
    volumes and ports."""
    return {name: look(BY_NAME[name], container) for name in SHOWN_WHOLE if name in desired}


def look(option, inspection):
    """An option's canonical value in an inspection."""
    value = inspection
    for part in option.place.split("."):
        value = (value or {}).get(part)
    if option.name == "volumes":
        value = list(value or ()) + sorted((inspection.get("Config") or {}).get("Volumes") or ())
        return sorted(bind if bind.count(":") != 1 else bind + ":rw" for bind in value)
    value = option.unpack(value)
    return EMPTY[option.kind] if value is None else value


def project(current, wanted, mode):
    """The part of `current` that `wanted` speaks of; all of it where the comparison is strict."""
    if mode == "strict":
        return current
    if isinstance(wanted, dict) and isinstance(current, dict):
        return {key: project(current[key], wanted[key], mode if isinstance(wanted[key], dict) else "strict")
                for key in wanted if key in current}
    if isinstance(wanted, list) and isinstance(current, list):
        return [item for item in current if item in wanted]
    return current


def endpoint(network):
    """A network argument as comparable dict of what is asked of the connection."""
    settings = {key: network[key] for key in ENDPOINT if network.get(key) is not None}
    for key in ("aliases", "links"):
        if key in settings:
            settings[key] = sorted(str(item) for item in settings[key])
    return settings


def wanted_networks(args):
    return {network["name"]: endpoint(network) for network in args["networks"]}


def found_networks(container, wanted, mode):
    """The container's connections to the wanted networks (strict: to all), projected on what is
    asked of them."""
    networks = {}
    for name, settings in ((container.get("NetworkSettings") or {}).get("Networks") or {}).items():
        if name not in wanted and mode != "strict":
            continue
        address = settings.get("IPAMConfig") or {}
        have = {"ipv4_address": address.get("IPv4Address"), "ipv6_address": address.get("IPv6Address"),
                "aliases": sorted(settings.get("Aliases") or ()), "links": sorted(settings.get("Links") or ())}
        networks[name] = project(have, wanted.get(name, {}), "allow_more_present")
        for key in ("aliases", "links"):
            if key in networks[name]:
                networks[name][key] = [item for item in have[key] if item in wanted[name][key]]
    return networks


def endpoint_config(wanted):
    """A connection as the API takes it."""
    config = {}
    address = {name: wanted[key] for key, name in
               (("ipv4_address", "IPv4Address"), ("ipv6_address", "IPv6Address")) if key in wanted}
    if address:
        config["IPAMConfig"] = address
    for key, name in (("aliases", "Aliases"), ("links", "Links")):
        if key in wanted:
            config[name] = wanted[key]
    return config


def body(desired, image, networks):
    """The engine's request for a new container; `networks` is {name: endpoint} and may be empty."""
    request = {"Image": image, "HostConfig": {}}
    for name, value in sorted(desired.items()):
        option = BY_NAME[name]
        put(request, option.place, option.pack(value))
    binds = request["HostConfig"].pop("Binds", [])
    request["HostConfig"]["Binds"] = [bind for bind in binds if ":" in bind]
    request["Volumes"] = {bind: {} for bind in binds if ":" not in bind}
    exposed = dict(request.get("ExposedPorts") or {})
    exposed.update({port: {} for port in desired.get("published_ports") or ()})
    request["ExposedPorts"] = exposed
    first = desired.get("network_mode")
    if first in networks:
        request["NetworkingConfig"] = {"EndpointsConfig": {first: endpoint_config(networks[first])}}
    return request


def put(request, place, value):
    """Set "HostConfig.RestartPolicy.Name" in a request, where Config's own keys lie at the top."""
    parts = place.split(".")
    if parts[0] == "Config":
        parts = parts[1:]
    for part in parts[:-1]:
        request = request.setdefault(part, {})
    request[parts[-1]] = value
