"""The doctor's rules about nginx, against a server that keeps them and against ones that do not."""

from __future__ import annotations

import socket

import pytest

from mooring.doctor.finding import merge
from mooring.doctor.nginx_probe import CHUNKS, UPLOAD_RULES, NginxProbe, examine
from mooring.records.diagnosis import Finding, Verdict
from mooring.registry.transport import Endpoint
from tests.support.nginx_server import NginxServer, serve_nginx

RULES = {"nginx-answers", "nginx-api-version", "nginx-v1", "nginx-delete", "nginx-other-names"}


def probe_of(server: NginxServer, **more: bool) -> NginxProbe:
    endpoint = Endpoint("registry.example.com", 80)
    return NginxProbe(endpoint, lambda: socket.create_connection(server.server_address[:2]), "x", **more)  # type: ignore[arg-type]


def examined(server: NginxServer, **more: bool) -> dict[str, Finding]:
    probe = probe_of(server, **more)
    findings = merge(examine(probe))
    assert probe.cancel_uploads() == []
    return {finding.rule: finding for finding in findings}


def test_an_nginx_that_keeps_all_rules_and_keeps_nothing_of_ours() -> None:
    with serve_nginx() as server:
        findings = examined(server)
        assert server.uploads == {}
        assert server.count == 4
    assert {finding.verdict for finding in findings.values()} == {Verdict.HOLDS}
    assert set(findings) == {*RULES, *UPLOAD_RULES}
    assert sum(map(len, CHUNKS)) > 1024 * 1024


def test_addresses_without_a_host_stay_where_they_are() -> None:
    with serve_nginx("relative") as server:
        assert {finding.verdict for finding in examined(server).values()} == {Verdict.HOLDS}


@pytest.mark.parametrize(
    ("fault", "rule", "seen", "remedy"),
    [
        ("version twice", "nginx-api-version", "is there 2 times", "add_header"),
        ("version not on errors", "nginx-api-version", "an unknown manifest (404)", "always"),
        ("port", "nginx-location-port", "are sent to http://registry.example.com", "$http_host"),
        ("forwarded", "nginx-forwarded", "https://elsewhere.example.com", 'Forwarded ""'),
        ("forwarded scheme", "nginx-forwarded", "https://registry.example.com", "Forwarded"),
        ("echo", "nginx-other-names", "sends uploads to http://registry.example.com:80@elsewhere", "$host"),
        ("body size", "nginx-body-size", "answers 413 to a chunked upload of 3 MiB", "client_max_body_size 0"),
    ],
)
def test_one_rule_broken(fault: str, rule: str, seen: str, remedy: str) -> None:
    with serve_nginx(fault) as server:
        findings = examined(server)
        assert server.uploads == {}
    assert [finding.rule for finding in findings.values() if finding.verdict is not Verdict.HOLDS] == [rule]
    assert findings[rule].verdict is Verdict.BREAKS
    assert seen in findings[rule].seen
    assert remedy in findings[rule].remedy


def test_an_open_old_api_is_a_warning() -> None:
    with serve_nginx("v1") as server:
        assert examined(server)["nginx-v1"].verdict is Verdict.HARMS


@pytest.mark.parametrize(
    ("fault", "rule", "seen", "choice"),
    [
        ("delete", "nginx-delete", "anybody may delete images", "allows_delete"),
        ("other names", "nginx-other-names", "to the name elsewhere.example.com too", "serves_others"),
    ],
)
def test_what_is_open_to_everybody_is_a_warning_unless_chosen(fault: str, rule: str, seen: str, choice: str) -> None:
    with serve_nginx(fault) as server:
        finding = examined(server)[rule]
        assert examined(server, **{choice: True})[rule].verdict is Verdict.HOLDS
        assert server.uploads == {}
    assert finding.verdict is Verdict.HARMS
    assert seen in finding.seen
    assert "return 4" in finding.remedy


def test_behind_another_proxy_its_word_on_the_scheme_counts() -> None:
    with serve_nginx("forwarded scheme") as server:
        assert examined(server, sends_scheme=True)["nginx-forwarded"].verdict is Verdict.HOLDS


def test_where_a_login_is_wanted_uploads_are_not_tried() -> None:
    with serve_nginx("login") as server:
        findings = examined(server)
    assert {rule for rule, finding in findings.items() if finding.verdict is Verdict.UNKNOWN} == set(UPLOAD_RULES)
    assert findings["nginx-answers"].verdict is Verdict.HOLDS


def test_no_registry_behind_and_no_nginx_at_all() -> None:
    with serve_nginx("502") as server:
        assert "answers 502" in examined(server)["nginx-answers"].seen
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        probe = NginxProbe(Endpoint("r", 80), lambda: socket.create_connection(closed.getsockname()), "x")
        (only,) = examine(probe)
    assert (only.rule, only.verdict) == ("nginx-answers", Verdict.BREAKS)
    assert "refused" in only.seen
