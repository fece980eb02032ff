"""A container's options: one line each says its argument, where the API keeps it, and how to
translate it.

An option's *canonical* value is what is compared and shown: plain numbers, texts, sorted lists
(sets), dicts. `clean` makes it from the argument, `unpack` from what the engine reports, `pack`
what the engine takes. Kinds: a value or list must be equal; of a set or dict it suffices that the
wanted entries are there (Ansible's comparison allow_more_present), because images and the daemon
add entries of their own.
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
    """An Option; `ways` may be clean, pack, unpack, default_mode. By default lists hold texts, sets
    have no order."""
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


def joined(values_by_key, sign):
    return ["%s%s%s" % (key, sign, values_by_key[key]) for key in sorted(values_by_key)]


def log_texts(options):
    """Logging options are texts to the engine, though people write numbers and true."""
    return {key: str(item).lower() if isinstance(item, bool) else str(item) for key, item in options.items()}


def network_mode(mode):
    """Engines call the default network "default" or "bridge", by their age."""
    return "bridge" if mode in ("default", "", None) else mode


def tmpfs(items):
    return dict(item.split(":", 1) if ":" in item else (item, "") for item in items)


def bindings(ports):
    """Port arguments as {"80/tcp": ["0.0.0.0:8080"]}; "all" is not a binding."""
    places_by_port = values.published_ports([item for item in ports if str(item).lower() != "all"])
    return {port: sorted("%s:%s" % place for place in places) for port, places in places_by_port.items()}


def pack_bindings(places_by_port):
    return {port: [{"HostIp": place.rpartition(":")[0], "HostPort": place.rpartition(":")[2]} for place in places]
            for port, places in places_by_port.items()}


def unpack_bindings(packed):
    """An address that the engine keeps as "" means every address, which Ansible writes as
    0.0.0.0."""
    return {port: sorted("%s:%s" % (place.get("HostIp") or "0.0.0.0", place.get("HostPort") or "")
                              for place in places or ()) for port, places in (packed or {}).items()}


def security(entries):
    """"label:disable" in today's words, "label=disable"; "no-new-privileges" bare, as
    docker 1.12 wants it."""
    items = [item.replace(":", "=", 1) if "=" not in item else item for item in entries or ()]
    return ordered("no-new-privileges" if item == "no-new-privileges=true" else item for item in items)


def processes(limit):
    """No limit is null, 0 or -1, by the engine's age: 0 here."""
    return max(limit or 0, 0)


def clean_mounts(mounts):
    """Mounts as {target: what is asked of it}."""
    return {mount["target"]: one_mount(mount) for mount in mounts}


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


def pack_mounts(mounts):
    return [dict(mounts[target], Target=target) for target in sorted(mounts)]


def unpack_mounts(mounts):
    # The engine leaves out what is false, so an explicit "read_only: false" must find one.
    return {mount["Target"]: dict({"ReadOnly": False}, **mount) for mount in mounts or ()}


def pack_ulimits(limits):
    return [{"Name": name, "Soft": limits[name][0], "Hard": limits[name][1]} for name in sorted(limits)]


OPTIONS = (
    option("command", "list", "Config.Cmd", clean=lambda value: values.words(value, "command")),
    option("entrypoint", "list", "Config.Entrypoint", clean=lambda value: values.words(value, "entrypoint")),
    option("env", "dict", "Config.Env", clean=lambda value: values.texts(value, "env"),
           pack=lambda value: joined(value, "="), unpack=lambda value: pairs(value, "=")),
    option("labels", "dict", "Config.Labels", clean=lambda value: values.texts(value, "labels")),
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
           clean=lambda value: sorted(values.exposed_ports(value)),
           pack=lambda value: {port: {} for port in value}),
    option("volumes", "set", "HostConfig.Binds",
           clean=lambda value: ordered(":".join(filter(None, values.volume(item))) for item in value)),
    option("mounts", "dict", "HostConfig.Mounts",
           clean=clean_mounts, pack=pack_mounts, unpack=unpack_mounts),
    option("tmpfs", "dict", "HostConfig.Tmpfs", clean=tmpfs),
    option("published_ports", "dict", "HostConfig.PortBindings",
           clean=bindings, pack=pack_bindings, unpack=unpack_bindings),
    switch("publish_all_ports", "HostConfig.PublishAllPorts"),
    option("network_mode", "value", "HostConfig.NetworkMode", clean=network_mode, unpack=network_mode),
    option("restart_policy", "value", "HostConfig.RestartPolicy.Name", unpack=lambda value: value or "no"),
    option("restart_retries", "value", "HostConfig.RestartPolicy.MaximumRetryCount"),
    option("log_driver", "value", "HostConfig.LogConfig.Type"),
    option("log_options", "dict", "HostConfig.LogConfig.Config", clean=log_texts),
    sized("memory", "HostConfig.Memory"),
    sized("memory_swap", "HostConfig.MemorySwap"),
    sized("memory_reservation", "HostConfig.MemoryReservation"),
    sized("shm_size", "HostConfig.ShmSize"),
    option("cpus", "value", "HostConfig.NanoCpus", clean=lambda value: int(value * 1e9 + 0.5)),
    option("cpu_shares", "value", "HostConfig.CpuShares"),
    option("cpuset_cpus", "value", "HostConfig.CpusetCpus"),
    # For a new container -1: 0 would leave it at a daemon's own --default-pids-limit.
    option("pids_limit", "value", "HostConfig.PidsLimit", clean=processes, unpack=processes,
           pack=lambda limit: limit or -1),
    option("ulimits", "dict", "HostConfig.Ulimits",
           clean=lambda value: {name: [soft, hard] for name, soft, hard in map(values.ulimit, value)},
           pack=pack_ulimits,
           unpack=lambda value: {item["Name"]: [item["Soft"], item["Hard"]] for item in value or ()}),
    option("capabilities", "set", "HostConfig.CapAdd",
           clean=lambda value: ordered(map(values.capability, value)),
           unpack=lambda value: ordered(map(values.capability, value or ()))),
    option("cap_drop", "set", "HostConfig.CapDrop",
           clean=lambda value: ordered(map(values.capability, value)),
           unpack=lambda value: ordered(map(values.capability, value or ()))),
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
    option("etc_hosts", "dict", "HostConfig.ExtraHosts", pack=lambda value: joined(value, ":"),
           unpack=lambda value: pairs(value, ":")),
    option("pid_mode", "value", "HostConfig.PidMode"),
    option("ipc_mode", "value", "HostConfig.IpcMode"),
    option("userns_mode", "value", "HostConfig.UsernsMode"),
    option("runtime", "value", "HostConfig.Runtime"),
)
