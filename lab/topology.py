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
    """One host: which image it is made of, and where it is reached."""

    name: str
    image: str
    address: str
    ssh_port: int
    aliases: tuple[str, ...] = ()

    @property
    def container(self) -> str:
        """Name of its container."""
        return f"{PREFIX}-{self.name}"

    @property
    def volume(self) -> str:
        """Name of the volume at its /var/lib/docker: overlay2 does not work on top of overlay2."""
        return f"{PREFIX}-{self.name}-docker"


HUB_ADDRESS = "172.29.141.40"

HOSTS = (
    LabHost("server", "el7", "172.29.141.10", 22201),
    LabHost("client-el7", "el7", "172.29.141.21", 22202),
    LabHost("client-debian", "debian", "172.29.141.22", 22203),
    LabHost("hub", "hub", HUB_ADDRESS, 22204, HUB_NAMES),
)


def find_host(name: str) -> LabHost | None:
    """The host called NAME, if the lab has one."""
    return next((host for host in HOSTS if host.name == name), None)
