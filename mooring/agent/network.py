"""A host's network interfaces and addresses as facts, in Ansible's words."""

from __future__ import absolute_import, division, print_function

import os
import re
import socket
import struct

from mooring.agent import host

# The kernel's ARPHRD numbers that have a name in Ansible's facts.
KINDS = {"1": "ether", "32": "infiniband", "772": "loopback", "776": "tunnel"}
RTF_UP, RTF_GATEWAY = 0x1, 0x2
SYS = "/sys/class/net"


def facts():
    """interfaces and one fact for each, all_ipv4_addresses and default_ipv4, and the same of
    ipv6."""
    names = sorted(os.listdir(SYS)) if os.path.isdir(SYS) else []
    names = [name for name in names if os.path.isdir(os.path.join(SYS, name))]
    links = {name: _link(name) for name in names}
    # By its path: an ordinary user's PATH lacks /usr/sbin on Red Hat's systems.
    ip = host.which("ip")
    everything = addresses(host.run([ip, "-o", "addr", "show"]).out if ip else "")
    for name, ipv4, ipv6 in everything:
        if name in links:
            add_address(links[name], ipv4, ipv6)
    values = {
        "interfaces": names,
        "all_ipv4_addresses": [v4["address"] for _, v4, _ in everything if v4 and _is_public(v4["address"])],
        "all_ipv6_addresses": [v6["address"] for _, _, v6 in everything if v6 and v6["address"] != "::1"],
        "default_ipv4": default_ipv4(_read("/proc/net/route"), links),
        "default_ipv6": default_ipv6(_read("/proc/net/ipv6_route"), links),
    }
    for name, link in links.items():
        values[re.sub(r"[-:.]", "_", name)] = link
    return values


def addresses(output):
    """`ip -o addr` to a list of (interface, ipv4 dict or None, ipv6 dict or None)."""
    entries = []
    for line in output.splitlines():
        words = line.split()
        if len(words) < 4 or words[2] not in ("inet", "inet6"):
            continue
        name = words[1].split("@")[0].rstrip(":")
        address, _, prefix = words[3].partition("/")
        if words[2] == "inet":
            broadcast = words[words.index("brd") + 1] if "brd" in words else ""
            entries.append((name, ipv4_fact(address, prefix or "32", broadcast), None))
        else:
            scope = words[words.index("scope") + 1] if "scope" in words else ""
            entries.append((name, None, {"address": address, "prefix": prefix or "128", "scope": scope}))
    return entries


def ipv4_fact(address, prefix, broadcast):
    """An IPv4 address with what follows from its prefix."""
    mask = (0xFFFFFFFF << (32 - int(prefix))) & 0xFFFFFFFF
    number = struct.unpack("!I", socket.inet_aton(address))[0]
    return {
        "address": address,
        "broadcast": broadcast,
        "netmask": _dotted(mask),
        "network": _dotted(number & mask),
        "prefix": prefix,
    }


def add_address(link, ipv4, ipv6):
    """Put an address into its interface's fact: the first IPv4 is its own, others are secondary."""
    if ipv6:
        link.setdefault("ipv6", []).append(ipv6)
    elif "ipv4" in link:
        link.setdefault("ipv4_secondaries", []).append(ipv4)
    else:
        link["ipv4"] = ipv4


def default_ipv4(routes, links):
    """The interface, gateway and address of the default route with the lowest
    metric; {} without one."""
    best = None
    for line in routes.splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or words[1] != "00000000" or words[7] != "00000000":
            continue
        flags, metric = int(words[3], 16), int(words[6])
        if flags & RTF_UP and flags & RTF_GATEWAY and (best is None or metric < best[0]):
            # The kernel prints the address as a number in the machine's own byte order.
            best = (metric, words[0], socket.inet_ntoa(struct.pack("=I", int(words[2], 16))))
    if best is None:
        return {}
    fact = {"interface": best[1], "alias": best[1], "gateway": best[2]}
    link = links.get(best[1], {})
    fact.update(link.get("ipv4", {}))
    fact.update((key, link[key]) for key in ("macaddress", "mtu", "type") if key in link)
    return fact


def default_ipv6(routes, links):
    """As `default_ipv4`, from /proc/net/ipv6_route; the address is the
    interface's first global one."""
    best = None
    for line in routes.splitlines():
        words = line.split()
        if len(words) < 10 or words[0] != "0" * 32 or words[1] != "00" or words[4] == "0" * 32:
            continue
        metric = int(words[5], 16)
        if words[9] != "lo" and (best is None or metric < best[0]):
            gateway = ":".join(words[4][index : index + 4] for index in range(0, 32, 4))
            best = (metric, words[9], _shortest(gateway))
    if best is None:
        return {}
    fact = {"interface": best[1], "gateway": best[2]}
    link = links.get(best[1], {})
    for candidate in link.get("ipv6", []):
        if candidate["scope"] == "global":
            fact.update(candidate)
            break
    fact.update((key, link[key]) for key in ("macaddress", "mtu", "type") if key in link)
    return fact


def full_name(nodename):
    """The host's full name: from /etc/hosts where it is listed, else as the resolver says."""
    for line in _read("/etc/hosts").splitlines():
        words = line.split("#")[0].split()
        if nodename in words[1:]:
            dotted = [word for word in words[1:] if "." in word]
            return dotted[0] if dotted else words[1]
    return socket.getfqdn(nodename)


def _link(name):
    """One interface from /sys, without its addresses."""
    fact = {"device": name, "type": KINDS.get(_sys(name, "type"), "unknown")}
    flags = _sys(name, "flags") or "0x0"
    fact["active"] = _sys(name, "operstate") not in ("down", "") and bool(int(flags, 16) & 1)
    fact["promisc"] = bool(int(flags, 16) & 0x100)
    if _sys(name, "mtu").isdigit():
        fact["mtu"] = int(_sys(name, "mtu"))
    if fact["type"] != "loopback" and _sys(name, "address"):
        fact["macaddress"] = _sys(name, "address")
    if os.path.isdir(os.path.join(SYS, name, "bridge")):
        fact["type"] = "bridge"
        members = os.path.join(SYS, name, "brif")
        fact["interfaces"] = sorted(os.listdir(members)) if os.path.isdir(members) else []
    return fact


def _sys(name, key):
    return _read(os.path.join(SYS, name, key)).strip()


def _read(path):
    try:
        return host.read_text(path)
    except (IOError, OSError):
        return ""


def _is_public(address):
    return not address.startswith("127.")


def _dotted(number):
    return socket.inet_ntoa(struct.pack("!I", number))


def _shortest(address):
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address))
