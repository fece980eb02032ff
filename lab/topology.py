"""The lab's hosts and their network, as data."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mooring-lab"
NETWORK = PREFIX
SUBNET = "203.0.113.0/24"
"""TEST-NET-3: nobody's addresses, so that nothing on this machine or beyond is hidden by the lab."""
GATEWAY = "203.0.113.1"
NOBODY = "203.0.113.254"
"""Whom the hosts ask for names that are not the lab's: an address that nobody has."""

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


HOSTS = (
    LabHost("server", "el7", "203.0.113.10", 22201),
    LabHost("client-el7", "el7", "203.0.113.21", 22202),
    LabHost("client-debian", "debian", "203.0.113.22", 22203),
    LabHost("hub", "hub", "203.0.113.40", 22204, HUB_NAMES),
)


def find_host(name: str) -> LabHost | None:
    """The host called NAME, if the lab has one."""
    return next((host for host in HOSTS if host.name == name), None)
