"""The role hosts_file sees a line of the operator's that gives a name another address, and nothing else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mooring.roles import load_variables
from mooring.templating import Templar
from mooring.variables import Variables

ROLE = Path(__file__).parents[2] / "roles/hosts_file"
BLOCK = (
    "# BEGIN registry names, managed by mooring\n"
    "192.0.2.99 registry.example.com\n"
    "# END registry names, managed by mooring\n"
)


def other_line(text: str, address: str = "192.0.2.10", name: str = "registry.example.com") -> str:
    """What the role would refuse, "" where it would go on."""
    content = base64.b64encode(text.encode()).decode()
    layers = [
        (load_variables(ROLE / "defaults/main.yml"), False),
        (load_variables(ROLE / "vars/main.yml"), False),
        ({"hosts_file_before": {"content": content}, "registry_server_address": address, "item": name}, True),
    ]
    return str(Variables(Templar(), layers)["hosts_file_other_line"])


@pytest.mark.parametrize(
    "line",
    [
        "192.0.2.9 registry.example.com",
        "192.0.2.9\tother registry.example.com # mine",
        "  192.0.2.9 registry.example.com other",
        "192.0.2.100 registry.example.com",
    ],
)
def test_another_address_is_seen(line: str) -> None:
    assert other_line(f"127.0.0.1 localhost\n{line}\n{BLOCK}") == line.strip()


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1 localhost\n",
        BLOCK,
        f"127.0.0.1 localhost\n{BLOCK}::1 ip6-localhost\n",
        "192.0.2.10 registry.example.com\n",
        "# 192.0.2.9 registry.example.com\n",
        "192.0.2.9 other # registry.example.com\n",
        "192.0.2.9 my.registry.example.com registry.example.com.net\n",
        "2001:db8::9 registry.example.com\n",
        "192.0.2.9\nregistry.example.com\n",
    ],
)
def test_everything_else_is_left_alone(text: str) -> None:
    assert other_line(text) == ""


def test_ipv6_is_compared_with_ipv6() -> None:
    line = "2001:db8::9 registry.example.com"
    assert other_line(line + "\n192.0.2.9 registry.example.com\n", "2001:db8::10") == line
    assert other_line(line + "\n", "2001:db8::9") == ""
