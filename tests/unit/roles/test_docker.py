"""The role docker takes packages only from repositories whose key is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mooring.playbook.roles import load_variables
from mooring.run.conditions import unmet
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

ROLE = Path(__file__).parents[3] / "roles/docker"
SUM = "sha256:" + "0" * 64
APT = "deb [signed-by=/etc/apt/keyrings/docker.asc] https://apt.example.com/debian bookworm stable"
YUM = {
    "docker_yum_repository": "https://yum.example.com/docker",
    "docker_yum_repository_key": "https://yum.example.com/k",
}
KEYED = {"docker_apt_repository": APT, "docker_apt_repository_key": "https://apt.example.com/k"}


def refuses(**values: str) -> bool:
    """Whether one of the role's own conditions does not hold."""
    task = yaml.safe_load((ROLE / "tasks/main.yml").read_text())[0]
    templar = Templar()
    variables = Variables(templar, [(load_variables(ROLE / "defaults/main.yml"), False), (values, False)])
    return unmet(task["ansible.builtin.assert"]["that"], templar, variables) is not None


@pytest.mark.parametrize(
    "values",
    [
        {},
        {**YUM, "docker_yum_repository_key_checksum": SUM},
        {**KEYED, "docker_apt_repository_key_checksum": SUM},
        {"docker_apt_repository": "deb https://debian.example.com/debian bookworm main"},
    ],
)
def test_known_keys_and_the_hosts_own_are_taken(values: dict[str, str]) -> None:
    assert not refuses(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"docker_yum_repository": "https://yum.example.com/docker"},
        YUM,
        {**YUM, "docker_yum_repository_key_checksum": "md5:0"},
        KEYED,
        {**KEYED, "docker_apt_repository_key_checksum": "0" * 64},
        {**KEYED, "docker_apt_repository_key_checksum": SUM, "docker_apt_repository": "deb https://a.example.com x y"},
        {"docker_apt_repository": "deb [trusted=yes] https://apt.example.com/debian bookworm stable"},
    ],
)
def test_packages_that_nobody_vouches_for_are_refused(values: dict[str, str]) -> None:
    assert refuses(**values)


def test_the_repository_file_always_checks_signatures() -> None:
    templar = Templar()
    text = templar.render_file(
        ROLE / "templates/docker.repo.j2", {"docker_yum_repository": YUM["docker_yum_repository"]}
    )
    assert "gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/" in text
