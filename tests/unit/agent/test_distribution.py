"""Release files of real distributions, and the facts that Ansible makes of them."""

from __future__ import annotations

import pytest

from mooring.agent import distribution

CASES = [
    pytest.param(
        {"ID": "centos", "NAME": "CentOS Linux", "VERSION_ID": "7", "VERSION": "7 (Core)", "ID_LIKE": "rhel fedora"},
        "CentOS Linux release 7.9.2009 (Core)\n",
        "",
        ("CentOS", "7.9", "7", "Core", "RedHat"),
        id="centos 7",
    ),
    pytest.param(
        {"ID": "debian", "VERSION_ID": "12", "VERSION": "12 (bookworm)", "VERSION_CODENAME": "bookworm"},
        "",
        "12.11\n",
        ("Debian", "12.11", "12", "bookworm", "Debian"),
        id="debian 12",
    ),
    pytest.param(
        {"ID": "debian", "NAME": "Debian GNU/Linux", "VERSION_CODENAME": "forky"},
        "",
        "forky/sid\n",
        ("Debian", "NA", "NA", "forky", "Debian"),
        id="debian testing",
    ),
    pytest.param(
        {"ID": "ubuntu", "VERSION_ID": "22.04", "VERSION": "22.04.4 LTS (Jammy)", "VERSION_CODENAME": "jammy"},
        "",
        "bookworm/sid\n",
        ("Ubuntu", "22.04", "22", "jammy", "Debian"),
        id="ubuntu",
    ),
    pytest.param(
        {"ID": "rocky", "VERSION_ID": "9.4", "VERSION": "9.4 (Blue Onyx)", "ID_LIKE": "rhel centos fedora"},
        "Rocky Linux release 9.4 (Blue Onyx)\n",
        "",
        ("Rocky", "9.4", "9", "Blue Onyx", "RedHat"),
        id="rocky",
    ),
    pytest.param(
        {"ID": "rhel", "VERSION_ID": "8.10", "VERSION": "8.10 (Ootpa)"},
        "",
        "",
        ("RedHat", "8.10", "8", "Ootpa", "RedHat"),
        id="rhel",
    ),
    pytest.param(
        {"ID": "kali", "NAME": "Kali GNU/Linux", "VERSION_ID": "2026.3", "ID_LIKE": "debian"},
        "",
        "kali-rolling\n",
        ("Kali GNU/Linux", "2026.3", "2026", "NA", "Debian"),
        id="unknown, like Debian",
    ),
    pytest.param({}, "", "", ("NA", "NA", "NA", "NA", "NA"), id="nothing is known"),
]


@pytest.mark.parametrize(("os_release", "centos_release", "debian_version", "expected"), CASES)
def test_describe(os_release, centos_release, debian_version, expected) -> None:
    facts = distribution.describe(os_release, centos_release, debian_version)
    keys = ("distribution", "distribution_version", "distribution_major_version", "distribution_release", "os_family")
    assert tuple(facts[key] for key in keys) == expected
