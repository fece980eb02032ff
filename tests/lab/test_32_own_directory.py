"""Chapter 32: a directory of one's own, with an installed wheel, manages the same fleet."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lab_hosts import LookedAt

from lab.places import CHECKOUT
from tests.installed import Installed

CHECK = """\
hosts = "clients"


def test_its_home(host):
    \"\"\"The login's home is there\"\"\"
    assert host.file("/home/mooring").is_directory
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed.make(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def project(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `invoke init` makes, with the lab's hosts in its inventory."""
    place = tmp_path_factory.mktemp("operator") / "our fleet"
    made = installed.run(place.parent, "init", place.name)
    assert (made.returncode, made.stderr) == (0, ""), made
    text = (CHECKOUT / "inventory.yml").read_text().replace("{{ inventory_dir }}", str(CHECKOUT))
    (place / "inventory.yml").write_text(text)
    (place / "group_vars" / "all.yml").write_text("---\n")
    (place / "files" / "images").mkdir()
    for archive in (CHECKOUT / "files" / "images").glob("*.tar"):
        shutil.copy(archive, place / "files" / "images")
    return place


@pytest.mark.parametrize("folder", [".", "tests/hosts"])
def test_provisioning_finds_nothing_to_do(
    installed: Installed, project: Path, folder: str, clients: list[LookedAt]
) -> None:
    ran = installed.run(project / folder, "provision-clients", "--check", "--json")
    assert ran.returncode == 0, ran
    recap = json.loads(ran.stdout.splitlines()[-1])["hosts"]
    assert {host: (row["changed"], row["failed"]) for host, row in recap.items()} == {
        client.name: (0, 0) for client in clients
    }


def test_the_server_is_provisioned_with_the_directorys_own_archives(
    installed: Installed, project: Path, server: LookedAt
) -> None:
    """nginx and its image are lost; the archive of the directory brings them back, and a second run
    changes nothing."""
    server.run("docker rm -f mooring-nginx && docker rmi nginx:1.22")
    changes = []
    for _ in range(2):
        ran = installed.run(project / "roles", "provision-server", "--json")
        assert ran.returncode == 0, ran
        changes.append(json.loads(ran.stdout.splitlines()[-1])["hosts"]["server"]["changed"])
    assert changes[0] > 0
    assert changes[1] == 0
    assert server.run("docker inspect -f '{{.State.Running}}' mooring-nginx").strip() == "true"


def test_quiet_commands_are_one_line(installed: Installed, project: Path, fleet: list[LookedAt]) -> None:
    """Of a fleet that is as it should be."""
    for words in (("status",), ("doctor",), ("explain", "client-debian", "registry.example.com/app")):
        ran = installed.run(project, *words, "-q")
        assert (ran.returncode, len(ran.stdout.splitlines())) == (0, 1), ran


def test_the_status_is_the_fleets(installed: Installed, project: Path, fleet: list[LookedAt]) -> None:
    ran = installed.run(project, "status", "--json")
    assert ran.returncode == 0, ran
    assert {row["host"] for row in json.loads(ran.stdout)["hosts"]} == {host.name for host in fleet}


def test_the_launcher_works_from_anywhere(tmp_path: Path, fleet: list[LookedAt]) -> None:
    argv = [str(CHECKOUT / "invoke"), "status", "--json"]
    ran = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
    assert {row["host"] for row in json.loads(ran.stdout)["hosts"]} == {host.name for host in fleet}


def test_verify_proves_every_route_and_runs_our_checks_too(
    installed: Installed, project: Path, clients: list[LookedAt]
) -> None:
    plain = installed.run(project, "verify", "--json", "--junit", "plain.xml")
    assert plain.returncode == 0, plain
    (project / "tests" / "hosts" / "test_home.py").write_text(CHECK)
    ran = installed.run(project / "files", "verify", "--json", "--junit", "results.xml")
    assert ran.returncode == 0, ran
    after, before = json.loads(ran.stdout), json.loads(plain.stdout)
    for client in clients:
        host, was = after["hosts"][client.name], before["hosts"][client.name]
        assert {route["status"] for route in host["routes"].values()} == {"ok"}
        assert sum(host["checks"].values()) == sum(was["checks"].values()) + 1
    last = (project / "files" / "results.xml").read_text().split("<testcase ")[-1]
    assert "test_its_home" in last
