"""A container's options: one line each says its argument, where the API keeps it, and how to translate it.

An option's *canonical* value is what is compared and shown: plain numbers, texts, sorted lists (sets), dicts.
`clean` makes it from the argument, `unpack` from what the engine reports, `pack` what the engine takes. Kinds: a
value or list must be equal; of a set or dict it suffices that the wanted entries are there (Ansible's comparison
allow_more_present), because images and the daemon add entries of their own.
"""

from __future__ import absolute_import, division, print_function

import collections

from mooring.agent import docker_values as values
from mooring.agent.docker_arguments import ARGS

Option = collections.namedtuple("Option", "name kind place spec clean pack unpack default_mode")

EMPTY = {"value": None, "list": [], "set": [], "dict": {}}


def same(value):
    return value


def option(name, kind, place, **ways):
    """An Option; `ways` may be clean, pack, unpack, default_mode. By default lists hold texts, sets have no order."""
    mode = "strict" if kind in ("value", "list") else "allow_more_present"
    straight = ordered if kind == "set" else same
    return Option(name, kind, place, ARGS[name], ways.pop("clean", straight), ways.pop("pack", same),
                  ways.pop("unpack", straight), ways.pop("default_mode", mode), **ways)


def ordered(items):
    return sorted({str(item) for item in items or ()})


def sized(name, place, **more):
    return option(name, "value", place, clean=lambda value: values.size(value, name), **more)


def switch(name, place, **more):
    return option(name, "value", place, unpack=bool, **more)


def pairs(items, sign):
    """["A=1"] as {"A": "1"}."""
    return dict(item.split(sign, 1) if sign in item else (item, "") for item in items or ())


def joined(found, sign):
    return ["%s%s%s" % (key, sign, found[key]) for key in sorted(found)]


def log_texts(given):
    """Logging options are texts to the engine, though people write numbers and true."""
    return {key: str(item).lower() if isinstance(item, bool) else str(item) for key, item in given.items()}


def network_mode(mode):
    """Engines call the default network "default" or "bridge", by their age."""
    return "bridge" if mode in ("default", "", None) else mode


def tmpfs(given):
    return dict(item.split(":", 1) if ":" in item else (item, "") for item in given)


def bindings(given):
    """Port arguments as {"80/tcp": ["0.0.0.0:8080"]}; "all" is no binding."""
    found = values.published_ports([item for item in given if str(item).lower() != "all"])
    return {port: sorted("%s:%s" % place for place in places) for port, places in found.items()}


def pack_bindings(found):
    return {port: [{"HostIp": place.rpartition(":")[0], "HostPort": place.rpartition(":")[2]} for place in places]
            for port, places in found.items()}


def unpack_bindings(found):
    """An address that the engine keeps as "" means every address, which Ansible writes as 0.0.0.0."""
    return {port: sorted("%s:%s" % (place.get("HostIp") or "0.0.0.0", place.get("HostPort") or "")
                              for place in places or ()) for port, places in (found or {}).items()}


def security(given):
    """"label:disable" in today's words, "label=disable"; "no-new-privileges" bare, as docker 1.12 wants it."""
    items = [item.replace(":", "=", 1) if "=" not in item else item for item in given or ()]
    return ordered("no-new-privileges" if item == "no-new-privileges=true" else item for item in items)


def processes(limit):
    """No limit is null, 0 or -1, by the engine's age: 0 here."""
    return max(limit or 0, 0)


def clean_mounts(given):
    """Mounts as {target: what is asked of it}."""
    return {mount["target"]: one_mount(mount) for mount in given}


def one_mount(mount):
    wanted = {"Type": mount.get("type") or "volume"}
    for key, name in (("source", "Source"), ("read_only", "ReadOnly")):
        if mount.get(key) is not None:
            wanted[name] = mount[key]
    if mount.get("propagation"):
        wanted["BindOptions"] = {"Propagation": mount["propagation"]}
    if mount.get("tmpfs_size") is not None:
        wanted["TmpfsOptions"] = {"SizeBytes": values.size(mount["tmpfs_size"], "mounts.tmpfs_size")}
    if mount.get("no_copy") is not None:
        wanted["VolumeOptions"] = {"NoCopy": mount["no_copy"]}
    return wanted


def pack_mounts(found):
    return [dict(found[target], Target=target) for target in sorted(found)]


def unpack_mounts(found):
    # The engine leaves out what is false, so an explicit "read_only: false" must find one.
    return {mount["Target"]: dict({"ReadOnly": False}, **mount) for mount in found or ()}


def pack_ulimits(found):
    return [{"Name": name, "Soft": found[name][0], "Hard": found[name][1]} for name in sorted(found)]


OPTIONS = (
    option("command", "list", "Config.Cmd", clean=lambda given: values.words(given, "command")),
    option("entrypoint", "list", "Config.Entrypoint", clean=lambda given: values.words(given, "entrypoint")),
    option("env", "dict", "Config.Env", clean=lambda given: values.texts(given, "env"),
           pack=lambda found: joined(found, "="), unpack=lambda found: pairs(found, "=")),
    option("labels", "dict", "Config.Labels", clean=lambda given: values.texts(given, "labels")),
    option("hostname", "value", "Config.Hostname"),
    option("domainname", "value", "Config.Domainname"),
    option("user", "value", "Config.User"),
    option("working_dir", "value", "Config.WorkingDir"),
    option("stop_signal", "value", "Config.StopSignal"),
    option("stop_timeout", "value", "Config.StopTimeout", default_mode="ignore"),
    switch("tty", "Config.Tty"),
    switch("interactive", "Config.OpenStdin"),
    option("healthcheck", "dict", "Config.Healthcheck", clean=values.healthcheck),
    option("exposed_ports", "set", "Config.ExposedPorts",
           clean=lambda given: sorted(values.exposed_ports(given)),
           pack=lambda found: {port: {} for port in found}),
    option("volumes", "set", "HostConfig.Binds",
           clean=lambda given: ordered(":".join(filter(None, values.volume(item))) for item in given)),
    option("mounts", "dict", "HostConfig.Mounts",
           clean=clean_mounts, pack=pack_mounts, unpack=unpack_mounts),
    option("tmpfs", "dict", "HostConfig.Tmpfs", clean=tmpfs),
    option("published_ports", "dict", "HostConfig.PortBindings",
           clean=bindings, pack=pack_bindings, unpack=unpack_bindings),
    switch("publish_all_ports", "HostConfig.PublishAllPorts"),
    option("network_mode", "value", "HostConfig.NetworkMode", clean=network_mode, unpack=network_mode),
    option("restart_policy", "value", "HostConfig.RestartPolicy.Name", unpack=lambda found: found or "no"),
    option("restart_retries", "value", "HostConfig.RestartPolicy.MaximumRetryCount"),
    option("log_driver", "value", "HostConfig.LogConfig.Type"),
    option("log_options", "dict", "HostConfig.LogConfig.Config", clean=log_texts),
    sized("memory", "HostConfig.Memory"),
    sized("memory_swap", "HostConfig.MemorySwap"),
    sized("memory_reservation", "HostConfig.MemoryReservation"),
    sized("shm_size", "HostConfig.ShmSize"),
    option("cpus", "value", "HostConfig.NanoCpus", clean=lambda given: int(given * 1e9 + 0.5)),
    option("cpu_shares", "value", "HostConfig.CpuShares"),
    option("cpuset_cpus", "value", "HostConfig.CpusetCpus"),
    # For a new container -1: 0 would leave it at a daemon's own --default-pids-limit.
    option("pids_limit", "value", "HostConfig.PidsLimit", clean=processes, unpack=processes,
           pack=lambda limit: limit or -1),
    option("ulimits", "dict", "HostConfig.Ulimits",
           clean=lambda given: {name: [soft, hard] for name, soft, hard in map(values.ulimit, given)},
           pack=pack_ulimits,
           unpack=lambda found: {item["Name"]: [item["Soft"], item["Hard"]] for item in found or ()}),
    option("capabilities", "set", "HostConfig.CapAdd",
           clean=lambda given: ordered(map(values.capability, given)),
           unpack=lambda found: ordered(map(values.capability, found or ()))),
    option("cap_drop", "set", "HostConfig.CapDrop",
           clean=lambda given: ordered(map(values.capability, given)),
           unpack=lambda found: ordered(map(values.capability, found or ()))),
    switch("privileged", "HostConfig.Privileged"),
    switch("read_only", "HostConfig.ReadonlyRootfs"),
    switch("init", "HostConfig.Init"),
    switch("auto_remove", "HostConfig.AutoRemove"),
    option("security_opts", "set", "HostConfig.SecurityOpt", clean=security, unpack=security),
    option("groups", "set", "HostConfig.GroupAdd"),
    option("sysctls", "dict", "HostConfig.Sysctls", clean=log_texts),
    option("dns_servers", "list", "HostConfig.Dns"),
    option("dns_search_domains", "list", "HostConfig.DnsSearch"),
    option("dns_opts", "set", "HostConfig.DnsOptions"),
    option("etc_hosts", "dict", "HostConfig.ExtraHosts", pack=lambda found: joined(found, ":"),
           unpack=lambda found: pairs(found, ":")),
    option("pid_mode", "value", "HostConfig.PidMode"),
    option("ipc_mode", "value", "HostConfig.IpcMode"),
    option("userns_mode", "value", "HostConfig.UsernsMode"),
    option("runtime", "value", "HostConfig.Runtime"),
)
