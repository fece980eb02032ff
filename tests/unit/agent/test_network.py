"""The kernel's route tables and ip's output as facts."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mooring.agent import network

ROUTES = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth1 00000000 0100000A 0003 0 0 200 00000000 0 0 0
eth0 00000000 010200C0 0003 0 0 100 00000000 0 0 0
eth0 000200C0 00000000 0001 0 0 100 00FFFFFF 0 0 0
"""
LINKS = {
    "eth0": {
        "ipv4": network.ipv4_fact("192.0.2.7", "24", "192.0.2.255"),
        "ipv6": [
            {"address": "fe80::1", "prefix": "64", "scope": "link"},
            {"address": "2001:db8::7", "prefix": "64", "scope": "global"},
        ],
        "macaddress": "02:00:00:00:00:01",
        "mtu": 1500,
        "type": "ether",
    }
}


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is from a little-endian machine")
def test_the_default_route_with_the_lowest_metric_counts() -> None:
    fact = network.default_ipv4(ROUTES, LINKS)
    assert (fact["interface"], fact["gateway"], fact["address"]) == ("eth0", "192.0.2.1", "192.0.2.7")
    assert (fact["netmask"], fact["network"], fact["mtu"]) == ("255.255.255.0", "192.0.2.0", 1500)


def test_no_default_route() -> None:
    assert network.default_ipv4("Iface Destination\n", LINKS) == {}
    assert network.default_ipv6("", LINKS) == {}


def test_the_default_route_of_ipv6_takes_a_global_address() -> None:
    zero = "0" * 32
    gateway = "20010db8000000000000000000000001"
    line = f"{zero} 00 {zero} 00 {gateway} 00000400 00000001 00000000 00000003 eth0\n"
    fact = network.default_ipv6(line, LINKS)
    assert (fact["gateway"], fact["address"]) == ("2001:db8::1", "2001:db8::7")


def test_a_second_address_is_secondary() -> None:
    link: dict[str, Any] = {}
    output = "2: eth0 inet 192.0.2.7/24 brd 192.0.2.255 scope global eth0\n"
    output += "2: eth0 inet 192.0.2.8/32 scope global eth0\n"
    for _, ipv4, ipv6 in network.addresses(output):
        network.add_address(link, ipv4, ipv6)
    assert link["ipv4"]["address"] == "192.0.2.7"
    assert [address["address"] for address in link["ipv4_secondaries"]] == ["192.0.2.8"]
    assert link["ipv4_secondaries"][0]["network"] == "192.0.2.8"
