"""The daemon's options: the flag, the key in daemon.json, and the versions that know them.

Tried on docker 20.10.5, 20.10.24, 26.1.5 and 28.5.2 (`--help`, every flag, a file with every key;
test_options.py does so again); for 1.13.1 by its documentation, for Red Hat's also by its source
(`InstallCommonFlags`) and asked of its build 7d71120. Where only "between two of these" is known,
the wider span stands here: a wrong "will not start" is worse than a missing one.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from mooring.engines.docker.engine import Engine

SWITCH, VALUE, LIST = "switch", "value", "list"
ALWAYS, NEVER = (0,), (9999,)


@dataclass(frozen=True)
class Option:
    """One option; `until` is the first version without it. Some are keys without a flag.
    `is_redhats`: only Red Hat's engine has it; `is_redhats_too`: Red Hat's 1.13.1 has it before
    Docker's own."""

    flag: str
    key: str
    kind: str
    since: tuple[int, ...] = ALWAYS
    until: tuple[int, ...] = NEVER
    is_redhats: bool = False
    _: KW_ONLY
    is_flag: bool = True
    is_redhats_too: bool = False

    def is_known_to(self, engine: Engine) -> bool:
        if engine.is_redhat:
            return (self.is_redhats_too or self.since <= (1, 13, 1)) and min(engine.version, (1, 13, 1)) < self.until
        return not self.is_redhats and self.since <= engine.version < self.until


SWITCHES = """debug experimental icc init ip-forward ip-masq iptables ipv6 live-restore raw-logs selinux-enabled tls
 tlsverify userland-proxy"""
VALUES = """bip bridge cgroup-parent containerd default-gateway default-gateway-v6 default-runtime exec-root fixed-cidr
 fixed-cidr-v6 group init-path ip log-driver log-level max-concurrent-downloads max-concurrent-uploads metrics-addr mtu
 pidfile seccomp-profile shutdown-timeout storage-driver swarm-default-advertise-addr tlscacert tlscert tlskey
 userland-proxy-path userns-remap"""
LISTS = {
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "default-ulimit": "default-ulimits",
    "dns": "dns",
    "dns-opt": "dns-opts",
    "dns-search": "dns-search",
    "exec-opt": "exec-opts",
    "host": "hosts",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}
SHORT = {
    "D": "debug",
    "G": "group",
    "H": "host",
    "b": "bridge",
    "g": "graph",
    "h": "help",
    "l": "log-level",
    "p": "pidfile",
    "r": "restart",
    "s": "storage-driver",
    "v": "version",
}
CHANGING = (
    Option("add-registry", "add-registry", LIST, is_redhats=True),
    Option("block-registry", "block-registry", LIST, is_redhats=True),
    Option("signature-verification", "signature-verification", SWITCH, is_redhats=True),
    Option("enable-secrets", "enable-secrets", SWITCH, is_redhats=True),
    Option("skip-schema2-push", "skip-schema2-push", SWITCH, is_redhats=True),
    Option("log-max-line", "log-max-line", VALUE, until=(1, 13, 1), is_redhats=True),
    # Older builds of 1.13.1 may lack these two; evidence.py has what a running one was started
    # with.
    Option("default-pids-limit", "default-pids-limit", VALUE, is_redhats=True),
    Option("max-health-check-retries", "max-health-check-retries", VALUE, is_redhats=True),
    Option("restart", "restart", SWITCH),
    Option("api-enable-cors", "api-enable-cors", SWITCH, until=(17, 10)),
    Option("disable-legacy-registry", "disable-legacy-registry", SWITCH, until=(19, 3)),
    Option("api-cors-header", "api-cors-header", VALUE),
    Option("oom-score-adjust", "oom-score-adjust", VALUE, until=(25,)),
    Option("graph", "graph", VALUE, until=(23,)),
    Option("cluster-advertise", "cluster-advertise", VALUE, until=(23,)),
    Option("cluster-store", "cluster-store", VALUE, until=(23,)),
    Option("cluster-store-opt", "cluster-store-opts", LIST, until=(23,)),
    Option("data-root", "data-root", VALUE, since=(17, 5)),
    Option("no-new-privileges", "no-new-privileges", SWITCH, since=(17, 3)),
    Option("cpu-rt-period", "cpu-rt-period", VALUE, since=(17, 3), is_redhats_too=True),
    Option("cpu-rt-runtime", "cpu-rt-runtime", VALUE, since=(17, 3), is_redhats_too=True),
    Option("default-shm-size", "default-shm-size", VALUE, since=(17, 3)),
    Option("allow-nondistributable-artifacts", "allow-nondistributable-artifacts", LIST, since=(17, 3)),
    Option("default-ipc-mode", "default-ipc-mode", VALUE, since=(17, 3)),
    Option("network-control-plane-mtu", "network-control-plane-mtu", VALUE, since=(17, 3)),
    Option("node-generic-resource", "node-generic-resources", LIST, since=(17, 3)),
    Option("default-address-pool", "default-address-pools", LIST, since=(18, 6)),
    Option("builder", "builder", VALUE, since=(18, 9), is_flag=False),
    Option("features", "features", VALUE, since=(18, 9), is_flag=False),
    Option("feature", "features", LIST, since=(27,)),
    Option("rootless", "rootless", SWITCH, since=(18, 9)),
    Option("cri-containerd", "cri-containerd", SWITCH, since=(18, 9)),
    Option("containerd-namespace", "containerd-namespace", VALUE, since=(18, 9)),
    Option("containerd-plugins-namespace", "containerd-plugins-namespace", VALUE, since=(18, 9)),
    Option("default-cgroupns-mode", "default-cgroupns-mode", VALUE, since=(19, 3)),
    Option("deprecated-key-path", "deprecated-key-path", VALUE, since=(19, 3), is_flag=False),
    Option("host-gateway-ip", "host-gateway-ip", LIST, since=(19, 3)),
    Option("host-gateway-ips", "host-gateway-ips", LIST, since=(27,), is_flag=False),
    Option("ip6tables", "ip6tables", SWITCH, since=(19, 3)),
    Option("max-download-attempts", "max-download-attempts", VALUE, since=(19, 3)),
    Option("http-proxy", "http-proxy", VALUE, since=(23,)),
    Option("https-proxy", "https-proxy", VALUE, since=(23,)),
    Option("no-proxy", "no-proxy", VALUE, since=(23,)),
    Option("validate", "validate", SWITCH, since=(23,)),
    Option("default-network-opt", "default-network-opts", LIST, since=(23,)),
    Option("log-format", "log-format", VALUE, since=(23,)),
    Option("cdi-spec-dir", "cdi-spec-dirs", LIST, since=(23,)),
    Option("bip6", "bip6", VALUE, since=(27,)),
    Option("allow-direct-routing", "allow-direct-routing", SWITCH, since=(27,)),
    Option("ip-forward-no-drop", "ip-forward-no-drop", SWITCH, since=(27,)),
    Option("min-api-version", "min-api-version", VALUE, since=(29,)),
    Option("firewall-backend", "firewall-backend", VALUE, since=(29,)),
    Option("bridge-accept-fwmark", "bridge-accept-fwmark", VALUE, since=(29,)),
    Option("config-file", "config-file", VALUE),
    Option("help", "help", SWITCH),
    Option("version", "version", SWITCH),
)
OPTIONS = (
    *(Option(name, name, SWITCH) for name in SWITCHES.split()),
    *(Option(name, name, VALUE) for name in VALUES.split()),
    *(Option(flag, key, LIST) for flag, key in LISTS.items()),
    *CHANGING,
)
BY_FLAG = {option.flag: option for option in OPTIONS if option.is_flag}
