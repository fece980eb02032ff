"""Whatever a host's files hold, the resolver has an answer."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from mooring.engines.docker.effective import Effective
from mooring.engines.docker.endpoints import Host, explain
from mooring.engines.docker.registries import by_files
from mooring.engines.docker.rules import find_conflicts
from tests.support.docker_hosts import docker, redhat

KEYS = ("insecure-registries", "registry-mirrors", "add-registry", "block-registry", "debug", "proxies", "mtu")
ENTRIES = st.text(alphabet="abm.:/[]-_@?#,1065 %") | st.sampled_from(["http://[::1", "10.0.0.0/8", "::1", "localhost"])
VALUES = st.lists(ENTRIES | st.none() | st.integers(), max_size=3) | ENTRIES | st.booleans() | st.none() | st.integers()
FILES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4).map(json.dumps) | st.text()
SHELL = st.text(alphabet="AB=_ '\"\\\n#;$-{}export")


def answer(effective: Effective) -> None:
    assert all(str(conflict) for conflict in find_conflicts(effective))
    assert effective.settings() is not None
    for image in ("tiny", "docker.io/tiny", "r.example.com:5000/a", "[::1]:5000/a"):
        route = explain(image, Host(effective.engine, by_files(effective), {"r.example.com:5000": ("ca.crt",)}))
        assert bool(route.endpoints) != bool(route.refusal)


@given(FILES, SHELL)
@example("{}", "OPTIONS='--registry-mirror=http://[::1 -D- -- -'")
def test_red_hats_engine(daemon_json: str, sysconfig: str) -> None:
    answer(redhat(sysconfig, daemon_json))


@given(FILES, st.sampled_from(["1.13.1", "20.10.24", "29.0.0", ""]), SHELL)
def test_dockers_own_engine(daemon_json: str, version: str, options: str) -> None:
    answer(docker(daemon_json, version, options))
