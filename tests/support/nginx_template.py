"""The role nginx's configuration, as it would be written on a host of these facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mooring.playbook.roles import load_variables
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

ROLE = Path(__file__).parents[2] / "roles/nginx"
FACTS = {
    "interfaces": ["br0", "br-0123456789ab", "docker0", "eth0", "lo"],
    "eth0": {
        "device": "eth0",
        "ipv4": {"address": "192.0.2.7"},
        "ipv4_secondaries": [{"address": "192.0.2.8"}],
        "ipv6": [{"address": "fe80::1", "scope": "link"}, {"address": "2001:db8::7", "scope": "global"}],
    },
    "br0": {"device": "br0", "ipv4": {"address": "198.51.100.7"}},
    "docker0": {"device": "docker0", "ipv4": {"address": "172.17.0.1"}},
    "br_0123456789ab": {"device": "br-0123456789ab", "ipv4": {"address": "172.18.0.1"}},
    "lo": {"device": "lo", "ipv4": {"address": "127.0.0.1"}, "ipv6": [{"address": "::1", "scope": "host"}]},
}


def render(**values: Any) -> str:
    """nginx.conf without its comments and blank lines."""
    layers = [
        (load_variables(ROLE / "defaults/main.yml"), False),
        (load_variables(ROLE / "vars/main.yml"), False),
        ({"ansible_facts": FACTS, **values}, True),
    ]
    text = Templar().render_file(ROLE / "templates/nginx.conf.j2", Variables(Templar(), layers))
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("#"))
