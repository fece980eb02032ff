"""The comparison of a container with what is asked of it, and the request for a new one."""

from types import SimpleNamespace

import pytest

from mooring.agent import changes, docker_adjust, docker_plan, host
from mooring.agent.docker_crash import split_frames
from mooring.agent.modules import docker_container

FOUND = {
    "Config": {
        "Env": ["PATH=/bin", "A=1"], "Labels": {"a": "b", "image": "x"}, "Cmd": ["sleep", "1"],
        "ExposedPorts": {"80/tcp": {}, "443/tcp": {}}, "Volumes": {"/anonymous": {}}, "Healthcheck": None,
    },
    "HostConfig": {
        "Binds": ["/srv:/data", "/x:/y:ro"], "Memory": 0, "Init": None, "NetworkMode": "default",
        "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}, "CapAdd": ["CAP_NET_ADMIN"],
        "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
        "Mounts": [{"Type": "bind", "Source": "/tmp", "Target": "/m"}], "ExtraHosts": ["r:192.0.2.1"], "Ulimits": None,
    },
    "NetworkSettings": {"Networks": {
        "one": {"Aliases": ["web", "0123456789ab"], "IPAMConfig": {"IPv4Address": "192.0.2.2"}},
        "two": {"Aliases": None},
    }},
}  # fmt: skip


def differing(args, image=None, **comparisons):
    """The options in which FOUND is not as asked."""
    args = {"networks_cli_compatible": True, **args, "comparisons": comparisons}
    mode, options = docker_plan.modes(args), docker_plan.options(args)
    expected = docker_plan.expected(options, image, mode)
    state = docker_plan.found_state(FOUND, options, mode)
    return sorted(name for name in expected if state[name] != expected[name])


SAME = {
    "env": {"A": "1"}, "labels": {"a": "b"}, "command": "sleep 1", "exposed_ports": ["80"], "init": False,
    "volumes": ["/srv:/data:rw", "/anonymous"], "memory": "0", "published_ports": ["80:80"], "network_mode": "bridge",
    "capabilities": ["net_admin"], "restart_policy": "no", "log_driver": "json-file", "log_options": {"max-size": "1m"},
    "mounts": [{"type": "bind", "source": "/tmp", "target": "/m", "read_only": False}], "etc_hosts": {"r": "192.0.2.1"},
    "restart_retries": 0, "ulimits": [], "cap_drop": [], "healthcheck": {}, "sysctls": {},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SAME))
def test_what_is_as_asked_does_not_differ(name):
    assert differing({name: SAME[name]}) == []


OTHER = {
    "env": {"A": "2"}, "labels": {"c": "d"}, "command": ["sleep", "2"], "exposed_ports": ["81"], "init": True,
    "volumes": ["/srv:/data:ro"], "memory": "1m", "published_ports": ["127.0.0.1:80:80"], "network_mode": "host",
    "capabilities": ["net_admin", "sys_time"], "restart_policy": "always", "log_options": {"max-size": "2m"},
    "mounts": [{"type": "bind", "source": "/tmp", "target": "/m", "read_only": True}], "etc_hosts": {"r": "192.0.2.9"},
    "ulimits": ["nofile:1:2"], "cap_drop": ["all"], "healthcheck": {"test": "x"}, "hostname": "web",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(OTHER))
def test_what_is_not_as_asked_differs(name):
    assert differing({name: OTHER[name]}) == [name]


@pytest.mark.parametrize("limit", [None, 0, -1])
@pytest.mark.parametrize("wanted", [0, -1])
def test_no_limit_of_processes_is_written_in_many_ways(limit, wanted):
    """Engines keep null, 0 or -1, by their age; -1 is what also lifts a daemon's own default."""
    option = docker_plan.BY_NAME["pids_limit"]
    options = docker_plan.options({"pids_limit": wanted})
    assert docker_plan.look(option, {"HostConfig": {"PidsLimit": limit}}) == options["pids_limit"]
    assert docker_plan.body(options, "x", {})["HostConfig"]["PidsLimit"] == -1
    assert docker_plan.look(option, {"HostConfig": {"PidsLimit": 64}}) == 64


@pytest.mark.parametrize("written", ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"])
def test_no_new_privileges_is_one_thing_in_three_spellings(written):
    """The bare word is the one that every engine takes; docker 1.11 and 1.12 know no other."""
    option = docker_plan.BY_NAME["security_opts"]
    options = docker_plan.options({"security_opts": [written]})
    assert docker_plan.body(options, "x", {})["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert docker_plan.look(option, {"HostConfig": {"SecurityOpt": [written]}}) == options["security_opts"]


def test_what_is_not_given_is_not_compared():
    assert differing({"env": None, "command": None}) == []


def test_a_strict_comparison_counts_what_the_image_brings():
    image = {"Config": {"Env": ["PATH=/bin"], "Labels": {"image": "x"}}}
    assert differing({"env": {"A": "1"}}, image, env="strict") == []
    assert differing({"env": {"A": "1"}}, None, env="strict") == ["env"]
    assert differing({"labels": {"a": "b"}}, image, **{"*": "strict"}) == []
    assert differing({"etc_hosts": {}}, image, etc_hosts="strict") == ["etc_hosts"]
    volumes = {"Config": {"Volumes": {"/anonymous": {}}}}
    assert differing({"volumes": ["/srv:/data", "/x:/y:ro"]}, volumes, **{"*": "strict"}) == []
    assert differing({"volumes": ["/srv:/data"]}, volumes, **{"*": "strict"}) == ["volumes"]
    assert differing({"healthcheck": {}}, {"Config": {"Healthcheck": {"Test": ["NONE"]}}}, **{"*": "strict"}) == [
        "healthcheck"
    ]


def test_comparisons_can_be_ignored_by_alias_too():
    assert differing({"published_ports": ["81:81"]}, ports="ignore") == []
    assert differing({"env": {"B": "2"}, "user": "x"}, **{"*": "ignore"}) == []


@pytest.mark.parametrize(
    "comparisons", [{"colour": "strict"}, {"env": "rough"}, {"*": "allow_more_present"}, {"user": "allow_more_present"}]
)
def test_impossible_comparisons_are_refused(comparisons):
    with pytest.raises(host.Failed, match="comparisons: "):
        docker_plan.modes({"comparisons": comparisons})


def test_the_first_network_is_the_network_mode_as_on_the_command_line():
    args = {"networks": [{"name": "one"}, {"name": "two"}], "networks_cli_compatible": True}
    assert docker_plan.options(args) == {"network_mode": "one"}
    assert docker_plan.options({**args, "networks_cli_compatible": False}) == {}
    assert docker_plan.options({**args, "network_mode": "host"}) == {"network_mode": "host"}


def test_networks_are_compared_in_what_is_asked_of_them():
    wanted = docker_plan.wanted_networks({"networks": [{"name": "one", "aliases": ["web"], "ipv4_address": None}]})
    assert wanted == {"one": {"aliases": ["web"]}}
    assert docker_plan.found_networks(FOUND, wanted, "allow_more_present") == wanted
    assert docker_plan.found_networks(FOUND, wanted, "strict") == {**wanted, "two": {}}
    other = {"one": {"aliases": ["db"], "ipv4_address": "192.0.2.3"}}
    assert docker_plan.found_networks(FOUND, other, "strict")["one"] == {"aliases": [], "ipv4_address": "192.0.2.2"}


def test_the_request_for_a_new_container():
    args = {
        "networks": [{"name": "one", "aliases": ["web"]}], "networks_cli_compatible": True, "env": {"A": "1"},
        "volumes": ["/srv:/data", "/anonymous"], "published_ports": ["127.0.0.1:80:80"], "restart_policy": "always",
        "log_driver": "json-file", "log_options": {"max-file": 3, "x": True}, "cpus": 0.5,
        "etc_hosts": {"r": "192.0.2.1"},
    }  # fmt: skip
    body = docker_plan.body(docker_plan.options(args), "nginx:1", docker_plan.wanted_networks(args))
    assert body == {
        "Image": "nginx:1",
        "Env": ["A=1"],
        "Volumes": {"/anonymous": {}},
        "ExposedPorts": {"80/tcp": {}},
        "NetworkingConfig": {"EndpointsConfig": {"one": {"Aliases": ["web"]}}},
        "HostConfig": {
            "Binds": ["/srv:/data:rw"],
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}]},
            "RestartPolicy": {"Name": "always"},
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "x": "true"}},
            "NanoCpus": 500000000,
            "ExtraHosts": ["r:192.0.2.1"],
            "NetworkMode": "one",
        },
    }


def test_every_found_network_address_survives_the_port_form():
    assert docker_plan.options({"published_ports": ["[::1]:80:80"]}) == {"published_ports": {"80/tcp": ["::1:80"]}}
    body = docker_plan.body({"published_ports": {"80/tcp": ["::1:80"]}}, "x", {})
    assert body["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "::1", "HostPort": "80"}]}


def test_an_update_of_memory_lifts_the_swap_limit_with_it():
    container = {"HostConfig": {"Memory": 64, "MemorySwap": 128, "RestartPolicy": {"Name": "always"}}}
    options = {"memory": 256, "restart_retries": 3}
    assert docker_adjust.update_request(container, {"memory"}, options) == {"Memory": 256, "MemorySwap": 512}
    assert docker_adjust.update_request(container, {"restart_retries"}, options) == {
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 3}
    }
    assert docker_adjust.update_request(container, {"networks"}, options) == {}


@pytest.mark.parametrize(("before", "after"), [(0, 128), (-1, -1)])
def test_a_first_limit_of_memory_brings_its_swap_limit(before: int, after: int):
    container = {"HostConfig": {"Memory": 0, "MemorySwap": before}}
    assert docker_adjust.update_request(container, {"memory"}, {"memory": 64}) == {"Memory": 64, "MemorySwap": after}


def test_a_limit_is_changed_in_place_but_only_a_new_container_has_none():
    engine = SimpleNamespace(api=(1, 41))
    assert not docker_adjust.needs_replacement(engine, {"memory", "cpus"}, {"memory": 64, "cpus": 5})
    assert docker_adjust.needs_replacement(engine, {"memory"}, {"memory": 0})
    assert docker_adjust.needs_replacement(engine, {"cpuset_cpus"}, {"cpuset_cpus": ""})
    assert not docker_adjust.needs_replacement(engine, {"restart_retries"}, {"restart_retries": 0})


def test_the_frames_of_a_log_are_taken_apart():
    assert split_frames(b"\1\0\0\0\0\0\0\3one\2\0\0\0\0\0\0\4 two") == b"one two"


def test_a_change_of_volumes_and_ports_shows_the_old_ones():
    """The old container's entries go with it, so they are on the left."""
    args = {"volumes": ["/new:/data"], "published_ports": ["8080:80"]}
    options, mode = docker_plan.options(args), docker_plan.modes(args)
    before = docker_plan.found_state(FOUND, options, mode)
    before[changes.SHOWN] = docker_plan.found_whole(FOUND, options)
    (part,) = changes.draw(docker_container, args, before, docker_plan.expected(options, None, mode))
    assert "/srv:/data:rw" in part["before"]
    assert "/new:/data:rw" in part["after"]
    assert '"80/tcp": ["0.0.0.0:80"]' in part["before"]
    assert "0.0.0.0:8080" in part["after"]
    assert changes.SHOWN not in part["before"] + part["after"]
