"""The names of the mirror where nobody gives any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mooring.playbook.roles import load_variables
from mooring.templating.mirror_names import name_mirrors
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables
from tests.support.authority import authority, leaf

ROLES = Path(__file__).parents[3] / "roles"
READERS = ("hosts_file", "mirror", "nginx", "registry_client")
NAME = "registry.example.com"


def certificate(*names: str) -> str:
    return leaf(authority(), *names).pem


@pytest.mark.parametrize(
    ("registry_names", "mirror_names"),
    [
        ([NAME], [f"mirror.{NAME}"]),
        ([NAME, "docker.registry.example.com"], [f"mirror.{NAME}"]),
        ([f"{NAME}:8080"], [f"mirror.{NAME}:8080"]),
        (["Registry.Example.com"], ["mirror.Registry.Example.com"]),
        (["registry"], ["mirror.registry"]),
        (["192.0.2.7", NAME], []),
        (["192.0.2.7:8080"], []),
        (["2001:db8::7"], []),
        (["[2001:db8::7]:8080"], []),
        (["localhost:5000"], []),
        (["*.example.com"], []),
        ([".".join(["a" * 60] * 4) + ".com"], []),
        ([], []),
    ],
)
def test_the_first_name_decides(registry_names: Sequence[str], mirror_names: Sequence[str]) -> None:
    assert name_mirrors(registry_names) == mirror_names


@pytest.mark.parametrize(
    ("names", "is_named"),
    [
        ((NAME, f"mirror.{NAME}"), True),
        ((NAME, f"*.{NAME}"), True),
        ((NAME,), False),
        ((NAME, f"mirror.a.{NAME}"), False),
    ],
)
def test_a_certificate_must_carry_the_mirrors_name(names: Sequence[str], is_named: bool) -> None:
    assert bool(name_mirrors([f"{NAME}:8443"], [certificate(*names)])) is is_named


def test_every_servers_certificate_counts_and_a_file_that_is_none_carries_nothing() -> None:
    good, bad = certificate(f"mirror.{NAME}"), certificate(NAME)
    assert name_mirrors([NAME], [good, good])
    assert not name_mirrors([NAME], [good, bad])
    assert not name_mirrors([NAME], ["root:x:0:0"])


def defaults(role: str, tmp_path: Path, **values: Any) -> Variables:
    """A role's defaults on a client, whose server has these variables."""
    around = {"groups": {"server": ["server"]}, "hostvars": {"server": values}, "playbook_dir": str(tmp_path)}
    return Variables(Templar(), [(load_variables(ROLES / role / "defaults/main.yml"), False)], [around])


@pytest.mark.parametrize("role", READERS)
def test_the_roles_default_reads_the_servers_certificate(role: str, tmp_path: Path) -> None:
    assert defaults(role, tmp_path)["mirror_names"] == [f"mirror.{NAME}"]
    for names, mirror_names in [((NAME,), []), ((f"mirror.{NAME}",), [f"mirror.{NAME}"])]:
        (tmp_path / "a.crt").write_text(certificate(*names))
        assert defaults(role, tmp_path, nginx_tls_certificate="a.crt")["mirror_names"] == mirror_names
    assert defaults(role, tmp_path, nginx_tls_certificate="")["mirror_names"] == [f"mirror.{NAME}"]


def test_the_default_is_one_expression() -> None:
    assert len({load_variables(ROLES / role / "defaults/main.yml")["mirror_names"] for role in READERS}) == 1
