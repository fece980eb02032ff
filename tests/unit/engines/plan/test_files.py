"""What the planner makes of an operator's files: merged, in their own manner, and
taken back to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from mooring.engines.docker.registries import Registries
from mooring.engines.plan.host import Host
from mooring.engines.plan.plan import plan
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from tests.support.docker_hosts import JSON, SYSCONFIG
from tests.support.planned_hosts import (
    CERTS,
    NAME,
    RECORD,
    URL,
    USUAL,
    carried_out,
    docker,
    file,
    info,
    record_text,
    redhat,
)

INSECURE = Wanted((Registry(NAME, insecure=True),))
MIRROR = Wanted((), (Mirror(URL),))
ADDED = Wanted((Registry(NAME, search=True),))
OURS = f"--insecure-registry {NAME}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, f'{{\n  "registry-mirrors": [\n    "{URL}"\n  ]\n}}\n'),
        ("{}", f'{{\n  "registry-mirrors": [\n    "{URL}"\n  ]\n}}\n'),
        ("{ }\n", f'{{\n  "registry-mirrors": [\n    "{URL}"\n  ]\n}}\n'),
        ('{"debug": true}', f'{{"debug": true, "registry-mirrors": ["{URL}"]}}'),
        ('{"debug":true,"mtu":9}\n', f'{{"debug":true,"mtu":9,"registry-mirrors":["{URL}"]}}\n'),
        (
            '{\n\t"debug": true,\n\n\t"mtu": 9\n}',
            f'{{\n\t"debug": true,\n\n\t"mtu": 9,\n\t"registry-mirrors": [\n\t\t"{URL}"\n\t]\n}}',
        ),
        (
            '{\r\n    "mtu" : 9\r\n}\r\n',
            f'{{\r\n    "mtu" : 9,\r\n    "registry-mirrors" : [\r\n        "{URL}"\r\n    ]\r\n}}\r\n',
        ),
        ("{\r\n}\r\n", f'{{\r\n  "registry-mirrors": [\r\n    "{URL}"\r\n  ]\r\n}}\r\n'),
        ('{"registry-mirrors": ["http://a"], "mtu": 9}', f'{{"registry-mirrors": ["http://a", "{URL}"], "mtu": 9}}'),
        ('{"registry-mirrors": ["http://a","http://b"]}', f'{{"registry-mirrors": ["http://a","http://b","{URL}"]}}'),
        ('{"registry-mirrors": [ "http://a" ]}', f'{{"registry-mirrors": [ "http://a", "{URL}" ]}}'),
        (
            '{\n  "registry-mirrors": [\n    "http://a"\n  ],\n  "mtu": 9\n}\n',
            f'{{\n  "registry-mirrors": [\n    "http://a",\n    "{URL}"\n  ],\n  "mtu": 9\n}}\n',
        ),
        ('{"registry-mirrors": [], "mtu": 9}', f'{{"registry-mirrors": ["{URL}"], "mtu": 9}}'),
        ('{"registry-mirrors": null, "mtu": 9}', f'{{"registry-mirrors": ["{URL}"], "mtu": 9}}'),
        (f'{{"registry-mirrors": ["{URL}/"]}}', f'{{"registry-mirrors": ["{URL}/"]}}'),
        ('{"labels": ["a=é, [\\"x\\"]"]}', f'{{"labels": ["a=é, [\\"x\\"]"], "registry-mirrors": ["{URL}"]}}'),
    ],
)
def test_daemon_json_is_merged_in_its_own_manner(before: str | None, after: str) -> None:
    old = docker(before)
    new = carried_out(old, MIRROR)
    assert file(new) == after
    assert not plan(new, MIRROR).is_changed
    gone = carried_out(new, Wanted(), is_absent=True)
    assert gone.texts.files == old.texts.files


def test_what_stands_around_the_braces_stays() -> None:
    for version, before in (("26.1.5", "\ufeff{\n}\n"), ("26.1.5", '\xa0{"mtu": 9}\xa0'), ("20.10.24", "{} own")):
        old = docker(before, version)
        assert not plan(old, Wanted()).is_changed
        new = carried_out(old, MIRROR)
        assert URL in file(new)
        assert ("own" in before) is ("own" in file(new))
        assert file(carried_out(new, Wanted(), is_absent=True)) == before


def test_an_empty_file_is_taken_where_the_engine_takes_it() -> None:
    for version, text in (("23.0.0", ""), ("28.5.2", "\n"), ("20.10.24", "null\n")):
        new = carried_out(docker(text, version), MIRROR)
        assert json.loads(file(new)) == {"registry-mirrors": [URL]}
        assert file(carried_out(new, Wanted(), is_absent=True)) == text


def test_an_empty_file_that_the_engine_does_not_take_is_mended_where_it_is_written() -> None:
    assert json.loads(file(carried_out(docker("", info=info(Registries())), MIRROR))) == {"registry-mirrors": [URL]}
    (refusal,) = plan(docker("", info=info(Registries())), Wanted()).refusals
    assert "would not start with today's files already" in refusal.text
    assert "it is empty" in refusal.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "INSECURE_REGISTRY='--insecure-registry a:5000'\n",
            f"INSECURE_REGISTRY='--insecure-registry a:5000 {OURS}'\n",
        ),
        (f"INSECURE_REGISTRY={OURS.replace(' ', '=')}\n", f"INSECURE_REGISTRY={OURS.replace(' ', '=')}\n"),
        (
            f"INSECURE_REGISTRY='{OURS} --insecure-registry=a:5000'\n",
            f"INSECURE_REGISTRY='{OURS} --insecure-registry=a:5000'\n",
        ),
        (
            "# c\n  INSECURE_REGISTRY='--insecure-registry a'  \nOTHER=1\n",
            f"# c\n  INSECURE_REGISTRY='--insecure-registry a {OURS}'  \nOTHER=1\n",
        ),
        (
            "INSECURE_REGISTRY=--insecure-registry=a\n",
            f"INSECURE_REGISTRY='--insecure-registry=a {OURS}'\n",
        ),
        (
            "INSECURE_REGISTRY='--insecure-registry a'\nINSECURE_REGISTRY='--insecure-registry b'\n",
            f"INSECURE_REGISTRY='--insecure-registry a'\nINSECURE_REGISTRY='--insecure-registry b {OURS}'\n",
        ),
        (
            "INSECURE_REGISTRY='--block-registry all  --insecure-registry a'",
            f"INSECURE_REGISTRY='--block-registry all  --insecure-registry a {OURS}'",
        ),
        (
            f"INSECURE_REGISTRY='{OURS}:5000'\n",
            f"INSECURE_REGISTRY='{OURS}:5000 {OURS}'\n",
        ),
    ],
)
def test_flags_that_stand_are_added_to(before: str, after: str) -> None:
    old = redhat(before)
    new = carried_out(old, INSECURE)
    assert file(new, SYSCONFIG) == after
    assert file(new) == "{}"
    gone = carried_out(new, Wanted(), is_absent=True)
    assert gone.texts.files == old.texts.files


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("OPTIONS=''\n", f"OPTIONS=''\nADD_REGISTRY='--add-registry {NAME}'\n"),
        ("OPTIONS=''", f"OPTIONS=''\nADD_REGISTRY='--add-registry {NAME}'"),
        (
            "# ADD_REGISTRY='--add-registry x'\nA=b\n",
            f"# ADD_REGISTRY='--add-registry x'\nADD_REGISTRY='--add-registry {NAME}'\nA=b\n",
        ),
        ("#ADD_REGISTRY=''", f"#ADD_REGISTRY=''\nADD_REGISTRY='--add-registry {NAME}'"),
        ("ADD_REGISTRY=\n", f"ADD_REGISTRY='--add-registry {NAME}'\n"),
        ('ADD_REGISTRY=""\n', f'ADD_REGISTRY="--add-registry {NAME}"\n'),
        ("ADD_REGISTRY='  '\n", f"ADD_REGISTRY='--add-registry {NAME}'\n"),
        (None, f"ADD_REGISTRY='--add-registry {NAME}'\n"),
    ],
)
def test_added_registries_go_into_their_variable(before: str | None, after: str) -> None:
    old = redhat(before)
    new = carried_out(old, ADDED)
    assert file(new, SYSCONFIG) == after
    assert carried_out(new, Wanted(), is_absent=True).texts.files == old.texts.files


def test_a_flag_without_its_value_does_not_swallow_what_is_added() -> None:
    old = redhat("ADD_REGISTRY='--add-registry '\n", info={"RegistryConfig": {"IndexConfigs": {}}})
    assert file(carried_out(old, ADDED), SYSCONFIG) == f"ADD_REGISTRY='--add-registry {NAME}'\n"


@pytest.mark.parametrize(
    "value",
    [
        "'--insecure-registry a",
        "'--insecure-registry a' 'b'",
        "'--insecure-registry=a'\\",
        "'--insecure-registry=a'  # lab",
        '"--insecure-registry \\"a\\""',
    ],
)
def test_values_that_cannot_be_kept_whole_are_refused(value: str) -> None:
    outcome = plan(redhat(f"INSECURE_REGISTRY={value}\n"), INSECURE)
    assert any("cannot be edited safely" in refusal.text and SYSCONFIG in refusal.text for refusal in outcome.refusals)
    assert not outcome.steps


def test_on_red_hats_engine_insecure_registries_go_where_a_reload_takes_them_over() -> None:
    new = carried_out(redhat("OPTIONS=''\n"), USUAL)
    assert json.loads(file(new)) == {"registry-mirrors": [URL], "insecure-registries": [NAME]}
    assert file(new, SYSCONFIG) == f"OPTIONS=''\nADD_REGISTRY='--add-registry {NAME}'\n"
    next_one = Wanted((*USUAL.registries, Registry("10.0.0.0/8", insecure=True)), USUAL.mirrors)
    assert plan(new, next_one).effect.value == "reload"


def test_red_hats_engine_before_1_12_takes_insecure_registries_as_flags() -> None:
    for version, has_flag in (("1.10.3", True), ("1.11.2", True), ("1.12.6", False)):
        new = carried_out(redhat("", None, version), INSECURE)
        assert (OURS in file(new, SYSCONFIG)) is has_flag


def test_a_unit_without_the_variable_gets_the_key() -> None:
    unit = redhat().texts.unit.replace("$ADD_REGISTRY", "")
    new = carried_out(redhat(unit=unit), ADDED)
    assert json.loads(file(new)) == {"add-registry": [NAME]}
    assert file(new, SYSCONFIG) == ""


def test_a_key_of_the_operators_is_used_also_for_added_registries() -> None:
    new = carried_out(redhat("", '{"add-registry": ["a.io"]}'), ADDED)
    assert json.loads(file(new)) == {"add-registry": ["a.io", NAME]}


def test_a_key_is_emptied_and_goes_only_with_everything() -> None:
    new = carried_out(docker('{"mtu": 9}'), USUAL)
    none = carried_out(new, Wanted())
    assert json.loads(file(none)) == {"mtu": 9, "registry-mirrors": [], "insecure-registries": []}
    assert not plan(none, Wanted()).is_changed
    assert carried_out(none, Wanted(), is_absent=True).texts.files[JSON] == '{"mtu": 9}'


DOCKER_26, REDHAT_1_13 = (lambda text: docker(text, "26.1.5")), (lambda text: redhat("", text))


@pytest.mark.parametrize("before", [None, "{}\n", '{"mtu": 9}', '{"insecure-registries": [ ], "mtu": 9}'])
@pytest.mark.parametrize(
    ("make", "wanted"),
    [(DOCKER_26, INSECURE), (DOCKER_26, USUAL), (REDHAT_1_13, INSECURE), (REDHAT_1_13, ADDED), (REDHAT_1_13, USUAL)],
)
def test_what_was_removed_and_asked_for_again_goes_too(
    make: Callable[[str | None], Host], before: str | None, wanted: Wanted
) -> None:
    old = now = make(before)
    for wish in (wanted, Wanted(), wanted):
        now = carried_out(now, wish)
    assert carried_out(now, Wanted(), is_absent=True).texts.files == old.texts.files


def test_an_empty_list_that_the_operator_took_out_meanwhile_does_not_come_back() -> None:
    new = carried_out(docker('{"insecure-registries": [], "mtu": 9}'), INSECURE)
    theirs = docker('{"mtu": 9}', files={RECORD: file(new, RECORD)})
    again = carried_out(theirs, INSECURE)
    assert file(carried_out(again, Wanted(), is_absent=True)) == '{"mtu": 9}'


def test_what_the_operator_put_in_meanwhile_stays() -> None:
    new = carried_out(docker(None), USUAL)
    text = file(new).replace(f'"{URL}"', f'"{URL}", "http://theirs"')
    theirs = docker(text, files={RECORD: file(new, RECORD)})
    gone = carried_out(theirs, Wanted(), is_absent=True)
    assert json.loads(file(gone)) == {"registry-mirrors": ["http://theirs"]}
    assert gone.texts.files[RECORD] is None


def test_a_line_that_the_operator_changed_meanwhile_loses_our_entries_alone() -> None:
    new = carried_out(redhat("ADD_REGISTRY=\n"), ADDED)
    text = file(new, SYSCONFIG).replace("'--add", "'--add-registry theirs --add")
    gone = carried_out(redhat(text, files={RECORD: file(new, RECORD)}), Wanted(), is_absent=True)
    assert file(gone, SYSCONFIG) == "ADD_REGISTRY='--add-registry theirs'\n"


R5000, M1 = Wanted((Registry("r:5000", insecure=True),)), Wanted((), (Mirror("http://m:1"),))


@pytest.mark.parametrize(
    ("make", "key", "theirs", "wanted", "is_there"),
    [
        (DOCKER_26, "insecure-registries", "http://r:5000", R5000, True),
        (DOCKER_26, "insecure-registries", "HTTPS://r:5000", R5000, True),
        (DOCKER_26, "insecure-registries", "http://r:5001", R5000, False),
        (REDHAT_1_13, "insecure-registries", "http://r:5000", R5000, False),
        (DOCKER_26, "registry-mirrors", "HTTP://m:1", M1, True),
        (DOCKER_26, "registry-mirrors", "http://M:1/", M1, True),
        (DOCKER_26, "registry-mirrors", "https://m:1", M1, False),
        (REDHAT_1_13, "registry-mirrors", "m:1", Wanted((), (Mirror("https://m:1"),)), True),
    ],
)
def test_what_the_engine_takes_for_the_same_is_not_written_twice(
    make: Callable[[str | None], Host], key: str, theirs: str, wanted: Wanted, is_there: bool
) -> None:
    old = make(json.dumps({key: [theirs]}))
    assert plan(old, wanted).is_changed is not is_there
    assert len(json.loads(file(carried_out(old, wanted)))[key]) == (1 if is_there else 2)


def test_a_mirror_that_the_file_spells_otherwise_is_looked_for_as_the_daemon_shows_it() -> None:
    wanted = Wanted(R5000.registries, M1.mirrors)
    (step,) = plan(docker('{"registry-mirrors": ["HTTP://m:1/"]}', "26.1.5"), wanted).steps
    assert step.expect.present == {"mirrors": ("HTTP://m:1",), "insecure": ("r:5000",), "added": ()}


def test_an_entry_of_ours_that_is_asked_for_in_another_spelling_stays_ours() -> None:
    old = docker('{"mtu": 9}', "26.1.5")
    new = carried_out(old, Wanted((), (Mirror("http://M:1"),)))
    assert not plan(new, M1).is_changed
    both = carried_out(new, Wanted(R5000.registries, M1.mirrors))
    assert json.loads(file(both))["registry-mirrors"] == ["http://M:1"]
    assert carried_out(both, Wanted(), is_absent=True).texts.files == old.texts.files


def test_what_was_there_before_stays_the_operators() -> None:
    text = json.dumps({"registry-mirrors": [URL + "/"], "insecure-registries": [NAME]})
    outcome = plan(docker(text), USUAL)
    assert not outcome.is_changed
    assert not plan(docker(text), Wanted(), is_absent=True).is_changed


OLD_JSON = json.dumps({"registry-mirrors": [URL], "insecure-registries": [NAME]}, indent=2) + "\n"
OLD_SYSCONFIG = f"OPTIONS=''\nINSECURE_REGISTRY='{OURS}'\nADD_REGISTRY='--add-registry {NAME}'\n"


def test_a_host_of_the_role_before_is_left_as_it_is() -> None:
    debian = docker(OLD_JSON, files={RECORD: record_text(insecure_registries=[NAME], registry_mirrors=[URL])})
    assert not plan(debian, USUAL).is_changed
    record = record_text(insecure_registries=[NAME], registry_mirrors=[URL], add_registry=[NAME])
    centos = redhat(OLD_SYSCONFIG, json.dumps({"registry-mirrors": [URL]}, indent=2), files={RECORD: record})
    assert not plan(centos, USUAL).is_changed
    gone = carried_out(centos, Wanted(), is_absent=True)
    assert file(gone, SYSCONFIG) == "OPTIONS=''\nINSECURE_REGISTRY=''\nADD_REGISTRY=''\n"
    assert json.loads(file(gone)) == {}
    assert gone.texts.files[RECORD] is None
    assert json.loads(file(carried_out(debian, Wanted(), is_absent=True))) == {}


def test_what_is_no_longer_asked_for_goes() -> None:
    record = record_text(insecure_registries=["old"])
    sysconfig = "INSECURE_REGISTRY='--insecure-registry theirs --insecure-registry=old'\n"
    new = carried_out(redhat(sysconfig, files={RECORD: record}), INSECURE)
    assert file(new, SYSCONFIG) == f"INSECURE_REGISTRY='--insecure-registry theirs {OURS}'\n"
    assert json.loads(file(new, RECORD))["insecure-registries"] == [NAME]


CA = Registry(NAME, ca="CA\n", certificate="CERT\n", key="KEY\n")


def test_certificates_are_whole_files_and_need_nothing() -> None:
    outcome = plan(docker(), Wanted((CA,)))
    assert {
        change.path: (change.after, change.mode, change.secret) for change in outcome.changes if CERTS in change.path
    } == {
        f"{CERTS}/{NAME}/ca.crt": ("CA\n", "0644", False),
        f"{CERTS}/{NAME}/client.cert": ("CERT\n", "0644", False),
        f"{CERTS}/{NAME}/client.key": ("KEY\n", "0600", True),
    }
    assert outcome.effect.value == "nothing"
    assert "at every request" in outcome.reason
    new = carried_out(docker(), Wanted((CA,)))
    assert not plan(new, Wanted((CA,))).is_changed
    gone = carried_out(new, Wanted())
    assert not [path for path, text in gone.texts.files.items() if CERTS in path and text is not None]


def test_an_operators_own_authority_stays_beside_ours() -> None:
    theirs = docker(files={f"{CERTS}/{NAME}/ca.crt": "THEIRS\n"})
    wanted = Wanted((Registry(NAME, ca="CA\n"),))
    new = carried_out(theirs, wanted)
    assert file(new, f"{CERTS}/{NAME}/ca.crt") == "THEIRS\n"
    assert file(new, f"{CERTS}/{NAME}/mooring-ca.crt") == "CA\n"
    assert not plan(new, wanted).is_changed
    gone = carried_out(new, Wanted(), is_absent=True)
    assert file(gone, f"{CERTS}/{NAME}/ca.crt") == "THEIRS\n"
    assert gone.texts.files[f"{CERTS}/{NAME}/mooring-ca.crt"] is None


def test_an_authority_that_is_the_same_stays_the_operators() -> None:
    theirs = docker(files={f"{CERTS}/{NAME}/ca.crt": "CA\n"})
    assert not plan(theirs, Wanted((Registry(NAME, ca="CA\n"),))).is_changed


def test_an_authority_of_ours_is_renewed() -> None:
    new = carried_out(docker(), Wanted((Registry(NAME, ca="CA\n"),)))
    again = carried_out(new, Wanted((Registry(NAME, ca="NEW\n"),)))
    assert file(again, f"{CERTS}/{NAME}/ca.crt") == "NEW\n"
    assert f"{CERTS}/{NAME}/mooring-ca.crt" not in again.texts.files


CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
GHCR = Wanted((Registry("m.example.com", ca="CA\n"),), (Mirror("https://m.example.com", "ghcr.io"),))


def test_a_mirror_for_another_registry_is_a_hosts_file() -> None:
    new = carried_out(docker(version="28.5.2", info=CONTAINERD), GHCR)
    assert file(new, f"{CERTS}/ghcr.io/hosts.toml") == (
        'server = "https://ghcr.io"\n\n[host."https://m.example.com"]\n  capabilities = ["pull", "resolve"]\n'
        f'  ca = ["{CERTS}/m.example.com/ca.crt"]\n'
    )


def test_a_hosts_file_of_somebody_elses_is_left_alone() -> None:
    theirs = docker(version="28.5.2", info=CONTAINERD, files={f"{CERTS}/ghcr.io/hosts.toml": "server = 1\n"})
    (refusal,) = plan(theirs, GHCR).refusals
    assert "hosts.toml is not Mooring's" in refusal.text


@pytest.mark.parametrize(
    ("text", "is_flag"),
    [
        ("[registries.insecure]\nregistries = ['a:5000']\n", True),
        ("[registries.insecure]\nregistries = []\n", False),
        ("[registries.search]\nregistries = ['a:5000']\n", False),
        ("no TOML", False),
    ],
)
def test_what_registries_service_may_bring_at_a_boot_must_not_meet_the_key(text: str, is_flag: bool) -> None:
    new = carried_out(redhat("", files={"/etc/containers/registries.conf": text}), INSECURE)
    assert (OURS in file(new, SYSCONFIG)) is is_flag
    assert ("insecure-registries" in file(new)) is not is_flag


VERIFIED = Wanted((Registry("m.example.com", ca="CA\n"),), (Mirror("https://m.example.com"),))


def test_with_the_containerd_store_a_mirrors_authority_is_named_in_docker_hubs_own_file() -> None:
    own = '{"registry-mirrors": ["http://own"]}'
    new = carried_out(docker(own, "28.5.2", info=CONTAINERD), VERIFIED)
    assert file(new, f"{CERTS}/docker.io/hosts.toml") == (
        'server = "https://registry-1.docker.io"\n\n[host."http://own"]\n  capabilities = ["pull", "resolve"]\n\n'
        '[host."https://m.example.com"]\n  capabilities = ["pull", "resolve"]\n'
        f'  ca = ["{CERTS}/m.example.com/ca.crt"]\n'
    )
    assert json.loads(file(new)) == {"registry-mirrors": ["http://own", "https://m.example.com"]}


def test_a_hosts_file_stays_while_the_daemon_does_not_tell_its_store() -> None:
    new = carried_out(docker(None, "28.5.2", info=CONTAINERD), VERIFIED)
    down = replace(new, texts=replace(new.texts, info={}, argv=()), state={"ActiveState": "failed"})
    outcome = plan(down, VERIFIED)
    assert (outcome.changes, outcome.effect.value, outcome.refusals) == ((), "restart", ())


@pytest.mark.parametrize(("version", "info"), [("28.5.2", {}), ("27.5.1", CONTAINERD)])
def test_other_stores_read_the_mirrors_own_folder(version: str, info: dict[str, list[list[str]]]) -> None:
    outcome = plan(docker(None, version, info=info), VERIFIED)
    assert not any("hosts.toml" in change.path for change in outcome.changes)
    assert outcome.warnings == ()


@pytest.mark.parametrize(
    ("url", "name", "refusals"),
    [
        ("http://r.example.com", "r.example.com", ["for HTTP write http://r.example.com:80", "by HTTPS alone"]),
        ("http://r.example.com:80", "", ["for HTTP write r.example.com:80 among the insecure registries too"]),
        ("http://r.example.com:80", "r.example.com:80", []),
        ("https://r.example.com", "10.0.0.0/8", []),
    ],
)
def test_what_the_store_before_docker_28_does_not_ask_by_http(url: str, name: str, refusals: list[str]) -> None:
    wanted = Wanted((Registry(name, insecure=True),) if name else (), (Mirror(url),))
    outcome = plan(docker(None, "26.1.5", info=CONTAINERD), wanted)
    assert outcome.refusals == ()
    assert len(outcome.warnings) == len(refusals)
    assert all(text in warning for text, warning in zip(refusals, outcome.warnings, strict=True))
    assert plan(docker(None, "26.1.5"), wanted).warnings == ()
    assert plan(docker(None, "28.5.2", info=CONTAINERD), wanted).warnings == ()


@pytest.mark.parametrize("engine", [docker, redhat])
def test_no_warning_is_about_a_file_that_the_same_plan_takes_away(engine: Callable[..., Host]) -> None:
    trusted = Wanted((Registry(NAME, ca="-----BEGIN CERTIFICATE-----\n", certificate="c\n", key="k\n"),))
    before = carried_out(engine(), trusted)
    assert [warning for warning in plan(before, INSECURE).warnings if "not read" in warning] == []
    own = replace(before.texts, certificates={NAME: (*before.texts.certificates[NAME], "own.crt")})
    (warning,) = (warning for warning in plan(replace(before, texts=own), INSECURE).warnings if "not read" in warning)
    assert f"{CERTS}/{NAME}/own.crt" in warning
