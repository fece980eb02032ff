"""The action registry_client: its arguments, what it asks of the host, and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mooring.actions import registry_client
from mooring.actions.call import Reply
from mooring.errors import ArgumentError, SourceError, TemplateError
from mooring.templating.foreign_kinds import Foreign, join
from tests.support.docker_hosts import JSON
from tests.support.pem_files import make_pair
from tests.support.registry_client_calls import LOOKED, NAME, REGISTRIES, HostModules, call
from tests.support.story import Story, play

MIRRORS = [{"url": f"http://{NAME}"}]


def test_check_mode_tells_the_plan_and_asks_for_nothing_more(tmp_path: Path) -> None:
    modules = HostModules(docker_config={**LOOKED, "digests": {}})
    reply = registry_client.run(call(tmp_path, modules, True, registries=REGISTRIES, mirrors=MIRRORS))
    assert reply["changed"]
    assert list(modules.calls) == ["docker_settled", "docker_config"]
    assert [diff["after_header"] for diff in reply["diff"]] == [JSON]
    assert reply["msg"].splitlines()[0] == "2 files, a reload (docker 20.10.24)"
    assert reply["plan"]["effect"] == "reload"
    assert reply["_shown"]


def test_the_host_is_given_the_plan_and_an_empty_content(tmp_path: Path) -> None:
    done = {"changed": True, "msg": "done", "containers": {"kept": ["web"]}, "warnings": ["beware"]}
    modules = HostModules(docker_config={**LOOKED, "digests": {}}, docker_settings=done)
    reply = registry_client.run(call(tmp_path, modules, registries=REGISTRIES, deadline=60, fault="fail:locked"))
    args = modules.calls["docker_settings"]
    assert (args["seconds"], args["fault"], args["steps"][0]["then"]) == (60, "fail:locked", "reload")
    assert modules.content is not None
    assert modules.content.size == 0
    assert (reply["changed"], reply["containers"], reply["warnings"]) == (True, {"kept": ["web"]}, ["beware"])
    assert reply["msg"] == "2 files, a reload: done"


def test_what_the_host_says_of_a_failure_is_told(tmp_path: Path) -> None:
    failed = {"changed": False, "failed": True, "msg": "docker.service does not start"}
    modules = HostModules(docker_config={**LOOKED, "digests": {}}, docker_settings=failed)
    reply = registry_client.run(call(tmp_path, modules, registries=REGISTRIES))
    assert reply["failed"]
    assert not reply["changed"]
    assert reply["msg"] == "2 files, a reload: docker.service does not start"


def test_a_refusal_is_a_failure_also_in_check_mode(tmp_path: Path) -> None:
    for check in (True, False):
        modules = HostModules(docker_config={**LOOKED, "digests": {}})
        reply = registry_client.run(call(tmp_path, modules, check, registries=[{"name": NAME, "block": True}]))
        assert reply["failed"]
        assert "cannot block" in reply["msg"]
        assert list(modules.calls) == ["docker_settled", "docker_config"]


def test_where_nothing_is_to_be_done_nothing_is_shown(tmp_path: Path) -> None:
    reply = registry_client.run(call(tmp_path, HostModules(docker_config=LOOKED), state="absent"))
    assert (reply["changed"], "_shown" in reply, "diff" in reply) == (False, False, False)


MISSING: Reply = {"failed": True, "missing": True, "msg": "there is no service docker", "changed": False}


@pytest.mark.parametrize(
    ("check", "state", "words", "failed"),
    [
        (True, "present", "there is no Docker engine yet", False),
        (False, "present", "the role docker installs one", True),
        (False, "absent", "there is no Docker engine", False),
    ],
)
def test_without_an_engine(tmp_path: Path, check: bool, state: str, words: str, failed: bool) -> None:
    reply = registry_client.run(call(tmp_path, HostModules(docker_config=MISSING), check, state=state, engine="docker"))
    assert words in reply["msg"]
    assert bool(reply.get("failed")) is failed
    assert not reply["changed"]


CONTAINERS: Reply = {
    "changed": False,
    "programs": {"containerd": "containerd 1.7.24"},
    "files": {"/etc/containers/policy.json": "{}"},
    "certificates": {},
    "digests": {},
    "units": {"containerd": {"text": "x", "states": {"ActiveState": "active"}, "argv": [], "newer": []}},
    "environment": {},
    "docker": False,
}


@pytest.mark.parametrize(
    ("engine", "programs", "chosen"),
    [
        ("auto", {}, "containerd"),
        ("auto", {"podman": "5.4.2"}, "podman"),
        ("auto", {"crio": "1.30.1"}, "crio"),
        ("containerd", {"podman": "5.4.2"}, "containerd"),
    ],
)
def test_engines_other_than_dockers(tmp_path: Path, engine: str, programs: dict[str, str], chosen: str) -> None:
    looked = {**CONTAINERS, "programs": {**CONTAINERS["programs"], **programs}}
    done = {"changed": True, "msg": "done"}
    modules = HostModules(docker_config=MISSING, container_config=looked, docker_settings=done)
    reply = registry_client.run(call(tmp_path, modules, registries=REGISTRIES, engine=engine))
    assert (reply["changed"], reply["plan"]["service"]) == (True, chosen)
    args = modules.calls["docker_settings"]
    assert (args["engine"], args["service"]) == (chosen, chosen)
    assert f"/etc/mooring/registry_client.{chosen}.json" in [file["path"] for file in args["before"]]


@pytest.mark.parametrize(
    ("engine", "check", "state", "words", "failed"),
    [
        ("auto", False, "present", "there is no Docker engine on this host", True),
        ("podman", False, "present", "there is no podman on this host", True),
        ("podman", True, "present", "there is no podman yet", False),
        ("podman", False, "absent", "there is no podman on this host", False),
    ],
)
def test_without_the_other_engines(
    tmp_path: Path, engine: str, check: bool, state: str, words: str, failed: bool
) -> None:
    modules = HostModules(docker_config=MISSING, container_config={**CONTAINERS, "programs": {}})
    reply = registry_client.run(call(tmp_path, modules, check, state=state, engine=engine))
    assert words in reply["msg"]
    assert bool(reply.get("failed")) is failed


def test_a_host_that_cannot_be_looked_at_fails_with_its_reason(tmp_path: Path) -> None:
    masked = {"failed": True, "masked": True, "msg": "docker.service is masked", "changed": False}
    reply = registry_client.run(call(tmp_path, HostModules(docker_config=masked)))
    assert (reply["failed"], reply["msg"]) == (True, "docker.service is masked")


def test_files_of_the_control_side_are_read_and_secrets_not_shown(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    certificate, key = make_pair("client.example.com")
    texts = {"ca.crt": make_pair()[0], "c.pem": certificate, "k.pem": key}
    for name, text in texts.items():
        (tmp_path / "files" / name).write_text(text)
    more = [
        {"name": NAME, "ca_file": "ca.crt"},
        {"name": NAME, "certificate_file": "c.pem", "key_file": "k.pem", "search": "where-possible"},
    ]
    done = {"changed": True, "msg": "done"}
    modules = HostModules(docker_config={**LOOKED, "digests": {}}, docker_settings=done)
    reply = registry_client.run(call(tmp_path, modules, registries=more))
    files = {Path(file["path"]).name: file for file in modules.calls["docker_settings"]["steps"][0]["files"]}
    assert {name: files[name]["text"] for name in ("ca.crt", "client.cert", "client.key")} == {
        "ca.crt": texts["ca.crt"],
        "client.cert": certificate,
        "client.key": key,
    }
    assert (files["client.key"]["mode"], files["client.key"]["secret"]) == ("0600", True)
    assert texts["ca.crt"].splitlines()[1] in str(reply)
    assert key.splitlines()[1] not in str(reply)


@pytest.mark.parametrize("option", ["ca_file", "certificate_file"])
def test_a_private_key_never_goes_out_as_a_certificate(tmp_path: Path, option: str) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "k.pem").write_text(make_pair()[1])
    modules = HostModules(docker_config={**LOOKED, "digests": {}})
    with pytest.raises(ArgumentError, match="it holds a private key"):
        registry_client.run(call(tmp_path, modules, registries=[{"name": NAME, option: "k.pem"}]))
    assert not modules.calls


@pytest.mark.parametrize("option", ["ca_file", "certificate_file", "key_file"])
def test_a_host_names_no_certificate_and_no_key(tmp_path: Path, option: str) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "web1.pem").write_text(make_pair()[0])
    name = join([Foreign("web1"), ".pem"])
    with pytest.raises(TemplateError, match="text that a host sent"):
        registry_client.run(call(tmp_path, HostModules(), registries=[{"name": NAME, option: name}]))


def test_a_host_may_name_the_registry_beside_the_operators_file(tmp_path: Path) -> None:
    """What a mapping holds has its own marks: the host's name for a registry does not spoil the
    path beside it."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "own.pem").write_text(make_pair()[0])
    entry = {"name": Foreign(NAME), "ca_file": "own.pem"}
    wanted = registry_client.read_wanted(call(tmp_path, HostModules(), registries=[entry]))
    assert [(registry.name, registry.ca.startswith("-----BEGIN")) for registry in wanted.registries] == [(NAME, True)]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("{registries: [{name: 'http://a', insecure: true}]}", "a scheme would make it useless"),
        ("{registries: [{nam: a}]}", 'no argument "nam"'),
        ("{mirrors: [{url: 'm.example.com'}]}", "must be scheme://host"),
        ("{mirrors: [{url: 'http://joe:secret@m'}]}", r"\*\*\*@m"),
        ("{registries: [{name: a, ca_file: nowhere.crt}]}", "nowhere.crt"),
        ("{state: gone}", 'cannot be "gone"'),
    ],
)
def test_what_is_written_plainly_is_judged_before_any_host_is_touched(tmp_path: Path, task: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        Story(tmp_path, play(f"- copy: {{content: x, dest: {tmp_path}/touched}}\n- registry_client: {task}"))
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("registries", "words"),
    [
        ([{"name": "a", "search": "maybe"}], "search must be yes, no or where-possible"),
        (
            [{"name": "a", "search": True}, {"name": "a", "search": "where-possible"}],
            "given twice, with another search",
        ),
    ],
)
def test_what_contradicts_itself(tmp_path: Path, registries: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        registry_client.run(call(tmp_path, HostModules(), registries=registries))


def test_only_ones_own_mirror_gets_the_registry_in_front(tmp_path: Path) -> None:
    mirror_list = [
        {"url": "http://m.example.com", "registry": "ghcr.io"},
        {"url": "http://m.example.com", "registry": "docker.io"},
        {"url": "http://other.example.com", "registry": "r.example.com:5000"},
        {"url": "http://m.example.com", "registry": "r.example.com:5000"},
    ]
    request = call(tmp_path, HostModules(), mirrors=mirror_list, own_mirrors=["m.example.com"])
    paths = [mirror.path for mirror in registry_client.read_wanted(request).mirrors]
    assert paths == ["ghcr.io", "", "", "r.example.com_5000"]
