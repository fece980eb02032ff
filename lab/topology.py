"""The lab's hosts and their network, as data."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mooring-lab"
NETWORK = PREFIX
SUBNET = "172.29.141.0/24"
"""A private corner: some machines reach their package mirrors by documentation addresses."""
GATEWAY = "172.29.141.1"

LOGIN = "mooring"
"""The login on every host; may use sudo without a password."""
OPERATOR = "operator"
"""A second login, whose sudo asks for the password in .lab/operator-password."""

HUB_NAMES = (
    "registry-1.docker.io",
    "index.docker.io",
    "auth.docker.io",
    "docker.io",
    "production.cloudflare.docker.com",
)
"""The names of Docker Hub that the lab's `hub` answers to, inside the lab."""


@dataclass(frozen=True)
class LabHost:
    """One host: which image it is made of, and where it is reached.

    `storage` are its engine's directories, each on a volume of its own: overlayfs does not work
    on top of overlayfs. `is_opt_in`: up only where asked for. `needs_cgroup2`: its systemd
    refuses cgroup v1.
    """

    name: str
    image: str
    address: str
    ssh_port: int
    aliases: tuple[str, ...] = ()
    storage: tuple[str, ...] = ("/var/lib/docker",)
    is_opt_in: bool = False
    needs_cgroup2: bool = False

    @property
    def container(self) -> str:
        """Name of its container."""
        return f"{PREFIX}-{self.name}"

    @property
    def volumes(self) -> dict[str, str]:
        """{directory of its storage: name of the volume there}."""
        return {path: f"{self.container}-{path.rpartition('/')[2]}" for path in self.storage}


HUB_ADDRESS = "172.29.141.40"

SMALL_FLEET = (
    LabHost("server", "el7", "172.29.141.10", 22201),
    LabHost("client-el7", "el7", "172.29.141.21", 22202),
    LabHost("client-debian", "debian", "172.29.141.22", 22203),
    LabHost("hub", "hub", HUB_ADDRESS, 22204, HUB_NAMES),
)
"""What `lab.up` boots."""

_BOTH_STORES = ("/var/lib/docker", "/var/lib/containerd")


def _opt_in(name: str, image: str, address: str, ssh_port: int, storage: tuple[str, ...]) -> LabHost:
    return LabHost(name, image, address, ssh_port, storage=storage, is_opt_in=True, needs_cgroup2=True)


OPT_IN = (
    _opt_in("client-podman", "podman", "172.29.141.23", 22205, ("/var/lib/containers",)),
    _opt_in("client-containerd", "containerd", "172.29.141.24", 22206, ("/var/lib/containerd",)),
    _opt_in("client-docker26", "docker26", "172.29.141.25", 22207, _BOTH_STORES),
    _opt_in("client-docker28", "docker28", "172.29.141.26", 22208, _BOTH_STORES),
)
"""What `lab.up --all` boots besides: engines of other kinds and ages."""

HOSTS = SMALL_FLEET + OPT_IN


def find_host(name: str) -> LabHost | None:
    """The host called NAME, if the lab has one."""
    return next((host for host in HOSTS if host.name == name), None)
