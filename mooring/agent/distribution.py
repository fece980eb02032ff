"""Which distribution a host runs, in Ansible's words; pure functions from the texts of
its release files."""

from __future__ import absolute_import, division, print_function

import re

# os-release's ID to ansible_distribution, and the family of each.
NAMES = {
    "almalinux": "AlmaLinux",
    "alpine": "Alpine",
    "amzn": "Amazon",
    "arch": "Archlinux",
    "centos": "CentOS",
    "debian": "Debian",
    "fedora": "Fedora",
    "linuxmint": "Linux Mint",
    "ol": "OracleLinux",
    "opensuse-leap": "openSUSE Leap",
    "opensuse-tumbleweed": "openSUSE Tumbleweed",
    "raspbian": "Debian",
    "rhel": "RedHat",
    "rocky": "Rocky",
    "scientific": "Scientific",
    "sles": "SLES",
    "ubuntu": "Ubuntu",
}
FAMILIES = {
    "AlmaLinux": "RedHat",
    "Alpine": "Alpine",
    "Amazon": "RedHat",
    "Archlinux": "Archlinux",
    "CentOS": "RedHat",
    "Debian": "Debian",
    "Fedora": "RedHat",
    "Linux Mint": "Debian",
    "OracleLinux": "RedHat",
    "RedHat": "RedHat",
    "Rocky": "RedHat",
    "SLES": "Suse",
    "Scientific": "RedHat",
    "Ubuntu": "Debian",
    "openSUSE Leap": "Suse",
    "openSUSE Tumbleweed": "Suse",
}
LIKE = (("rhel", "RedHat"), ("fedora", "RedHat"), ("debian", "Debian"),
        ("ubuntu", "Debian"), ("suse", "Suse"))


def describe(os_release, centos_release="", debian_version=""):
    """The distribution's facts without their prefix.

    `os_release` is /etc/os-release as a dict; the other two are the texts of /etc/centos-release
    and /etc/debian_version, which alone know the minor version there.
    """
    kind = os_release.get("ID", "").lower()
    name = NAMES.get(kind) or os_release.get("NAME", "").strip() or "NA"
    version = os_release.get("VERSION_ID", "") or "NA"
    finer = ""
    if kind == "centos":
        finer = ".".join(_first(r"release (\d[\d.]*)", centos_release).split(".")[:2])
    elif kind == "debian":
        finer = _first(r"^(\d[\d.]*)\s*$", debian_version)
    if finer:
        version = finer
    parts = version.split(".")
    facts = {
        "distribution": name,
        "distribution_version": version,
        "distribution_major_version": parts[0],
        "distribution_release": _release(os_release),
        "os_family": family(name, os_release),
    }
    if len(parts) > 1:
        facts["distribution_minor_version"] = parts[1]
    return facts


def family(name, os_release):
    """ansible_os_family; an unknown distribution belongs where its ID_LIKE says, else to itself."""
    if name in FAMILIES:
        return FAMILIES[name]
    likes = os_release.get("ID_LIKE", "").lower().split()
    for like, family_name in LIKE:
        if like in likes:
            return family_name
    return name


def _release(os_release):
    """The code name: VERSION_CODENAME where it is given, else what stands in brackets in
    VERSION."""
    return (
        os_release.get("VERSION_CODENAME")
        or os_release.get("UBUNTU_CODENAME")
        or _first(r"\(([^)]+)\)", os_release.get("VERSION", ""))
        or "NA"
    )


def _first(pattern, text):
    match = re.search(pattern, text, re.M)
    return match.group(1) if match else ""
