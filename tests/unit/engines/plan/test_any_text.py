"""Whatever stands in daemon.json, byte for byte: the planner plans what starts, or refuses with
place and remedy."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mooring.engines.docker.effective import resolve
from mooring.engines.docker.registries import Registries, by_files
from mooring.engines.docker.rules import find_conflicts, will_start
from mooring.engines.plan.host import Host
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.wanted import Registry, Wanted
from tests.support.docker_hosts import JSON, SYSCONFIG
from tests.support.planned_hosts import NAME, URL, USUAL, Daemon, docker, file, info, redhat

ADDED = Wanted((Registry(NAME, search=True),))
VERSIONS = ("1.12.6", "1.13.1", "17.03.2", "20.10.24", "23.0.6", "26.1.5", "28.5.2", "29.0.0")
KEYS = ("insecure-registries", "registry-mirrors", "Registry-Mirrors", "add-registry", "debug", "mtu", "a\\u0062")
LEAVES = st.sampled_from(
    ["null", "true", "0", "-", "[]", "{}", '""', '"a:5000"', '["a:5000"]', '["http://m"]', '["http://m/"]', "[null]",
     "[1]", '["\\u0061"]', '[["a"]]', '{"registry-mirrors": ["http://m"]}', "NaN", "1e999", '["\\ud800"]', "['a']"]
)  # fmt: skip
BLANKS = st.sampled_from(["", " ", "\n", "\r\n", "\t", "\x0b", "\xa0", "\u2028", "// c\n", "\ufeff"])
MEMBERS = st.tuples(BLANKS, st.sampled_from(KEYS), BLANKS, LEAVES).map(
    lambda parts: f'{parts[0]}"{parts[1]}":{parts[2]}{parts[3]}'
)
OBJECTS = st.builds(
    lambda members, comma, end: "{" + comma.join(members) + end + "}",
    st.lists(MEMBERS, max_size=4),
    st.sampled_from([",", ",", ",", ",\n", " "]),
    BLANKS,
)
TEXTS = st.builds(
    lambda head, body, tail: head + body + tail,
    BLANKS,
    OBJECTS | LEAVES | st.just(""),
    BLANKS | st.sampled_from([" garbage", " {}", "}", "\x00", ' {"debug": true}']),
) | st.text(alphabet='{}[]":,\\ \n\r\tnulbtre1-\ufeff\x00é', max_size=12)


def host_with(text: str | None, version: str, is_redhat: bool) -> Host:
    """A host whose daemon was started before anybody wrote this."""
    made = redhat if is_redhat else docker
    return made(daemon_json=text, version=version, info=info(Registries()), argv=())


def is_clear(outcome: Plan) -> bool:
    """Every refusal says what to do, and a refused plan does nothing."""
    return all(refusal.text and refusal.remedy for refusal in outcome.refusals) and not (
        outcome.steps and outcome.refusals
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(VERSIONS), st.booleans())
@example("null garbage", "20.10.24", False)
@example("null garbage", "1.13.1", True)
@example("\ufeff{}", "1.13.1", True)
def test_a_plan_that_starts_or_a_clear_refusal(text: str, version: str, is_redhat: bool) -> None:
    before = host_with(text, version, is_redhat and version.startswith("1.1"))
    outcome = plan(before, USUAL, allow_restart=True)
    assert is_clear(outcome)
    gone = plan(before, Wanted(), allow_restart=True, is_absent=True)
    assert is_clear(gone)
    assert not gone.steps
    if outcome.refusals:
        return
    done = Daemon(before).go(outcome)
    after = resolve(done.texts)
    assert will_start(find_conflicts(after))
    known = by_files(after)
    assert (URL in known.mirrors, NAME in known.insecure) == (True, True)
    assert not plan(done, USUAL).is_changed
    back = plan(done, Wanted(), allow_restart=True, is_absent=True)
    if back.refusals:
        # What the daemon would not start with is not brought back.
        assert not will_start(find_conflicts(resolve(before.texts)))
    else:
        assert file(Daemon(done).go(back)) == text


VALUES = st.sampled_from(
    ["", "''", "'--insecure-registry a'", '"--add-registry=b"', "--add-registry", "'--x", "a\\", "$X",
     "'--add-registry ' # c", "'--insecure-registry a' 'b'", "'--add-registry a\\'",
     "'--add-registry -'", "'--registry-mirror=m/'"]
)  # fmt: skip
NAMES = st.sampled_from(["OPTIONS", "ADD_REGISTRY", "INSECURE_REGISTRY", "#ADD_REGISTRY", "export ADD_REGISTRY", "\tA"])
LINES = st.builds(
    lambda name, value, end: f"{name}={value}{end}", NAMES, VALUES, st.sampled_from(["\n", "\r\n", "", " \n"])
)
SHELL = st.lists(LINES | st.sampled_from(["if [ -z x ]; then\n", "fi\n", "# c \\\n", ";\n", "\ufeff"]), max_size=5).map(
    "".join
) | st.text(alphabet="AD_REGISTY='\"\\\n #-b", max_size=30)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(SHELL, st.sampled_from(["1.10.3", "1.12.6", "1.13.1"]))
def test_any_sysconfig_of_red_hats(text: str, version: str) -> None:
    before = redhat(text, "{}", version, info=info(Registries()), argv=())
    outcome = plan(before, ADDED if version == "1.10.3" else USUAL, allow_restart=True)
    assert is_clear(outcome)
    if outcome.refusals:
        return
    done = Daemon(before).go(outcome)
    assert NAME in by_files(resolve(done.texts)).added
    back = plan(done, Wanted(), allow_restart=True, is_absent=True)
    if back.refusals:
        assert not will_start(find_conflicts(resolve(before.texts)))
    else:
        assert file(Daemon(done).go(back), SYSCONFIG) == text


@pytest.mark.parametrize(
    ("text", "version", "words"),
    [
        ("null garbage", "20.10.24", "null with something behind it; write {} in the place of both"),
        ("null garbage", "26.1.5", "something follows"),
        ("\ufeff{}", "20.10.24", "it is not JSON"),
        ("\ufeff{}", "26.1.5", ""),
        ("", "20.10.24", ""),
        (" \r\n", "26.1.5", ""),
        ("null", "20.10.24", ""),
        ("[]", "26.1.5", "it holds no {…}"),
        ('{"registry-mirrors": [], "registry-mirrors": []}', "26.1.5", "more than once; leave one of them"),
        ('{"Registry-Mirrors": []}', "26.1.5", 'knows no key "Registry-Mirrors"'),
        ('{"registry-mirrors": ["a"]}', "26.1.5", "with today's files already: /etc/docker/daemon.json:1: mirror"),
        ('{"registry-mirrors": "http://a"}', "1.13.1", "is not a list"),
        ('{"x": {"registry-mirrors": []}}', "26.1.5", "stands inside another key"),
        ('{} {"debug": true}', "20.10.24", ""),
        ('{} {"debug": true}', "23.0.6", "something follows"),
    ],
)
def test_what_is_said_of_odd_files(text: str, version: str, words: str) -> None:
    outcome = plan(host_with(text, version, False), USUAL, allow_restart=True)
    reasons = "\n".join(map(str, outcome.refusals))
    assert bool(reasons) == bool(words)
    assert words in reasons
    assert not words or JSON in reasons
