"""What of a container can be changed without replacing it: limits, restart policy, networks,
running or not."""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker_plan

LIMITS = frozenset(["memory", "memory_swap", "memory_reservation", "cpu_shares", "cpuset_cpus", "cpus"])
UPDATABLE = LIMITS - {"cpus"} | {"restart_policy", "restart_retries"}
IN_PLACE = UPDATABLE | frozenset(["networks", "health", "pull", "start", "stop", "restart"])
# Engines before 17.06 accept an update of NanoCpus and forget it.
CPUS_API = (1, 29)


def needs_replacement(engine, differing, options):
    """Whether any of the differing keys can only be had with a new container."""
    possible = IN_PLACE | {"cpus"} if engine.api >= CPUS_API else IN_PLACE
    # In an update 0 and "" mean "as before", so no limit can be taken away by one.
    lifted = [name for name in differing if name in LIMITS and not options.get(name)]
    return bool(lifted) or not set(differing) <= possible


def adjust(life, container, differing, options, after):
    """Change the inspected container where it differs from `after`, without replacing it."""
    request = update_request(container, differing, options)
    if request:
        life.update(container["Id"], request)
    if "networks" in differing:
        move(life, container, after["networks"])
    if "stop" in differing:
        life.stop(container["Id"])
    elif "start" in differing:
        life.start(container["Id"], "health" in after)
    elif "restart" in differing:
        life.restart(container["Id"], "health" in after)
    elif "health" in differing:
        life.wait_until_healthy(container["Id"])


def update_request(container, differing, options):
    """The engine's request for new limits and restart policy; {} when there is nothing to
    update."""
    request = {}
    names = [name for name in differing if name in UPDATABLE or name == "cpus"]
    if "restart_policy" in names or "restart_retries" in names:
        names = set(names) | ({"restart_policy", "restart_retries"} & set(options))
        host_config = container["HostConfig"].get("RestartPolicy") or {}
        request["RestartPolicy"] = {"Name": host_config.get("Name") or "no"}
    for name in sorted(names):
        place = docker_plan.BY_NAME[name].place.split(".", 1)[1]
        docker_plan.put(request, place, options[name])
    if "Memory" in request and "MemorySwap" not in request:
        # The engine refuses memory above the old sum of memory and swap, also where that is 0 or -1
        # for no limit. A new container would get twice its memory.
        swap = -1 if container["HostConfig"].get("MemorySwap") == -1 else 2 * request["Memory"]
        request["MemorySwap"] = options.get("memory_swap", swap)
    return request


def move(life, container, wanted):
    """Connect the container to the wanted networks as they are asked for, and leave those
    that are not wanted."""
    now = docker_plan.found_networks(container, wanted, "strict")
    connected = set((container.get("NetworkSettings") or {}).get("Networks") or {})
    strict = docker_plan.modes(life.args)["networks"] == "strict"
    for name in sorted(connected - set(wanted)):
        if strict:
            life.disconnect(container["Id"], name)
            life.actions.append({"removed_from_network": name})
    for name in sorted(wanted):
        if now.get(name) == wanted[name]:
            continue
        if name in connected:
            life.disconnect(container["Id"], name)
        life.connect(container["Id"], name, wanted[name])
        life.actions.append({"added_to_network": name, "network_parameters": wanted[name]})
