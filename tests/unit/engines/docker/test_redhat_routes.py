"""Whom Red Hat's docker asks for an image, and when the next one is asked. Asked
of 1.13.1, 7d71120."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.engines.docker.conflicts import Conflict
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.endpoints import GOES_ON, MANIFEST, SOME_ERRORS, Host, explain
from mooring.engines.docker.entries import FIRST, MISLEADING, SIGNATURES
from mooring.engines.docker.mirror_answers import CONFIGURATION, IMAGE, LAYER, NO_CONNECTION, Answer, leads_on
from mooring.engines.docker.old_protocol import ENDS, MISSING, TO_OLD
from mooring.engines.docker.registries import as_it_runs, by_files
from mooring.engines.docker.rules import find_conflicts
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from mooring.engines.route import ANY_ERROR
from mooring.records.route import Route
from tests.support import planned_hosts as planned
from tests.support.docker_hosts import redhat

HUB = "https://registry-1.docker.io"
NONE = "No default registry configured."
MIRROR = {"registry-mirrors": ["http://m:5000"]}
UNSIGNED = "--signature-verification=false"


def host(options: str, file: Any = None, **more: Any) -> Effective:
    return redhat(f"OPTIONS='{options}'\n", json.dumps(file or {}), **more)


def route(image: str, options: str, file: Any = None) -> Route:
    effective = host(options, file)
    return explain(image, Host(effective.engine, by_files(effective), {}))


def asked(image: str, options: str, file: Any = None) -> list[tuple[str, str]]:
    return [(endpoint.url, endpoint.next_on) for endpoint in route(image, options, file).endpoints]


def conflict(rule: str, options: str, file: Any = None) -> Conflict | None:
    return next((conflict for conflict in find_conflicts(host(options, file)) if conflict.rule == rule), None)


# (2) The first added registry decides for all short names.
UNUSABLE = [
    ("bare", "has no dot and no port"),
    ("https://a.io", "has a scheme (https://)"),
    ("a.io/team", "has a path behind its host"),
    ("*.a.io", "has a wildcard"),
    ("a.io.", "ends with a dot"),
    ("a.io:", "ends with a colon"),
    ("[::1]:5000", "is an address in brackets"),
    (".", "ends with a dot"),
]


@pytest.mark.parametrize(("name", "problem"), UNUSABLE)
def test_an_unusable_registry_in_the_first_place_ends_every_short_name(name: str, problem: str) -> None:
    for options, file in ((f"--add-registry {name} --add-registry b.io", {}), ("", {"add-registry": [name, "b.io"]})):
        pull_route = route("tiny", f"{UNSIGNED} {options}", file)
        assert pull_route.endpoints == ()
        assert f'"{name}" {problem}' in pull_route.refusal
        misleading = conflict(FIRST, options, file)
        assert misleading is not None
        assert f'no pull of a short name works: the first added registry "{name}" {problem}' == misleading.message
    assert [url for url, _ in asked("c.io/tiny", f"--add-registry {name}")] == ["https://c.io"]


@pytest.mark.parametrize(("name", "problem"), UNUSABLE)
def test_in_another_place_it_is_passed_over(name: str, problem: str) -> None:
    options = f"--add-registry b.io --add-registry {name}"
    assert [url for url, _ in asked("tiny", options)] == ["https://b.io", HUB]
    assert conflict(FIRST, options) is None
    misleading = conflict("registry-name", options)
    assert misleading is not None
    assert misleading.message == f'no short name is asked of the added registry "{name}": it {problem}'


def test_an_empty_one_in_the_first_place() -> None:
    assert route("tiny", "--add-registry=").refusal == NONE
    assert route("tiny", "--add-registry= --add-registry b.io").refusal == NONE
    assert [url for url, _ in asked("tiny", "--add-registry b.io --add-registry=")] == ["https://b.io", HUB]


def test_a_blocked_one_is_in_no_place() -> None:
    options = "--add-registry bare --add-registry b.io --block-registry bare"
    assert [url for url, _ in asked("tiny", options)] == ["https://b.io", HUB]
    assert conflict(FIRST, options) is None


@pytest.mark.parametrize("name", ["a.io", "a:5000", "localhost", "10.1.2.3", "A.io"])
def test_what_can_stand_before_a_short_name(name: str) -> None:
    assert asked("tiny", f"--add-registry {name}")[0][0] == f"https://{name}"


def planned_for(sysconfig: str, wanted: Wanted, file: Any = None) -> Plan:
    return plan(planned.redhat(sysconfig, json.dumps(file or {})), wanted, allow_restart=True)


def test_a_plan_tells_of_an_operators_own_unusable_first() -> None:
    sysconfig = f"OPTIONS='{UNSIGNED}'\nADD_REGISTRY='--add-registry bare'\n"
    for wanted in (planned.USUAL, Wanted(mirrors=(Mirror("http://m.example.com"),))):
        outcome = planned_for(sysconfig, wanted)
        assert outcome.refusals == ()
        assert any(
            "no pull of a short name works" in endpoint and MISLEADING[FIRST] in endpoint
            for endpoint in outcome.warnings
        )
    (refusal,) = planned_for(sysconfig, Wanted((Registry("r.example.com", search=True),))).refusals
    assert "r.example.com: to be searched for short names, but no pull of a short name works" in str(refusal)
    assert MISLEADING[FIRST] in str(refusal)


def test_a_plan_does_not_lead_there_itself() -> None:
    sysconfig = f"OPTIONS='{UNSIGNED}'\nADD_REGISTRY='--add-registry a.io --add-registry bare'\n"
    (refusal,) = planned_for(sysconfig, Wanted((Registry("a.io", block=True),))).refusals
    assert "with the new files no pull of a short name works" in str(refusal)
    (refusal,) = planned_for(f"OPTIONS='{UNSIGNED}'\n", Wanted((Registry("bare", search=True),))).refusals
    assert "cannot search bare, which has no dot and no port" in str(refusal)


def test_where_possible_leaves_an_unusable_name_out() -> None:
    outcome = planned_for(
        f"OPTIONS='{UNSIGNED}'\n", Wanted((Registry("bare", insecure=True, search="where-possible"),))
    )
    assert outcome.refusals == ()
    assert (outcome.in_effect_afterwards.added, outcome.in_effect_afterwards.insecure) == ((), ("bare",))
    assert any("bare is not added for short names" in endpoint for endpoint in outcome.warnings)


# (3) Signatures are verified, and there is a mirror.
@pytest.mark.parametrize("options", ["", "--signature-verification", "--signature-verification=true"])
@pytest.mark.parametrize("block", ["", " --block-registry docker.io"])
def test_with_signatures_verified_docker_hub_is_asked_first(options: str, block: str) -> None:
    endpoints = route("docker.io/tiny:1", options + block, MIRROR).endpoints
    assert [(endpoint.kind, endpoint.url) for endpoint in endpoints[:2]] == [
        (MANIFEST, HUB),
        ("mirror", "http://m:5000"),
    ]
    assert "where there is none, no mirror is asked" in endpoints[0].next_on
    assert [endpoint.url for endpoint in endpoints[2:]] == ([] if block else [HUB])
    assert conflict(SIGNATURES, options, MIRROR) is not None


@pytest.mark.parametrize(
    ("options", "file"), [(UNSIGNED, MIRROR), ("", {**MIRROR, "signature-verification": False}), ("", {})]
)
def test_without_them_or_without_a_mirror_it_is_not(options: str, file: Any) -> None:
    assert route("docker.io/tiny:1", options, file).endpoints[0].kind != MANIFEST
    assert conflict(SIGNATURES, options, file) is None


@pytest.mark.parametrize(("argv", "verifies"), [((), True), ((UNSIGNED,), False)])
def test_the_running_engine_counts_by_its_own_command_line(argv: tuple[str, ...], verifies: bool) -> None:
    info_printed = {"RegistryConfig": {"Mirrors": ["http://m:5000/"]}}
    running = as_it_runs(
        host("" if argv else UNSIGNED, MIRROR, info=info_printed, argv=("/usr/bin/dockerd-current", *argv))
    )
    assert running is not None
    assert running.verifies_signatures is verifies


def test_a_plan_for_a_mirror_says_so_each_time() -> None:
    wanted = Wanted(mirrors=(Mirror("http://m:5000"),))
    for file in ({}, MIRROR):
        outcome = planned_for("", wanted, file)
        assert any(
            "Docker Hub itself is asked" in endpoint and MISLEADING[SIGNATURES] in endpoint
            for endpoint in outcome.warnings
        )
    assert planned_for(f"OPTIONS='{UNSIGNED}'\n", wanted).warnings == ()


# (10) Twice added, twice asked.
@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("--add-registry a.io --add-registry a.io", ["https://a.io", "https://a.io", HUB]),
        ("--add-registry docker.io", [HUB, HUB]),
        ("--add-registry index.docker.io", [HUB, HUB]),
        ("--add-registry docker.io --add-registry a.io", [HUB, "https://a.io", HUB]),
        ("--add-registry docker.io --block-registry all", [HUB]),
    ],
)
def test_one_that_was_added_twice_is_asked_twice(options: str, wanted: list[str]) -> None:
    assert [url for url, _ in asked("tiny", options)] == wanted


# (11) When a mirror's error leads to Docker Hub, and when it ends the pull.
@pytest.mark.parametrize(
    ("part", "status", "code", "wanted"),
    [
        (IMAGE, NO_CONNECTION, "", True),
        (IMAGE, 401, "UNAUTHORIZED", True),
        (IMAGE, 404, "MANIFEST_UNKNOWN", True),
        (IMAGE, 404, "NAME_UNKNOWN", True),
        (IMAGE, 404, "", True),
        (IMAGE, 421, "", True),
        (IMAGE, 403, "", True),
        (IMAGE, 403, "DENIED", False),
        (IMAGE, 429, "TOOMANYREQUESTS", False),
        (IMAGE, 400, "UNSUPPORTED", False),
        (IMAGE, 400, "TAG_INVALID", False),
        (IMAGE, 404, "BLOB_UNKNOWN", False),
        (IMAGE, 404, "UNKNOWN", False),
        (IMAGE, 500, "", True),
        (IMAGE, 502, "", True),
        (IMAGE, 500, "UNKNOWN", True),
        (IMAGE, 503, "DENIED", True),
        (LAYER, NO_CONNECTION, "", True),
        (LAYER, 404, "BLOB_UNKNOWN", True),
        (LAYER, 404, "", True),
        (LAYER, 500, "UNKNOWN", True),
        # By the source alone.
        (LAYER, 403, "DENIED", True),
        (LAYER, 405, "UNSUPPORTED", True),
        (LAYER, 401, "UNAUTHORIZED", True),
        (LAYER, 429, "TOOMANYREQUESTS", False),
        (CONFIGURATION, 404, "BLOB_UNKNOWN", False),
        (CONFIGURATION, 500, "", False),
        (CONFIGURATION, NO_CONNECTION, "", False),
    ],
)
def test_what_a_mirrors_answer_makes_of_the_pull(part: str, status: int, code: str, wanted: bool) -> None:
    assert leads_on(Answer(part, status, code)) is wanted


def test_what_is_told_of_a_mirrors_errors() -> None:
    leads, _, ends = SOME_ERRORS.partition("; ")
    for word in ("5xx", "UNAUTHORIZED", "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "a layer's 404", "500 after retries"):
        assert word in leads
    assert "a 4xx with another code" in ends
    assert ENDS in ends
    assert "configuration" in ends
    assert asked("docker.io/tiny", UNSIGNED, MIRROR)[0][1] == SOME_ERRORS


def test_what_ends_one_registrys_pull_leads_to_the_next_registry() -> None:
    urls = asked(
        "tiny", f"{UNSIGNED} --add-registry docker.io --add-registry r:5000 --insecure-registry r:5000", MIRROR
    )
    assert all(ENDS not in rule for _, rule in urls[:-2])
    assert SOME_ERRORS.replace(ENDS, GOES_ON) == urls[0][1]
    assert urls[1] == (HUB, ANY_ERROR)
    assert urls[-2:] == [("http://m:5000", SOME_ERRORS), (HUB, "")]


# (12) Other registries have the old protocol behind the new one.
@pytest.mark.parametrize(
    ("image", "options", "wanted"),
    [
        ("a.io/tiny:1", "", [("https://a.io", TO_OLD), ("https://a.io/v1", "")]),
        ("tiny", "--add-registry a.io", [
            ("https://a.io", TO_OLD.replace(ENDS, GOES_ON)), ("https://a.io/v1", ANY_ERROR), (HUB, ""),
        ]),
        ("a.io/tiny", "--disable-legacy-registry", [("https://a.io", "")]),
        ("a.io/tiny@sha256:" + 64 * "0", "", [("https://a.io", "")]),
        ("docker.io/tiny", "", [(HUB, "")]),
    ],
)  # fmt: skip
def test_the_old_protocol_of_the_same_host(image: str, options: str, wanted: list[tuple[str, str]]) -> None:
    assert asked(image, f"{UNSIGNED} {options}") == wanted


def test_the_old_protocol_of_an_insecure_registry_and_the_login_that_is_sent() -> None:
    endpoints = route("r:5000/tiny", f"{UNSIGNED} --insecure-registry r:5000").endpoints
    assert [endpoint.url for endpoint in endpoints] == [
        "https://r:5000",
        "http://r:5000",
        "https://r:5000/v1",
        "http://r:5000/v1",
    ]
    assert [endpoint.tls for endpoint in endpoints] == ["unverified", "none"] * 2
    assert {endpoint.credentials for endpoint in endpoints} == {"r:5000's"}
    assert MISSING in endpoints[0].next_on
    assert endpoints[1].next_on == TO_OLD


def test_with_signatures_verified_the_old_protocol_is_not_asked() -> None:
    """By its source: `allowV1Fallback` is passed by."""
    assert asked("a.io/tiny", "") == [("https://a.io", "")]
