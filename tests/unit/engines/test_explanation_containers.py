"""Whatever the files of podman, CRI-O, containerd and BuildKit hold, there is an answer and a
plan."""

from __future__ import annotations

from typing import Any

import tomlkit
from hypothesis import example, given
from hypothesis import strategies as st

from mooring.engines.explanation_containers import ENGINES, build
from mooring.engines.plan.containers.host import ContainerHost
from mooring.engines.plan.containers.plan import plan
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from mooring.engines.texts import ContainerTexts

WORDS = """registry prefix location insecure blocked mirror pull-from-mirror unqualified-search-registries aliases
short-name-mode registries search block version imports plugins cri io.containerd.grpc.v1.cri docker.io config_path
io.containerd.cri.v1.images mirrors configs auths endpoint tls server host capabilities ca client skip_verify http
keypair crio image insecure_registries a.example.com http://[::1 disabled_plugins"""
KEYS = st.sampled_from(WORDS.split())
LEAVES: Any = (
    st.text(alphabet="ab.:/[]*-_@1") | st.booleans() | st.integers(0, 9) | st.just("https://a") | st.just("*.b")
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
TEXTS = st.dictionaries(KEYS, VALUES, max_size=4).map(tomlkit.dumps) | st.text(alphabet="ab[]\"'=\n# .")
PATHS = (
    "/etc/containers/registries.conf",
    "/etc/containers/registries.conf.d/a.conf",
    "/etc/crio/crio.conf",
    "/etc/containerd/config.toml",
    "/etc/containerd/certs.d/docker.io/hosts.toml",
    "/etc/docker/daemon.json",
    "/root/.docker/buildx/buildkitd.default.toml",
)
WANTED = Wanted((Registry("a.example.com", insecure=True),), (Mirror("http://a.example.com"),))


@given(TEXTS, st.sampled_from(["1.6.20", "2.1.9", "5.4.2", "6.0.0", ""]))
@example("[[registry]]\nmirror = [1]\n[registry.mirror]\n", "5.4.2")
@example("registry = true\n", "5.4.2")
@example("registry = [1, {}]\n", "5.4.2")
@example("registry = [1]\nregistries = 1\naliases = [1]\n", "4.3.1")
@example("plugins = 1\nimports = [1, 2]\nversion = true\n", "2.1.9")
def test_every_engine(text: str, version: str) -> None:
    certificates = {"/etc/containerd/certs.d": {"docker.io": ("hosts.toml", "a.crt")}}
    texts = ContainerTexts(dict.fromkeys(ENGINES, version), dict.fromkeys(PATHS, text), certificates, has_docker=True)
    for name in ENGINES:
        for image in ("tiny", "docker.io/tiny", "a.example.com:5000/a", "[::1]:5000/a"):
            explanation = build("h", image, texts, name)
            assert bool(explanation.later.endpoints) != bool(explanation.later.refusal)
        assert all(str(conflict) for conflict in explanation.conflicts)
        assert explanation.as_dict()
        if name != "buildkit":
            made = plan(ContainerHost(name, texts), WANTED)
            assert not (made.steps and made.refusals)
