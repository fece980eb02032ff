"""Keeps a container as described: its image, options, networks and whether it runs.

Options that are not given are not compared. The image is compared by its ID, so a container made
from an older image of the same tag is replaced. Restart policy, memory and CPU limits and networks
are changed in place; taking a limit away, or any other difference, replaces the container, with the
options given here only. A replacement is created before the old container is stopped; if it does
not start, or with `state: healthy` does not get healthy, the old container comes back as it was and
the task fails.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import changes, docker, docker_arguments, docker_images, docker_plan, files, host
from mooring.agent.docker_adjust import adjust, needs_replacement
from mooring.agent.docker_lifecycle import Lifecycle, health, is_running
from mooring.agent.docker_values import image_name

NETWORK = {
    "name": {"type": "str", "required": True},
    "aliases": {"type": "list", "elements": "str"},
    "ipv4_address": {"type": "str"},
    "ipv6_address": {"type": "str"},
    "links": {"type": "list", "elements": "str"},
}
ARGS = dict(
    docker_arguments.ARGS,
    name={"type": "str", "required": True},
    image={"type": "str"},
    state={"type": "str", "default": "started", "choices": ["absent", "healthy", "present", "started", "stopped"]},
    networks={"type": "list", "elements": "dict", "options": NETWORK},
    networks_cli_compatible={"type": "bool", "default": True},
    purge_networks={"type": "bool", "default": False},
    pull={"type": "raw", "default": "missing"},
    recreate={"type": "bool", "default": False},
    restart={"type": "bool", "default": False},
    comparisons={"type": "dict"},
    image_name_mismatch={"type": "str", "default": "recreate", "choices": ["ignore", "recreate"]},
    container_default_behavior={"type": "str", "choices": ["no_defaults"]},
    command_handling={"type": "str", "default": "correct", "choices": ["correct"]},
    detach={"type": "bool", "default": True},
    force_kill={"type": "bool", "default": False, "aliases": ["forcekill"]},
    kill_signal={"type": "str"},
    keep_volumes={"type": "bool", "default": True},
    healthy_wait_timeout={"type": "float", "default": 300},
    **docker.ENGINE_ARGS
)
RULES = {"required_if": [["state", "present", ["image"]]]}
ALWAYS = ("pull", "start", "stop", "restart", "recreate")
# Limits that some kernels do not know; the engine then drops them, so asking for them would never
# end.
LIMITS = {"memory": "MemoryLimit", "memory_reservation": "MemoryLimit", "memory_swap": "SwapLimit",
          "pids_limit": "PidsLimit"}
START_PERIOD_API = (1, 29)
PULLS = {"true": "always", "false": "missing", "yes": "always", "no": "missing"}


def current(args):
    """The container's values of the options that are given; None where there is no such
    container."""
    try:
        engine = docker.Engine(args)
    except docker.Unreachable as unreachable:
        host.warn(unreachable.message)
        return {"engine": "does not answer"} if args["state"] == "absent" else None
    container = Lifecycle(engine, args).find()
    if container is None:
        return None
    mode = docker_plan.modes(args)
    options = given_options(engine, args)
    state = docker_plan.found_state(container, options, mode)
    state[changes.SHOWN] = docker_plan.found_whole(container, options)
    if args.get("networks") is not None:
        state["networks"] = docker_plan.found_networks(container, docker_plan.wanted_networks(args), mode["networks"])
    if args["state"] == "healthy":
        settle(engine, args, container)
        state["health"] = health(Lifecycle(engine, args).find())
    return dict(state, image=container["Image"], image_name=image_name(container["Config"]["Image"]),
                running=is_running(container))


def settle(engine, args, container):
    """Let a health check that is still at its first tries come to a verdict."""
    if health(container) == "starting":
        try:
            Lifecycle(engine, args).wait_until_healthy(container["Id"])
        except host.Failed as failure:
            host.warn(failure.message)


def given_options(engine, args):
    """The given options as this engine can have them; what it cannot keep is
    dropped with a warning."""
    options = docker_plan.options(args)
    known = engine.get("/info") if set(LIMITS) & set(options) else {}
    for name in sorted(set(LIMITS) & set(options)):
        if not is_known(known, LIMITS[name]):
            del options[name]
            host.warn("%s is not applied: this host's kernel does not limit it for containers" % name)
    if "StartPeriod" in options.get("healthcheck", {}) and engine.api < START_PERIOD_API:
        del options["healthcheck"]["StartPeriod"]
        host.warn("healthcheck.start_period is not applied: this engine is older than that option")
    mode = options.get("network_mode", "")
    if mode.startswith("container:"):
        other = Lifecycle(engine, args).find(mode.split(":", 1)[1])
        options["network_mode"] = "container:" + other["Id"] if other else mode
    return options


def is_known(known, limit):
    """Whether the kernel has a limit, by the engine's /info; engines before 19.03 do not tell of
    processes there."""
    if limit == "PidsLimit" and limit not in known:
        lines = (files.read("/proc/cgroups") or b"pids").splitlines()
        return any(line.startswith(b"pids") for line in lines)
    return known.get(limit) is not False


def wanted(args, before):
    """The given options, the image's ID and name, and what to do so that it runs or does not."""
    if args["state"] == "absent":
        return None
    if args["detach"] is False:
        raise host.Failed("detach: false is not supported; use command with docker run for jobs to wait for")
    try:
        engine = docker.Engine(args)
    except docker.Unreachable:
        return dict(docker_plan.options(args), start=True)
    mode = docker_plan.modes(args)
    image, state = wanted_image(engine, args, before, mode)
    options = given_options(engine, args)
    if image is None and "pull" in state:
        # What the image will bring is not known yet, so it cannot be part of a strict comparison.
        options = {name: value for name, value in options.items()
                 if mode[name] != "strict" or docker_plan.BY_NAME[name].kind not in ("set", "dict")}
    state.update(docker_plan.expected(options, image, mode))
    if args.get("networks") is not None and mode["networks"] != "ignore":
        state["networks"] = docker_plan.wanted_networks(args)
    return dict(state, **wanted_activity(args, before or {}))


def wanted_image(engine, args, before, mode):
    """The image's inspection (None: not there yet) and the part of the wanted
    state that is about it."""
    name = args.get("image")
    if not name:
        if before is None:
            raise host.Failed("there is no container %s yet, and no image is given to make it of" % args["name"])
        return docker_images.find(engine, before["image"]), {}
    how = str(args["pull"]).lower()
    how = PULLS.get(how, how)
    if how not in ("always", "missing", "never"):
        raise host.Failed("pull: %s is none of always, missing, never, true, false" % args["pull"])
    image = docker_images.find(engine, name)
    if image is None and how == "never":
        raise host.Failed("image %s is not on this host, and pull is never" % name)
    strict, state = mode["image"] == "strict", {}
    if image is None or (how == "always" and not docker_images.is_newest(engine, name, image)):
        state["pull"] = name
    elif strict:
        state["image"] = image["Id"]
    full = image_name(name)
    if strict and args["image_name_mismatch"] == "recreate" and ":" in full and not full.startswith("sha256:"):
        state["image_name"] = full
    return image, state


def wanted_activity(args, before):
    """The keys that ask for starting, stopping, restarting or replacing."""
    runs, state = bool(before.get("running")), args["state"]
    wanted_acts = {"start": state in ("started", "healthy") and not runs, "stop": state == "stopped" and runs,
             "restart": bool(args["restart"]) and runs and state in ("started", "healthy"),
             "recreate": bool(args["recreate"]) and bool(before)}
    activity = {key: True for key, wanted_now in wanted_acts.items() if wanted_now}
    if state == "healthy":
        activity["health"] = "healthy"
    return activity


def apply(args, before, after):
    """Pull, make, replace, adjust or remove the container."""
    engine = docker.Engine(args)
    life = Lifecycle(engine, args)
    container = life.find() or life.recover()
    if after is None:
        if is_running(container):
            life.stop(container["Id"])
        life.remove(args["name"])
        return {"actions": life.actions}
    differing = set(changes.find(before, after, ALWAYS))
    if "pull" in after:
        differing.update(pull(engine, life, container, after))
    options = given_options(engine, args)
    networks = docker_plan.wanted_networks(args) if args.get("networks") else {}
    image = args.get("image") or container["Image"]
    steady = args["state"] == "healthy"
    starts = args["state"] in ("started", "healthy")

    def make_new(name):
        return life.create(name, options, image, networks)

    if container is None:
        life.make(make_new, starts, steady)
    elif needs_replacement(engine, differing, options):
        life.replace(container, make_new, starts or (args["state"] == "present" and is_running(container)), steady)
    else:
        adjust(life, container, differing, options, after)
        if differing == {"pull"}:
            return {"actions": life.actions, "changed": False}
    return {"actions": life.actions}


def pull(engine, life, container, after):
    """Pull the image; returns {"image"} when the container was made from another one."""
    image = docker_images.pull(engine, after["pull"])
    same = container is not None and container["Image"] == image["Id"]
    life.actions.append({"pulled_image": after["pull"], "changed": not same})
    return set() if same or docker_plan.modes(life.args)["image"] == "ignore" else {"image"}


def returns(args, before, now):
    """Ansible's `container`: the engine's inspection of it."""
    try:
        container = Lifecycle(docker.Engine(args), args).find()
    except docker.Unreachable:
        return {}
    return {"container": container} if container else {}
