"""Whatever stands on a host without docker: the plan holds, is stable, and is
taken back to the byte."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.engines.containerd import config
from mooring.engines.containerd.rules import find_conflicts as find_containerd_conflicts
from mooring.engines.docker.conflicts import Severity
from mooring.engines.plan.containers.host import ContainerHost, record_path
from mooring.engines.plan.containers.plan import plan
from mooring.engines.plan.record import PATH as RECORD
from mooring.engines.plan.wanted import Mirror, Wanted
from mooring.engines.podman import effective as podman
from mooring.engines.podman.rules import find_conflicts as find_podman_conflicts
from mooring.engines.texts import ContainerTexts, Unit
from tests.support.container_hosts import POLICY, after_plan, endpoints_of
from tests.support.wishes import draw_registries

ETC, TOML, CERTS = "/etc/containers", "/etc/containerd/config.toml", "/etc/containerd/certs.d"
NAMES = ("registry.example.com", "a.example.com:5000", "b.example.com", "192.0.2.7:5000")
OWN = ("own.example.com", "docker.io", NAMES[0], NAMES[1])
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def tables(draw: st.DrawFn) -> str:
    """One [[registry]] of the operator's."""
    name = draw(st.sampled_from([*OWN, "a.example.com", "*.example.com"]))
    lines = ["[[registry]]  # own", f'prefix = "{name}"']
    if name[0] != "*":
        lines.append(f'location = "{draw(st.sampled_from([name, "hub.example.com/x"]))}"')
    lines += draw(st.sampled_from([[], ["insecure = true"], ["blocked = true"], ["mirror-by-digest-only = true"]]))
    for location in draw(st.lists(st.sampled_from(["m.example.com", NAMES[0]]), max_size=2, unique=True)):
        lines += ["[[registry.mirror]]", f'location = "{location}"']
        lines += draw(st.sampled_from([[], ["insecure = true"], ['pull-from-mirror = "tag-only"']]))
    return "\n".join(lines)


@st.composite
def new_syntax(draw: st.DrawFn) -> str:
    parts = ["# the operator's"]
    parts += draw(st.sampled_from([[], ['unqualified-search-registries = ["own.example.com"]']]))
    parts += draw(st.sampled_from([[], ['short-name-mode = "disabled"'], ['short-name-mode = "enforcing"']]))
    parts += draw(st.lists(tables(), max_size=2))
    parts += draw(st.sampled_from([[], ["[aliases]", '"tiny" = "own.example.com/tiny"']]))
    return _with_ends(parts, draw)


@st.composite
def old_syntax(draw: st.DrawFn) -> str:
    parts = ["# the operator's"]
    for kind in draw(st.lists(st.sampled_from(["search", "insecure", "block"]), unique=True)):
        parts += [
            f"[registries.{kind}]",
            f"registries = {draw(st.sampled_from(['[]', chr(91) + repr(OWN[0]) + chr(93)]))}",
        ]
    return _with_ends(parts, draw)


def _with_ends(parts: list[str], draw: st.DrawFn) -> str:
    return ("\n".join(parts) + draw(st.sampled_from(["", "\n", "\n\n"]))).replace("\n", draw(ENDS))


@st.composite
def podmans(draw: st.DrawFn) -> ContainerHost:
    name = draw(st.sampled_from(["podman", "crio"]))
    files: dict[str, str | None] = {
        f"{ETC}/registries.conf": draw(st.none() | st.just("") | new_syntax() | old_syntax()),
        f"{ETC}/registries.conf.d/{draw(st.sampled_from(['00-shortnames', '40-own', '60-own']))}.conf": draw(
            st.none() | new_syntax()
        ),
    }
    version = draw(st.sampled_from(["4.3.1", "5.4.2", "6.0.0"])) if name == "podman" else "1.30.1"
    roots = (f"{ETC}/certs.d", "/etc/docker/certs.d")
    return _host(name, version, files, draw(_folders(roots)))


SECTIONS = {1: "cri", 2: '"io.containerd.grpc.v1.cri"', 3: "'io.containerd.cri.v1.images'"}
PATHS = ("", 'config_path = ""  # none', "config_path = ''", f'config_path = "{CERTS}"', 'config_path = "/etc/own"')


@st.composite
def containerds(draw: st.DrawFn) -> ContainerHost:
    engine = draw(st.sampled_from(["1.6.20", "1.7.24", "2.0.5", "2.1.9", "2.2.0"]))
    version = draw(st.sampled_from([1, 2, 3])) if engine[0] == "2" else draw(st.sampled_from([1, 2]))
    section = f"plugins.{SECTIONS[version]}"
    lines = ["# the operator's", f"version = {version}", *draw(st.sampled_from([[], ['root = "/var/lib/containerd"']]))]
    lines += draw(st.sampled_from([[], [f"[{section}]", '  x = ["a", # one', '    "b"]']]))
    if draw(st.booleans()):
        lines += [f"  [{section}.registry] # here", f"    {draw(st.sampled_from(PATHS))}"]
    lines += draw(
        st.sampled_from([[], [f"[{section}.registry.headers]", '  X-Own = ["1"]'], ["[debug]", '  level = "info"']])
    )
    files = {TOML: draw(st.sampled_from([None, "", "\n", _with_ends(lines, draw), _with_ends(lines, draw)]))}
    return _host("containerd", engine, files, draw(_folders((CERTS, "/etc/own"))))


@st.composite
def _folders(draw: st.DrawFn, roots: tuple[str, ...]) -> dict[str, str | None]:
    """Files of the operator's below certs.d."""
    files: dict[str, str | None] = {}
    for root in roots:
        for name in draw(st.lists(st.sampled_from(OWN), max_size=2, unique=True)):
            for file in draw(st.sampled_from([["ca.crt"], ["own.crt"], ["client.cert", "client.key"]])):
                files[f"{root}/{name}/{file}"] = "own\n"
    return files


def _host(name: str, version: str, files: Mapping[str, str | None], folders: Mapping[str, str | None]) -> ContainerHost:
    units = {name: Unit("x", {"ActiveState": "active"})}
    certificates: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in folders:
        root, registry, file = path.rsplit("/", 2)
        held = certificates.setdefault(root, {})
        held[registry] = (*held.get(registry, ()), file)
    texts = ContainerTexts({name: version}, {POLICY: "{}", **files, **folders}, certificates, units)
    return ContainerHost(name, texts, record=record_path(RECORD, name))


@st.composite
def wishes(draw: st.DrawFn) -> Wanted:
    names = draw(
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from(["docker.io", "ghcr.io", NAMES[1]])),
            max_size=2,
            unique=True,
        )
    )
    schemes = st.sampled_from(["http", "https"])
    return Wanted(draw_registries(draw, NAMES), tuple(Mirror(f"{draw(schemes)}://{url}", name) for url, name in names))


def works(host: ContainerHost) -> bool:
    if host.name == "containerd":
        conflicts = find_containerd_conflicts(config.resolve(host.texts))
    else:
        conflicts = find_podman_conflicts(podman.resolve(host.texts, host.name))
    return all(conflict.severity is not Severity.STOPS for conflict in conflicts)


def in_effect(host: ContainerHost, wanted: Wanted) -> None:
    """What is wanted is what the engine makes of the files."""
    for mirror in wanted.mirrors:
        location = mirror.url.partition("://")[2]
        urls = [url for url, _ in endpoints_of(host, f"{mirror.registry}/library/x:1")]
        assert any(location in url for url in urls), (mirror, urls)
    for registry in wanted.registries:
        if registry.insecure:
            ways = [tls for url, tls in endpoints_of(host, f"{registry.name}/x:1")]
            assert "verified" not in ways[-1:], (registry, ways)
    if host.name != "containerd":
        known = [place.text for place in podman.resolve(host.texts, host.name).search]
        assert set(wanted.searched) <= set(known)


def untouched(before: ContainerHost, done: ContainerHost, wanted: Wanted) -> None:
    """Registries that nobody asked for are asked as ever."""
    names = {registry.name for registry in wanted.registries} | {mirror.registry for mirror in wanted.mirrors}
    for name in set(OWN) - names if before.name != "containerd" else ():
        assert endpoints_of(done, f"{name}/x:1") == endpoints_of(before, f"{name}/x:1")
    if before.name != "containerd":
        for mirror in podman.resolve(before.texts, before.name).registries.values():
            known = podman.resolve(done.texts, done.name).registries[mirror.prefix]
            assert {place.location for place in mirror.mirrors} <= {place.location for place in known.mirrors}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(podmans() | containerds(), wishes(), wishes())
def test_there_and_back(before: ContainerHost, wanted: Wanted, other: Wanted) -> None:
    first = plan(before, wanted)
    assert all(refusal.text and refusal.remedy for refusal in first.refusals)
    assert not (first.refusals and first.steps)
    if first.refusals:
        return
    done = after_plan(before, first)
    assert works(done) or not first.changes
    in_effect(done, wanted)
    untouched(before, done, wanted)
    again = plan(done, wanted)
    assert (again.changes, again.is_changed) == ((), False)
    changed = done
    for wish in (other, Wanted(), wanted):
        made = plan(changed, wish)
        changed = changed if made.refusals else after_plan(changed, made)
    gone = after_plan(changed, plan(changed, Wanted(), is_absent=True))
    assert texts(gone) == texts(before)
    assert not plan(gone, Wanted(), is_absent=True).is_changed


def texts(host: ContainerHost) -> dict[str, str]:
    return {path: text for path, text in host.texts.files.items() if text is not None}
