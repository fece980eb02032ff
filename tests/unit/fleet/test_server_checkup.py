"""The registry's server in the fleet's table: what Docker and the registry say, what has
drifted, the JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.certificates.problems import check_certificate
from mooring.doctor import storage
from mooring.doctor.certificate import judge_served
from mooring.fleet import checkup, server_checkup, server_storage, status
from mooring.fleet.served_certificate import Served
from mooring.fleet.server_checkup import ServerCheckup
from mooring.fleet.survey import LookFailed
from mooring.records.diagnosis import Verdict
from mooring.records.fleet import Disk, Row, Service
from mooring.reporters import fleet_table
from tests.support.authority import DAY, NAME, NOW, authority, leaf
from tests.support.engine_replies import line, reply

WELL = Service("running", "healthy", 0, True)
DISK = Disk("/srv", 100 * 1024**3, 40 * 1024**3)
CA = authority(days=(-900, 900))


def served(*names: str, days: tuple[float, float] = (-1, 100.5), by: Any = CA) -> Served:
    """What comes of a certificate for these names, at NAME."""
    judgement = check_certificate([leaf(by, *names, days=days).certificate], [NAME], {"ca.crt": [CA.certificate]}, NOW)
    return Served({NAME: judgement}, {}, ("ca.crt",))


def row(server: ServerCheckup) -> Row:
    """The server's row; its engine is well."""
    plain: dict[str, Any] = {"RegistryConfig": {"Mirrors": [], "IndexConfigs": {}}}
    client = checkup.examine("web1", reply(settings=None, record=None, info=plain), ())
    return status.row("web1", (replace(client, server=server), False))


@pytest.mark.parametrize(
    ("server", "drift"),
    [
        (ServerCheckup(WELL, WELL, None, DISK), "none"),
        (ServerCheckup(WELL, WELL, served(NAME), DISK), "none"),
        (ServerCheckup(WELL, WELL, served(NAME, days=(-1, 9.5)), DISK), "none"),
        (ServerCheckup(Service(), WELL), "registry does not answer"),
        (ServerCheckup(WELL, Service("running", reason="refused")), "registry does not answer"),
        (ServerCheckup(Service("restarting", "", 7), WELL), "registry does not answer"),
        (ServerCheckup(Service("restarting", "", 7, True), WELL), "registry is restarting"),
        (ServerCheckup(Service("running", "unhealthy", 0, True), WELL), "registry is unhealthy"),
        (ServerCheckup(WELL, Service("running", "unhealthy", 0, True)), "nginx is unhealthy"),
        (ServerCheckup(WELL, WELL, served("other.example.com")), "clients refuse the certificate"),
        (ServerCheckup(WELL, WELL, served(NAME, days=(-9, -1))), "clients refuse the certificate"),
        (ServerCheckup(WELL, WELL, served(NAME, by=authority())), "clients refuse the certificate"),
        (ServerCheckup(WELL, WELL, Served({}, {NAME: "no TLS"})), "clients refuse the certificate"),
        (ServerCheckup(WELL, WELL, None, DISK, "the registry's storage /srv is full"), "storage is in trouble"),
    ],
)
def test_drift_of_a_server(server: ServerCheckup, drift: str) -> None:
    status_row = row(server)
    assert status_row.drift == drift
    assert status.exit_status([status_row], True) == (0 if drift == "none" else 8)
    assert bool(status_row.do) == (drift != "none")


def test_the_json_is_data() -> None:
    shown = json.loads(json.dumps(row(ServerCheckup(WELL, Service(), served(NAME), DISK)).as_dict()))["server"]
    assert shown["registry"] == {"state": "running", "health": "healthy", "restarts": 0, "answers": True, "reason": ""}
    assert shown["nginx"]["state"] == "absent"
    assert shown["disk"] == {"path": "/srv", "total_bytes": 100 * 1024**3, "free_bytes": 40 * 1024**3}
    certificate = shown["certificate"]
    assert certificate["not_after"] == (NOW + 100.5 * DAY).isoformat().replace("+00:00", "Z")
    assert (certificate["days_left"], certificate["names"], certificate["missing_names"], certificate["trusted"]) == (
        100,
        [NAME],
        [],
        True,
    )
    assert line().as_dict()["server"] is None


PLACE = {"name": "/srv", "repositories": 3, "trouble": "", "warning": ""}


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"wanted": {**PLACE, "trouble": "the registry's storage /srv is full: 8.0 KiB of 64.0 MiB are free"}},
        {"earlier": {**PLACE, "trouble": "the registry's storage /srv is read-only"}},
        {"earlier": None, "refusal": "/srv had repositories when it was last provisioned and has none now"},
        {"wanted": {**PLACE, "name": "/new"}, "refusal": "the registry has 3 repositories in /srv"},
        {"earlier": {**PLACE, "warning": "the registry's storage /srv is nearly full"}},
    ],
    ids=["well", "full", "read-only", "hidden", "wanted elsewhere", "nearly full"],
)
def test_status_and_the_doctor_say_the_same_of_the_storage(state: dict[str, Any]) -> None:
    """What is broken to the doctor is drift, and nothing else."""
    answer = {"wanted": PLACE, "earlier": None, "refusal": "", **state}
    finding = storage.judge_storage(answer)
    trouble = server_storage.find_trouble(answer)
    status_row = row(ServerCheckup(WELL, WELL, None, DISK, trouble))
    assert (status_row.drift == "storage is in trouble") == (finding.verdict is Verdict.BREAKS) == bool(trouble)
    assert status_row.drift == "none" or status_row.notes == (finding.seen,)
    stream = io.StringIO()
    fleet_table.write_rows([status_row], stream)
    assert ("GiB free, in trouble" in stream.getvalue()) == bool(trouble)


def test_the_table_has_a_row_for_the_server() -> None:
    stream = io.StringIO()
    late = ServerCheckup(WELL, Service("restarting", "", 3, False, "refused"), served(NAME, days=(-1, 9.5)), DISK)
    fleet_table.write_rows([row(late), line()], stream)
    text = stream.getvalue()
    assert "web1    answers   restarting  9 days left  40.0 of 100.0 GiB free" in text
    assert "nginx's container is restarting, restarted 3 times: refused" in text
    assert "expires on" in text


@pytest.mark.parametrize(
    ("text", "disk"),
    [
        ("/dev/sda1 1000 600 400 60% /var/lib", Disk("/var/lib", 1024000, 409600)),
        ("/dev/sda1 1000 600 400 60% /var/my data", Disk("/var/my data", 1024000, 409600)),
        ("", None),
        ("a b c d e f", None),
        ("/dev/sda1 1 1 " + "9" * 30 + " 1% /", None),
    ],
)
def test_what_df_says_is_data(text: str, disk: Disk | None) -> None:
    assert server_checkup.parse_disk(text) == disk


def test_what_docker_says_is_data() -> None:
    state = {"Status": "restarting", "Running": True, "Health": {"Status": "starting"}}
    text = json.dumps([{"Name": "/r", "State": state, "RestartCount": 4}])
    assert server_checkup.parse_containers(text) == {"r": Service("restarting", "starting", 4)}
    assert server_checkup.parse_containers("\n") == {}
    for wrong in ("{", "{}", '[{"Name": 1}]', json.dumps([{"Name": "/r", "State": {"Status": 1}}])):
        with pytest.raises(LookFailed):
            server_checkup.parse_containers(wrong)


def test_the_doctor_is_green_about_nothing_that_was_not_seen() -> None:
    well = list(judge_served(served(NAME)))
    assert {(finding.rule, finding.verdict) for finding in well} == {
        ("certificate-names", Verdict.HOLDS),
        ("certificate-expiry", Verdict.HOLDS),
        ("certificate-trust", Verdict.HOLDS),
    }
    gone = list(judge_served(Served({}, {NAME: "no TLS"}, ("ca.crt",))))
    assert [finding.verdict for finding in gone] == [Verdict.BREAKS, Verdict.UNKNOWN]
    soon = {finding.rule: finding.verdict for finding in judge_served(served(NAME, days=(-1, 9.5)))}
    assert soon["certificate-expiry"] is Verdict.HARMS
    over = {
        finding.rule: finding for finding in judge_served(served("other.example.com", days=(-9, -1), by=authority()))
    }
    assert {finding.verdict for finding in over.values()} == {Verdict.BREAKS}
    assert len(over) == 3
