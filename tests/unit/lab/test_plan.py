"""What the lab decides before it acts: capabilities, mirror, topology, digests, image archives."""

from __future__ import annotations

import ipaddress
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import archive, bundles, capabilities, commands, containers, images, keys, mirror, places, suites, topology

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("bounding", "may"),
    [("000001fffeffffff", False), ("000001ffffffffff", True), ("0000000000000000", False)],
)
def test_privileged_needs_sys_resource(bounding: str, may: bool) -> None:
    assert capabilities.may_be_privileged(f"Name:\tx\nCapBnd:\t{bounding}\nCapAmb:\t0\n") is may


def test_no_status_file_means_the_engine_is_elsewhere() -> None:
    assert capabilities.may_be_privileged("")


@pytest.mark.parametrize(("text", "version"), [("1\n", 1), ("2\n", 2), ("cgroup2fs", 2), ("tmpfs", 1), ("", 1)])
def test_cgroup_version(text: str, version: int) -> None:
    assert capabilities.cgroup_version(text) == version


def test_run_options_never_ask_for_what_the_machine_lacks() -> None:
    assert capabilities.run_options(True, 2) == ["--privileged", "--cgroupns=private"]
    assert "--cgroupns=host" in capabilities.run_options(True, 1)
    assert "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw" in capabilities.run_options(True, 1)
    assert "--volume=/sys/fs/cgroup/unified:/sys/fs/cgroup:rw" in capabilities.run_options(True, 1, needs_cgroup2=True)
    assert capabilities.run_options(True, 2, needs_cgroup2=True) == capabilities.run_options(True, 2)
    assert capabilities.boot_command(1) == []
    assert "remount,rw /sys/fs/cgroup" in capabilities.boot_command(2)[-1]
    for cgroups in (1, 2):
        lacking = capabilities.run_options(False, cgroups)
        assert "--privileged" not in lacking
        assert "--cap-drop=SYS_RESOURCE" in lacking


NAMED = "http://named.example.com/debian"
DEB822 = """Types: deb
# a comment
URIs: http://mirror.example.com/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example.com/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        ([], NAMED),
        ([DEB822], "http://mirror.example.com/debian"),
        ([DEB822.replace("Types", "Enabled: no\nTypes", 1)], NAMED),
        (["deb [signed-by=/k] https://m.example.com/debian bookworm main contrib\n"], "https://m.example.com/debian"),
        (["deb-src http://m.example.com/debian bookworm main\n"], NAMED),
        (["deb http://other.example.com/node bookworm main\n", DEB822], "http://mirror.example.com/debian"),
        (["# deb http://m.example.com/debian bookworm main\n"], NAMED),
    ],
)
def test_the_machines_own_mirror_is_used(sources: list[str], wanted: str) -> None:
    assert mirror.debian_mirror(sources, {mirror.VARIABLE: f"{NAMED}/"}) == wanted


def test_a_machine_whose_apt_names_no_archive_is_asked_for_one() -> None:
    """No address of anybody's is in the code."""
    with pytest.raises(commands.LabError, match=r"^[^\n]*set MOORING_LAB_MIRROR to one[^\n]*$"):
        mirror.debian_mirror([], {})
    assert "://" not in Path(mirror.__file__).read_text(encoding="utf-8").replace("http://HOST/", "")


def ports_in(groups: dict[str, Any]) -> dict[str, int]:
    """Each host's port, from an inventory's `children`."""
    plans = {}
    for group in groups.values():
        plans.update({name: host["ansible_port"] for name, host in group.get("hosts", {}).items()})
        plans.update(ports_in(group.get("children", {})))
    return plans


def test_topology_and_inventory_say_the_same() -> None:
    inventory = yaml.safe_load((ROOT / "inventory.yml").read_text())["all"]
    assert ports_in(inventory["children"]) == {host.name: host.ssh_port for host in topology.SMALL_FLEET}
    server = topology.find_host("server")
    assert server
    assert inventory["vars"]["registry_server_address"] == server.address
    assert inventory["vars"]["ansible_user"] == topology.LOGIN


def test_the_big_fleets_inventory_says_what_the_small_ones_does() -> None:
    small, big = (yaml.safe_load((ROOT / name).read_text())["all"] for name in ("inventory.yml", "lab/fleet.yml"))
    assert ports_in(big["children"]) == {host.name: host.ssh_port for host in topology.HOSTS}
    upwards = {name: value for name, value in big["vars"].items() if "inventory_dir" in str(value)}
    assert {name: value.replace("inventory_dir }}/..", "inventory_dir }}") for name, value in upwards.items()} == {
        name: small["vars"][name] for name in upwards
    }
    assert {**big["vars"], **{name: small["vars"][name] for name in upwards}} == small["vars"]
    clients = big["children"]["clients"]["children"]
    engines = {name: group.get("vars", {}).get("registry_client_engine") for name, group in clients.items()}
    assert engines == {"docker": None, "podman": "podman", "containerd": "containerd"}


def test_only_the_small_fleet_is_up_unless_asked_for() -> None:
    assert [host.name for host in topology.SMALL_FLEET] == ["server", "client-el7", "client-debian", "hub"]
    assert not any(host.is_opt_in for host in topology.SMALL_FLEET)
    assert all(host.is_opt_in and host.needs_cgroup2 for host in topology.OPT_IN)
    assert topology.HOSTS == topology.SMALL_FLEET + topology.OPT_IN
    assert topology.find_host("client-podman") in topology.OPT_IN


def test_every_store_is_on_a_volume_of_its_own() -> None:
    volumes = [volume for host in topology.HOSTS for volume in host.volumes.values()]
    assert len(set(volumes)) == len(volumes)
    server, modern = topology.find_host("server"), topology.find_host("client-docker28")
    assert server
    assert modern
    assert server.volumes == {"/var/lib/docker": "mooring-lab-server-docker"}
    assert set(modern.volumes) == {"/var/lib/docker", "/var/lib/containerd"}


def test_hosts_have_their_own_addresses_in_the_subnet() -> None:
    network = ipaddress.ip_network(topology.SUBNET)
    addresses = [host.address for host in topology.HOSTS] + [topology.GATEWAY]
    assert len(set(addresses)) == len(addresses)
    assert len({host.ssh_port for host in topology.HOSTS}) == len(topology.HOSTS)
    assert all(ipaddress.ip_address(address) in network for address in addresses)
    assert all(host.container.startswith("mooring-lab-") for host in topology.HOSTS)
    assert topology.find_host("nobody") is None


def test_a_network_in_use_is_noticed() -> None:
    routes = ["default via 192.0.2.1 dev eth0", "203.0.112.0/23 dev eth1 scope link", "unreachable 10.0.0.0/8"]
    assert containers.route_into("203.0.113.0/24", routes) == routes[1]
    assert containers.route_into("198.51.100.0/24", routes) == ""


def test_digest_sees_contents_names_and_modes(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    file = tmp_path / "d" / "f"
    file.write_text("one")
    seen = {places.digest(tmp_path / "d")}
    file.write_text("two")
    seen.add(places.digest(tmp_path / "d"))
    file.chmod(0o755)
    seen.add(places.digest(tmp_path / "d"))
    file.rename(tmp_path / "d" / "g")
    seen.add(places.digest(tmp_path / "d"))
    assert len(seen) == 4


def test_every_recipe_is_there() -> None:
    assert all(images.tag_of(name).startswith("mooring-lab/") for name in ("el7", "debian", "hub"))
    assert {host.image for host in topology.SMALL_FLEET} == {"el7", "debian", "hub"}
    assert {host.image for host in topology.OPT_IN} == set(suites.IMAGES)
    for name in suites.IMAGES:
        assert all((ROOT / "lab" / path).exists() for path in suites.recipe_of(name))
    assert (ROOT / "lab/images/nginx/etc/nginx/nginx.conf").exists()
    assert bundles.HERE.samefile(ROOT / "lab")


def test_archives_are_docker_archives_and_always_the_same(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "sh").write_text("x")
    (tree / "link").symlink_to("bin/sh")
    first = archive.make_image(tree, {"Cmd": ["sh"]}, ("tiny:1",), "amd64")
    (tree / "bin" / "sh").touch()
    assert archive.make_image(tree, {"Cmd": ["sh"]}, ("tiny:1",), "amd64") == first
    archive.write_archive([first], tmp_path / "tiny.tar")
    with tarfile.open(tmp_path / "tiny.tar") as packed:
        names = packed.getnames()
        manifest = packed.extractfile("manifest.json")
        assert manifest
        entry = json.load(manifest)[0]
    assert entry["RepoTags"] == ["tiny:1"]
    assert {entry["Config"], *entry["Layers"]} < set(names)


def test_a_registrys_storage_links_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    image = archive.make_image(tmp_path / "tree", {}, ("library/tiny:1",), "amd64")
    archive.write_storage([image], tmp_path / "v2")
    link = (tmp_path / "v2/repositories/library/tiny/_manifests/tags/1/current/link").read_text()
    digest = link.removeprefix("sha256:")
    manifest = json.loads((tmp_path / "v2/blobs/sha256" / digest[:2] / digest / "data").read_bytes())
    for blob in (manifest["config"], *manifest["layers"]):
        name = blob["digest"].removeprefix("sha256:")
        assert (tmp_path / "v2/blobs/sha256" / name[:2] / name / "data").stat().st_size == blob["size"]


@pytest.mark.parametrize(("path", "shown"), [("/a b/$(x);'", '"/a b/$(x);\'"'), ("/100%h", '"/100%%h"')])
def test_a_path_in_sshs_configuration_is_quoted(path: str, shown: str) -> None:
    assert keys._quoted(Path(path)) == shown


@pytest.mark.parametrize("path", ["/a\nProxyCommand x", '/a"b', "/${x}", "/a\\b"])
def test_a_path_that_ssh_cannot_be_told_of_is_refused(path: str) -> None:
    with pytest.raises(commands.LabError, match="ssh cannot be told of"):
        keys._quoted(Path(path))
