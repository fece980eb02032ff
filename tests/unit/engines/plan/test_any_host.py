"""Whatever an operator's files hold: the plan's outcome starts, is stable, and is
taken back to the byte."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mooring.engines.docker.effective import resolve
from mooring.engines.docker.registries import by_files
from mooring.engines.docker.rules import find_conflicts, will_start
from mooring.engines.plan.host import Host
from mooring.engines.plan.plan import plan
from mooring.engines.plan.wanted import Mirror, Wanted
from tests.support.planned_hosts import WEB, Daemon, docker, redhat
from tests.support.wishes import draw_registries

NAMES = ("registry.example.com", "a:5000", "b.example.com", "192.0.2.7:5000")
URLS = tuple(f"http://{name}" for name in NAMES)
OWN = st.fixed_dictionaries(
    {},
    optional={
        "debug": st.booleans(),
        "labels": st.lists(st.text('ab=é,[]{}"\\\n', max_size=6), max_size=2),
        "log-opts": st.dictionaries(st.sampled_from(["max-size", "tag"]), st.text("a{}[],:", max_size=4), max_size=2),
        "live-restore": st.booleans(),
        "registry-mirrors": st.lists(st.sampled_from([*URLS, "https://own/"]), max_size=3, unique=True) | st.none(),
        "insecure-registries": st.lists(st.sampled_from([*NAMES, "10.0.0.0/8"]), max_size=3, unique=True),
    },
)
STYLES: list[dict[str, Any]] = [{}, {"indent": 2}, {"indent": 4}, {"indent": "\t"}, {"separators": (",", ":")}]


@st.composite
def files(draw: st.DrawFn) -> str | None:
    """An operator's daemon.json, its keys in any order and manner."""
    held = draw(OWN)
    order = draw(st.permutations(list(held)))
    text = json.dumps({key: held[key] for key in order}, ensure_ascii=False, **draw(st.sampled_from(STYLES)))
    ends = draw(st.sampled_from(["", "\n", " \n\n"]))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))) if draw(st.booleans()) else text
    return (
        draw(st.sampled_from([text + ends, None, "{}", "{ }\n", "{\n}\n", "{\r\n}\r\n"])) if not held else text + ends
    )


FLAGS = st.lists(
    st.sampled_from(["--insecure-registry a:5000", "--insecure-registry=x", "--insecure-registry  10.0.0.0/8"]),
    max_size=3,
)
ADDED = st.lists(st.sampled_from(["--add-registry a:5000", "--add-registry=y"]), max_size=2)
QUOTES = st.sampled_from(["'{}'", '"{}"', "' {} '"])


@st.composite
def sysconfigs(draw: st.DrawFn) -> str | None:
    """An operator's /etc/sysconfig/docker, comments and all."""
    lines = ["# Modify these options", "OPTIONS='--selinux-enabled --log-driver=journald'"]
    for variable, flags in (("INSECURE_REGISTRY", draw(FLAGS)), ("ADD_REGISTRY", draw(ADDED))):
        if flags:
            lines.append(f"{variable}={draw(QUOTES).format(draw(st.sampled_from([' ', '  '])).join(flags))}")
        else:
            lines += draw(st.sampled_from([[], [f"{variable}="], [f"{variable}=''"], [f"# {variable}='--x y'"]]))
    lines, end = draw(st.permutations(lines)), draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from([end.join(lines), end.join(lines) + end, "", None]))


@st.composite
def wishes(draw: st.DrawFn) -> Wanted:
    """Registries that are insecure or known by a certificate, and mirrors."""
    mirrors = draw(st.lists(st.sampled_from(URLS), max_size=2, unique=True))
    return Wanted(draw_registries(draw, NAMES), tuple(Mirror(url) for url in mirrors))


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    containers = draw(st.sampled_from([[], [WEB]]))
    if draw(st.booleans()):
        return redhat(
            draw(sysconfigs()), draw(files()), draw(st.sampled_from(["1.12.6", "1.13.1"])), containers=containers
        )
    version = draw(st.sampled_from(["1.13.1", "17.03.2", "17.04.0", "20.10.24", "23.0.6", "24.0.1", "28.5.2"]))
    return docker(draw(files()), version, containers=containers)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(hosts(), wishes(), wishes())
def test_there_and_back(host: Host, wanted: Wanted, other: Wanted) -> None:
    # What it was started with is no evidence here: the daemon is none.
    assume(will_start(find_conflicts(resolve(replace(host.texts, argv=(), started_with={})))))
    first = plan(host, wanted, allow_restart=True)
    assume(not first.refusals)
    assert not any("changed before" in warning for warning in first.warnings)
    done = Daemon(host).go(first)
    assert not plan(done, wanted).is_changed
    known = by_files(resolve(done.texts))
    assert set(wanted.insecure) <= set(known.insecure)
    assert set(wanted.hub_mirrors) <= set(known.mirrors)
    second = plan(done, other, allow_restart=True)
    changed = done if second.refusals else Daemon(done).go(second)
    for wish in (Wanted(), wanted):
        another = plan(changed, wish, allow_restart=True)
        changed = changed if another.refusals else Daemon(changed).go(another)
    gone = Daemon(changed).go(plan(changed, Wanted(), allow_restart=True, is_absent=True))
    before = {path: text for path, text in host.texts.files.items() if text is not None}
    assert {path: text for path, text in gone.texts.files.items() if text is not None} == before
    assert not plan(gone, Wanted(), is_absent=True).is_changed
