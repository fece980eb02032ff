"""The doctor's rules about engines and containers, its screen, its JSON and its exit status."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

import mooring.engines
from mooring.cli.explain import exit_status
from mooring.doctor import backing, engine, leftovers, session, unread
from mooring.doctor.finding import merge
from mooring.engines.docker import conflicts, entries, type_rules
from mooring.engines.docker.reply import texts_of as reply_texts
from mooring.engines.explanation import build, record
from mooring.engines.plan.record import PATH as RECORD
from mooring.fleet import checkup, status
from mooring.fleet.survey import Lost
from mooring.records.diagnosis import Diagnosis, Finding, Verdict
from mooring.reporters import diagnosis, explanation
from tests.support.engine_replies import INFO, SETTINGS, line, redhat, reply

ENABLED = {"ActiveState": "active", "SubState": "running", "UnitFileState": "enabled"}


def diagnose(is_client: bool = True, **reply_fields: Any) -> Diagnosis:
    client = checkup.examine("web1", reply(**{"state": ENABLED, **reply_fields}), ("r.example.com",))
    return Diagnosis("web1", merge(engine.examine(client, is_client)), engine.facts(client))


def rules(diagnosis: Diagnosis, *verdicts: Verdict) -> set[str]:
    return {finding.rule for finding in diagnosis.findings if finding.verdict in verdicts}


def test_a_host_that_is_well() -> None:
    diagnosis = diagnose()
    assert not diagnosis.is_broken
    assert rules(diagnosis, Verdict.HOLDS) == {"configuration", "daemon", "settings", "next-restart", "next-boot"}
    assert rules(diagnosis, *set(Verdict) - {Verdict.HOLDS}) == set()


@pytest.mark.parametrize(
    ("reply_fields", "broken", "warned"),
    [
        ({"settings": {**SETTINGS, "hosts": []}}, {"flag-and-key", "next-restart", "next-boot"}, set()),
        ({"settings": "{"}, {"bad-json", "settings", "next-restart", "next-boot"}, set()),
        ({"info": {}, "argv": []}, {"daemon"}, set()),
        ({"record": None}, {"settings"}, set()),
        ({"settings": {**SETTINGS, "live-restore": True}}, set(), {"next-restart"}),
        ({"needs_reload": True}, set(), {"daemon-reload"}),
        ({"state": {**ENABLED, "UnitFileState": "masked"}}, {"next-boot"}, set()),
        ({"state": {**ENABLED, "UnitFileState": "disabled"}}, set(), {"next-boot"}),
        ({"info": {"RegistryConfig": {**INFO["RegistryConfig"], "Mirrors": []}}}, {"settings"}, {"next-restart"}),
    ],
)
def test_what_breaks_and_what_only_warns(reply_fields: dict[str, Any], broken: set[str], warned: set[str]) -> None:
    diagnosis = diagnose(**reply_fields)
    assert rules(diagnosis, Verdict.BREAKS) == broken
    assert rules(diagnosis, Verdict.HARMS) == warned
    assert diagnosis.is_broken == bool(broken)
    assert all(finding.remedy for finding in diagnosis.findings if finding.verdict in (Verdict.BREAKS, Verdict.HARMS))


def test_every_conflict_has_its_remedy() -> None:
    source = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (conflicts, entries, type_rules))
    named = {part.partition('"')[0] for part in source.split('Conflict("')[1:]}
    assert named
    assert named <= set(engine.REMEDIES)


def test_whatever_ends_pulls_has_its_remedy() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(mooring.engines.__file__).parent.rglob("*.py")]
    calls = [
        call for text in sources for call in re.findall(r'Conflict\(\s*("?[\w-]+"?),\s*Severity\.ENDS_PULLS', text)
    ]
    assert len(calls) >= 6
    assert {call.strip('"').replace("FIRST", entries.FIRST) for call in calls} <= set(engine.REMEDIES)


def test_a_host_without_a_unit_to_judge() -> None:
    masked = {"msg": "docker.service is masked", "masked": True, "state": {"ActiveState": "active"}}
    assert [finding.rule for finding in engine.judge_unit(masked)] == ["next-restart", "next-boot"]
    stopped = {**masked, "state": {"ActiveState": "inactive"}}
    assert [finding.rule for finding in engine.judge_unit(stopped)] == ["daemon", "next-restart", "next-boot"]
    assert [finding.verdict for finding in engine.judge_unit({"msg": "no service", "missing": True})] == [
        Verdict.BREAKS
    ]
    assert list(engine.judge_unit({"msg": "timed out"})) == []


def test_what_a_broken_change_left() -> None:
    assert leftovers.judge_leftovers("web1", []).verdict is Verdict.HOLDS
    cut = leftovers.judge_leftovers("web1", ["/var/lib/mooring/transaction.reload"])
    assert (cut.verdict, cut.places) == (Verdict.BREAKS, ("/var/lib/mooring/transaction.reload",))
    at_boot = leftovers.judge_leftovers(
        "web1", ["/var/lib/mooring/undo.zip", "/etc/systemd/system/mooring-undo.service"]
    )
    assert (at_boot.verdict, len(at_boot.places)) == (Verdict.HARMS, 2)
    both = leftovers.judge_leftovers("web1", ["/var/lib/mooring/transaction.reload", "/var/lib/mooring/undo.zip"])
    assert both.verdict is Verdict.BREAKS
    running = leftovers.judge_leftovers("web1", ["/var/lib/mooring/transaction.reload", 'lock {"pid": 7}'])
    assert (running.verdict, running.remedy) == (Verdict.HARMS, "wait for its end")


def test_files_that_nobody_read() -> None:
    assert unread.judge_unread(unread.NGINX, "nginx", []).verdict is Verdict.HOLDS
    assert unread.judge_unread(unread.NGINX, "nginx", ["stopped"]).verdict is Verdict.UNKNOWN
    assert unread.judge_unread(unread.NGINX, "nginx", ["absent"]).verdict is Verdict.BREAKS
    lost = unread.judge_unread(unread.NGINX, "nginx", ["/etc/mooring/nginx/server.conf"])
    assert (lost.verdict, lost.places) == (Verdict.HARMS, ("/etc/mooring/nginx/server.conf",))


def container(name: str, is_running: bool = True, *networks: str) -> dict[str, Any]:
    return {
        "Name": f"/{name}",
        "State": {"Running": is_running, "StartedAt": "2026-11-23T18:00:00.1Z"},
        "NetworkSettings": {"Networks": {network: {"IPAddress": "172.18.0.2"} for network in networks}},
    }


def test_what_red_hats_engine_makes_of_signatures_and_of_its_first_registry() -> None:
    """Asked of 1.13.1, 7d71120. No short name works: broken, not a warning."""
    flags = "--add-registry https://r.example.com"
    findings = {finding.rule: finding for finding in diagnose(**redhat(flags)).findings}
    assert (findings["first-registry"].verdict, findings["signatures-and-mirror"].verdict) == (
        Verdict.BREAKS,
        Verdict.HARMS,
    )
    assert "has a scheme (https://)" in findings["first-registry"].seen
    assert "host.domain[:port]" in findings["first-registry"].remedy
    assert "--signature-verification=false" in findings["signatures-and-mirror"].remedy
    assert not {"first-registry", "signatures-and-mirror"} & {finding.rule for finding in diagnose().findings}


LONE = {"r.example.com": ["me.cert"]}
NO_POLICY = {"/etc/docker/daemon.json": json.dumps(SETTINGS), "/etc/containers/policy.json": None, RECORD: "{}"}
BAD_MIRROR = "http://[::1"


@pytest.mark.parametrize(
    ("reply_fields", "rule"),
    [
        ({"settings": {"registry-mirrors": ["http://r.example.com"]}, "certificates": LONE}, "lone-certificate"),
        ({**redhat(""), "files": NO_POLICY}, "policy"),
        ({**redhat("--signature-verification=false"), "settings": {"registry-mirrors": [BAD_MIRROR]}}, "mirror"),
    ],
)
def test_what_ends_pulls_is_broken_though_the_daemon_runs(reply_fields: dict[str, Any], rule: str) -> None:
    """The doctor, `status` and `explain` say the same of it."""
    diagnosis = diagnose(**{"record": {}, **reply_fields})
    assert rule in rules(diagnosis, Verdict.BREAKS)
    assert session.exit_status([diagnosis]) == 2
    row = line(**{"record": {}, **reply_fields})
    assert (row.drift, row.do) == ("pulls fail", "invoke doctor web1")
    assert any(f"[{rule}]" in note for note in row.notes)
    assert status.exit_status([row], True) == 8
    answer = reply(**{"record": {}, **reply_fields})
    client = checkup.examine("web1", answer, ("r.example.com",))
    assert any(route.refusal for route in client.later.values())
    stream = io.StringIO()
    explained = build("web1", "r.example.com/x", reply_texts(answer))
    explanation.write_text(record(explained), stream)
    assert f"ends pulls  [{rule}]" in stream.getvalue()
    # Of the mirror that is no URL a pull by the registry's
    # own name knows nothing; the registry is a mirror itself.
    assert exit_status(explained) == (0 if rule == "mirror" else 2)
    assert exit_status(build("web1", "docker.io/library/x", reply_texts(answer))) == 2
    assert exit_status(build("web1", "docker.io/library/x", reply_texts(reply()))) == 0


NGINX_CONF = "location / {{\n  set $r http://registry:5000;\n  proxy_pass {};\n}}\n"


@pytest.mark.parametrize(
    ("registry", "nginx", "target", "findings"),
    [
        (container("r", True, "a"), container("n", True, "a"), "$r", [("nginx-upstream-name", Verdict.HOLDS)]),
        (
            container("r", True, "a"),
            container("n", True, "a"),
            "http://registry:5000",
            [("nginx-upstream-name", Verdict.HARMS)],
        ),
        (container("r", False), container("n"), "$r", [("nginx-upstream", Verdict.BREAKS)]),
        ({}, container("n"), "$r", [("nginx-upstream", Verdict.BREAKS)]),
        (
            container("r", True, "a"),
            container("n", True, "b"),
            "$r",
            [("nginx-upstream", Verdict.BREAKS), ("nginx-upstream-name", Verdict.HOLDS)],
        ),
    ],
)
def test_containers(registry: Any, nginx: Any, target: str, findings: list[tuple[str, Verdict]]) -> None:
    containers = backing.Containers(registry, nginx, NGINX_CONF.format(target))
    assert [(finding.rule, finding.verdict) for finding in backing.judge_containers(containers, "r", "n")] == findings


LIMITS = "events {{ worker_connections {0}; }}\nclient_body_timeout {1};\nsend_timeout 1m30s;\n{2}"


@pytest.mark.parametrize(
    ("configuration", "seen"),
    [
        (LIMITS.format(16384, "60s", "  limit_conn pulls 9;"), ""),
        (LIMITS.format(16384, "900s", "  limit_conn pulls 9;"), "client_body_timeout 900s"),
        (LIMITS.format(16384, "15m", "  # limit_conn pulls 9;"), "client_body_timeout 15m, no limit_conn"),
        (LIMITS.format(1024, "500ms", "limit_conn pulls 9;"), "worker_connections 1024"),
        ("limit_conn pulls 9;", "no worker_connections"),
    ],
)
def test_what_slow_requests_can_take(configuration: str, seen: str) -> None:
    finding = backing.judge_limits(configuration.replace("{ worker", "{\nworker"))
    assert finding.verdict is (Verdict.HARMS if seen else Verdict.HOLDS)
    assert finding.seen.endswith(seen)


def test_without_a_word_of_the_registry_the_configuration_says_nothing() -> None:
    containers = backing.Containers(container("r", True, "a"), container("n", True, "a"), "events {}\n")
    assert [finding.verdict for finding in backing.judge_containers(containers, "r", "n")] == [Verdict.UNKNOWN]


def test_the_file_that_nginx_was_started_with() -> None:
    assert backing.configuration_file({"Args": ["nginx", "-c", "/x.conf", "-g", "daemon off;"]}) == ["-c", "/x.conf"]
    assert backing.configuration_file({"Args": ["nginx", "-c"]}) == []
    assert backing.configuration_file({}) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("proxy_pass http://registry:5000;", ["registry:5000"]),
        ("proxy_pass http://127.0.0.1:5000;", []),
        ("proxy_pass http://$up;", []),
        ("upstream up {\n server registry:5000;\n}\nproxy_pass http://up;", ["registry:5000"]),
        ("upstream up {\n server registry:5000 resolve;\n}\nproxy_pass http://up/;", []),
        ("upstream up {\n server 192.0.2.1:5000;\n}\nproxy_pass http://up/;", []),
    ],
)
def test_names_that_nginx_looks_up_only_once(text: str, names: list[str]) -> None:
    assert list(backing.fixed_names(text)) == names


def test_exit_status_and_the_hosts_in_trouble() -> None:
    well, broken = diagnose(), diagnose(record=None)
    down, lost = session.settle("web2", Lost("no route", True)), session.settle("web3", Lost("no docker", False))
    assert session.settle("web1", well) is well
    assert [session.exit_status([well, row]) for row in (well, broken, down, lost)] == [0, 2, 4, 2]
    assert session.exit_status([down, broken]) == 4
    assert lost.as_dict()["trouble"] == "no docker"


def test_the_screen_tells_rule_place_and_remedy() -> None:
    first = diagnose(settings={**SETTINGS, "hosts": []})
    stream = io.StringIO()
    diagnosis.write_text([first, session.settle("web2", Lost("no route", True))], stream)
    text = stream.getvalue()
    assert text.startswith("web1  docker 20.10.24\n")
    assert "registry-mirrors = http://r.example.com  (/etc/docker/daemon.json:1)" in text
    assert "hosts =" not in text
    assert "broken       [flag-and-key] " in text
    assert "at /etc/docker/daemon.json:1" in text
    assert "remedy: set it in one place only" in text
    assert "web2\n  unreachable: no route" in text
    assert text.endswith("2 hosts: 3 broken, 0 warning, 0 not checked, 2 ok; 1 unreachable\n")
    assert json.loads(json.dumps(first.as_dict()))["settings"]["registry-mirrors"][0]["line"] == 1


def test_what_holds_everywhere_is_said_once() -> None:
    holds = [Finding("a", Verdict.HOLDS, "one"), Finding("a", Verdict.HOLDS, "two"), Finding("b", Verdict.HOLDS, "x")]
    wrong = Finding("b", Verdict.BREAKS, "y")
    assert merge([*holds, wrong]) == (wrong, Finding("a", Verdict.HOLDS, "one; two"))


def test_a_host_with_nothing_to_tell_is_one_line() -> None:
    well, wrong = diagnose(), diagnose(settings={**SETTINGS, "hosts": []})
    folded, unfolded = io.StringIO(), io.StringIO()
    diagnosis.write_text([well, well, wrong, well], folded)
    count = len(well.findings)
    line = f"web1  docker 20.10.24: all {count} rules hold"
    first, second, blank, *rest = folded.getvalue().splitlines()
    assert (first, second, blank, rest[0]) == (line, line, "", "web1  docker 20.10.24")
    assert rest[-4:-1] == ["", line, ""]
    assert any(line.startswith("  ok           ") and line.endswith("rules (-v shows them)") for line in rest)
    diagnosis.write_text([well], unfolded, verbosity=1)
    assert unfolded.getvalue().count("  ok           [") == count
    assert "registry-mirrors = " in unfolded.getvalue()
