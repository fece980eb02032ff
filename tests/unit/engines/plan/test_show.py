"""A plan as people and --json are told of it."""

from __future__ import annotations

import json

from mooring.engines.plan.host import Container
from mooring.engines.plan.plan import plan
from mooring.engines.plan.show import as_dict, diffs, text
from mooring.engines.plan.wanted import Registry, Wanted
from tests.support.planned_hosts import CERTS, NAME, USUAL, WEB, carried_out, docker, redhat


def test_a_reload() -> None:
    two = Wanted((*USUAL.registries, Registry("10.0.0.0/8", insecure=True)), USUAL.mirrors)
    assert text(plan(docker("{}", containers=[WEB]), two)) == (
        "2 files, a reload (docker 20.10.24)\n"
        "  change /etc/docker/daemon.json\n"
        "  make /etc/mooring/registry_client.json\n"
        "  mirror not in effect: http://registry.example.com\n"
        "  insecure registry not in effect: registry.example.com, 10.0.0.0/8\n"
        "  reload: docker 20.10.24 takes registry-mirrors and insecure-registries over at a reload\n"
        "  in effect then: mirrors http://registry.example.com; insecure registry.example.com, 10.0.0.0/8\n"
        "  containers: are not touched (the daemon keeps running)"
    )


def test_a_restart_that_lends_live_restore() -> None:
    shown = text(plan(redhat("OPTIONS='--signature-verification=false'\n", containers=[WEB]), USUAL))
    assert (
        "  restart: Red Hat's docker 1.13.1 does not take registry-mirrors over at a reload; --add-registry is" in shown
    )
    assert "    1. /etc/docker/daemon.json, reload: so that containers survive the restart\n" in shown
    assert "    4. /etc/docker/daemon.json: the key was not there before\n" in shown
    assert "web: stay up (a reload switches live-restore on first, and off again afterwards)\n" in shown


def test_a_restart_that_stops_containers() -> None:
    host = redhat("OPTIONS='--live-restore=false --signature-verification=false'\n", containers=[WEB, Container("job")])
    shown = text(plan(host, USUAL, allow_restart=True))
    assert (
        "containers: web, job: stop (live-restore cannot be switched on for the restart: --live-restore=false is a flag"
        in shown
    )
    assert "; come back: web\n" in shown
    assert plan(host, USUAL, allow_restart=True).containers.back == ("web",)


def test_nothing_to_do() -> None:
    done = carried_out(docker(), USUAL)
    assert text(plan(done, USUAL)) == "docker 20.10.24 has all of it; there is nothing to do"


def test_files_that_the_daemon_reads_at_every_request() -> None:
    shown = text(plan(docker(), Wanted((Registry(NAME, ca="CA\n"),))))
    assert shown.splitlines()[0] == "2 files, no reload, no restart (docker 20.10.24)"
    assert "  no reload, no restart: the daemon reads these files at every request" in shown


def test_a_refusal_is_told_with_its_remedy() -> None:
    assert text(plan(docker("{,}"), USUAL)).endswith("; mend it first")


def test_the_record_and_secrets_are_not_in_the_diff() -> None:
    wanted = Wanted((Registry(NAME, ca="CA\n", certificate="CERT\n", key="KEY\n"),))
    shown = {diff["after_header"]: diff for diff in diffs(plan(docker("{}"), wanted))}
    assert shown.keys() == {f"{CERTS}/{NAME}/{name}" for name in ("ca.crt", "client.cert", "client.key")}
    assert shown[f"{CERTS}/{NAME}/ca.crt"]["after"] == "CA\n"
    assert "KEY" not in json.dumps(shown)
    changed = Wanted((Registry(NAME, ca="CA\n", certificate="CERT\n", key="OTHER\n"),))
    (key,) = diffs(plan(carried_out(docker("{}"), wanted), changed))
    assert (key["before"], key["after"]) == ("(secret, not shown)\n", "new (secret, not shown)\n")


def test_all_of_it_is_plain_data() -> None:
    shown = as_dict(plan(redhat("", containers=[WEB]), USUAL))
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["effect"], len(shown["steps"]), shown["containers"]["names"]) == ("restart", 4, ["web"])
    assert shown["in_effect_afterwards"]["added"] == [NAME]
