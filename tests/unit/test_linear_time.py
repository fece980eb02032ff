"""No text of a host keeps a reader busy: twice the text takes about twice the time,
whatever its shape."""

from __future__ import annotations

import ast
import json
import multiprocessing
import re
import time
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from mooring.agent import configuration, host
from mooring.engines.docker import daemon_json, json_text
from mooring.engines.docker.engine import Engine
from mooring.transport.reply_texts import checked
from mooring.verification import access_log
from mooring.verification.engines import settings as engine_settings
from tests.support.readers import MIB, READERS, Reader, measure

ROOT = Path(__file__).parents[2]
PRELOADED = ("mooring.engines.explanation_containers", "mooring.engines.plan.plan",
             "mooring.engines.plan.containers.plan", "mooring.fleet.checkup", "mooring.transport.reply_texts",
             "mooring.reporters.console", "mooring.verification.engines.containerd")  # fmt: skip
# Far above what any of them takes, on a busy machine too.
SECONDS = 300


@pytest.fixture(scope="session")
def processes() -> Iterator[ForkServerContext]:
    """Makes processes that have Mooring imported already; a reader that hangs is
    killed with its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.readers", *PRELOADED])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        forkserver.ensure_running()
    return context


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_linear_time(processes: ForkServerContext, name: str, whole: bool) -> None:
    """By default with a part of the size and of the shapes, so that all readers take seconds."""
    part = 1.0 if whole else READERS[name].part
    answers, end = processes.Pipe(duplex=False)
    process = processes.Process(target=measure, args=(name, part, end), daemon=True)
    process.start()
    end.close()
    try:
        assert listen(answers, 1800 if whole else SECONDS) == []
    finally:
        process.kill()
        process.join()


def listen(answers: Connection, seconds: float) -> list[str]:
    """What the reader was too slow for."""
    ends, last, slow = time.monotonic() + seconds, "none", []
    while answers.poll(max(0.0, ends - time.monotonic())):
        answer = answers.recv()
        if answer is None:
            return slow
        last, trouble = answer
        slow += [trouble] if trouble else []
    return pytest.fail(f"not done after {seconds} s; the last shape that was done: {last}")


def test_a_reader_that_goes_back_and_forth_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the part of the size that is read by default."""
    reader = Reader(lambda text: sum(range(len(text) ** 3 // 10_000_000)), size=5 * MIB)
    monkeypatch.setitem(READERS, "careless", reader)
    answers, end = multiprocessing.Pipe(duplex=False)
    monkeypatch.setattr("tests.support.readers.UNITS", ["a"])
    monkeypatch.setattr("tests.support.readers.LONG_UNITS", [])
    monkeypatch.setattr("tests.support.readers.SHARE", 1)
    measure("careless", reader.part, end)
    [trouble] = listen(answers, SECONDS)
    assert "'a' * n" in trouble


# Which readers above go through a file's expressions and
# parsers; a folder's holds for all of its files.
READ_BY = {
    "mooring/engines": ("daemon.json", "daemon.json of 28", "daemon.json of Red Hat",
                       "reply", "reply of Red Hat's", "unit", "unit's command", "argv", "version", "sysconfig",
                       "registries.conf of the service", "flags of the service", "policy", "podman", "crio",
                       "containerd", "hosts.toml", "buildkit"),
    "mooring/engines/plan": ("daemon.json, planned", "record, planned", "podman, planned", "containerd, planned"),
    "mooring/fleet/checkup.py": ("record",),
    "mooring/reporters": ("screen",),
    "mooring/verification/access_log.py": ("access log",),
    "mooring/verification/engines/settings.py": ("docker info",),
    "mooring/verification/engines/containerd.py": ("containerd's dump", "crictl info", "hosts.toml of a check"),
    "mooring/verification/engines/cri.py": ("crictl info",),
    "mooring/verification/engines/podman.py": ("crictl info",),
    "mooring/doctor/backing.py": ("nginx -T",),
    "mooring/doctor/mirror.py": ("gate's log",),
    "mooring/fleet/etc_hosts.py": ("hosts",),
    "mooring/service/image_names.py": ("image name",),
    "mooring/transport/connection/become.py": ("sudo",),
    "mooring/agent/modules/docker_config.py": ("agent: unit's files",),
    "mooring/agent/modules/container_config.py": ("agent: imports", "agent: config_path"),
    "mooring/agent/host.py": ("agent: os-release",),
    "mooring/agent/dpkg.py": ("agent: apt policy",),
    "mooring/agent/packages.py": ("agent: package manager's trouble",),
    "mooring/agent/rpm.py": ("agent: rpm's trouble",),
    "mooring/agent/transaction": ("agent: daemon's log",),
    "mooring/agent/services.py": ("agent: systemctl show",),
}  # fmt: skip
# What reads no text of a host: the operator's own files, options and expressions.
OPERATORS = {
    "mooring/actions/mirror_settings.py", "mooring/templating/mirror_names.py",
    "mooring/templating/mirror_upstreams.py",
    "mooring/agent/edits.py", "mooring/agent/modes.py",
    "mooring/agent/modules/blockinfile.py",
    "mooring/agent/modules/lineinfile.py", "mooring/agent/modules/wait_for.py",
    "mooring/playbook/ansible_modules.py", "mooring/playbook/arguments.py", "mooring/playbook/key_values.py",
    "mooring/cli/ansible_cfg.py", "mooring/cli/settings.py", "mooring/cli/mistyped.py",
    "mooring/files/remedies.py", "mooring/templating/jinja/mistakes.py",
    "mooring/files/composing.py", "mooring/transport/connection/config_lines.py",
    "mooring/templating/conversion.py", "mooring/templating/filters.py", "mooring/inventory/yaml_file.py",
    "mooring/inventory/patterns.py", "mooring/inventory/ini_file.py", "mooring/inventory/ini_values.py",
    "mooring/inventory/script.py", "mooring/inventory/sources.py",
    "mooring/templating/jinja_tests.py", "mooring/templating/regex_filters.py",
    "mooring/playbook/roles.py", "mooring/service/lock_file.py",
    "mooring/files/nodes.py", "mooring/run/retry.py",
    "mooring/files/scalars.py", "mooring/source.py", "mooring/templating/templar.py", "mooring/inventory/group_vars.py",
}  # fmt: skip
# What is read is short, or is bounded where it comes in.
SHORT = {
    "mooring/agent/accounts.py": "a password's hash",
    "mooring/agent/boot.py": "the bundle, from the control machine",
    "mooring/agent/distribution.py": "values of os-release, and release files of the distribution",
    "mooring/agent/docker.py": "answers of the host's own engine, as JSON",
    "mooring/agent/docker_archive.py": "manifests in an archive of the operator's",
    "mooring/agent/docker_crash.py": "lines of a container's log, cut before",
    "mooring/agent/registry_answers.py": "headers and errors of registries, cut before",
    "mooring/agent/registry_source.py": "headers and tokens of registries, one class of characters, bounded",
    "mooring/agent/registry_spool.py": "names of our own files",
    "mooring/agent/registry_uploads.py": "a header, which the library bounds",
    "mooring/agent/registry_places.py": "lines of a registry's configuration, by expressions that begin with them",
    "mooring/agent/modules/registry_storage.py": "the role's own note, as JSON",
    "mooring/records/causes.py": "findings, cut before",
    "mooring/agent/docker_values.py": "values of the engine's settings, one by one",
    "mooring/agent/facts.py": "what the kernel writes",
    "mooring/agent/modules/get_url.py": "a header, which the library bounds",
    "mooring/agent/modules/uri.py": "a header, which the library bounds; a body as JSON",
    "mooring/agent/network.py": "names of network devices",
    "mooring/agent/versions.py": "versions",
    "mooring/agent/wire.py": "frames, bounded there",
    "mooring/agent/modules/registry_probe.py": "the first line of an answer, bounded there",
    "mooring/agent/text.py": "single characters",
    "mooring/agent/urls.py": "single characters of a URL",
    "mooring/certificates/names.py": "names of a certificate, which TLS bounds, one by one",
    "mooring/templating/truth.py": "a condition's value, one class of characters",
    "mooring/templating/foreign_kinds.py": "one name, of one class of characters",
    "mooring/templating/jinja/formats.py": "a format, piece by piece: each begins where the last one ended",
    "mooring/templating/sizes.py": "a format, by expressions in which no class overlaps with what ends it",
    "mooring/transport/messages.py": "frames, bounded where they come in, as JSON",
    "mooring/run/play_scope.py": "names of variables",
    "mooring/registry/answers.py": "answers of a registry, bounded where they come in",
    "mooring/agent/image_lists/by_cri.py": "answers of the host's own runtime, as JSON",
    "mooring/agent/image_lists/by_podman.py": "answers of the host's own podman, as JSON",
    "mooring/registry/mirror_chain.py": "single characters of an image's name",
    "mooring/registry/names.py": "one name of a registry's, bounded",
    "mooring/registry/tokens.py": "a challenge, cut off, parameter by parameter: each begins where the last one ended",
    "mooring/service/budget.py": "a header, cut off",
    "mooring/service/bundle.py": "the operator's bundle, bounded where it is read, as JSON",
    "mooring/service/manifests.py": "manifests, bounded where they come in, as JSON",
    "mooring/transport/reply_shapes.py": "replies, bounded where they come in, as JSON",
    "mooring/templating/variables.py": "names of variables",
}
PARSERS = {"re", "difflib", "tomlkit", "yaml"}


def readers_of(name: str) -> set[str]:
    return {reader for place, readers in READ_BY.items() if f"{name}/".startswith(f"{place}/") for reader in readers}


def parses(path: Path) -> bool:
    """Whether the file has expressions or parsers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if PARSERS & {name.split(".")[0] for name in names} or "json_text" in names:
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("json.loads", "json.load"):
            return True
    return False


def test_every_file_that_takes_text_apart_is_measured_or_reads_no_hosts() -> None:
    files = {str(path.relative_to(ROOT)): path for path in (ROOT / "mooring").rglob("*.py")}
    unknown = {
        name for name, path in files.items()
        if parses(path) and not readers_of(name) and name not in OPERATORS and name not in SHORT
    }  # fmt: skip
    assert not unknown, "add a reader to tests/support/readers.py, or say here whose text it is"
    assert not {name for name in OPERATORS | set(SHORT) if name not in files or not parses(files[name])}
    assert {reader for readers in READ_BY.values() for reader in readers} == set(READERS)


@pytest.mark.parametrize("kind", ["roles", "playbooks"])
def test_no_expression_of_a_role_goes_over_a_whole_text(kind: str) -> None:
    """But for a repository file that the role rewrites, by expressions that begin with their line;
    the other expressions are of one class of characters, from a value's beginning to its end, or go
    over the operator's names."""
    allowed = {"roles/docker/tasks/vault.yml", "roles/docker/tasks/main.yml", "roles/registry/tasks/main.yml",
               "roles/nginx/tasks/main.yml", "roles/nginx/vars/main.yml", "roles/nginx/templates/mirror.conf.j2",
               "roles/hosts_file/defaults/main.yml", "roles/mirror/tasks/main.yml", "roles/mirror/tasks/leftovers.yml",
               "roles/mirror/vars/main.yml", "roles/registry_v1/tasks/present.yml",
               "roles/server_removal/tasks/data.yml"}  # fmt: skip
    used = {
        str(path.relative_to(ROOT)) for path in (ROOT / kind).rglob("*") if path.is_file()
        and re.search(r"regex_(search|replace|findall)|is (match|search|regex)\b", path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert used <= allowed


@pytest.mark.parametrize("unit", ["\n", " ", "a", "mirrorlist=", "#", "baseurl=https://"])
def test_a_repository_file_is_rewritten_in_linear_time(unit: str) -> None:
    text = unit * (5_000_000 // len(unit))
    began = time.process_time()
    for pattern in (
        r"(?m)^(mirrorlist=.*mirrorlist\.centos\.org)",
        r"(?m)^#?[ \t]*baseurl=https?://mirror\.centos\.org",
    ):
        assert pattern in (ROOT / "roles/docker/tasks/vault.yml").read_text(encoding="utf-8")
        re.sub(pattern, "", text)
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        ({"files": {"/etc/docker/daemon.json": "x" * 200_000}}, "/etc/docker/daemon.json has 200000 characters"),
        ({"files": {f"/etc/{number}": "x" * 100_000 for number in range(6)}}, "600000 characters in all"),
        ({"files": {f"/etc/{number}": "" for number in range(2000)}}, "files; at most 1000"),
        ({"unit": "x" * 70_000}, "the unit has 70000 characters"),
        ({"argv": ["x"] * 70_000}, "the engine's command line has"),
        ({"units": {"crio": {"text": "x" * 70_000}}}, "the unit has 70000 characters"),
        ({"certificates": {"a": ["x" * 70_000]}}, "the list of certificates has"),
        ({"certificates": {"/etc": {"a": ["x" * 70_000]}}}, "the list of certificates has"),
        ({"certificates": {f"{number}.example.com": ["ca.crt"] for number in range(5000)}}, "the list of certificates"),
        ({"info": {"Registries": ["x"] * 70_000}}, "what the engine says of itself has"),
        ({"info": {"RegistryConfig": {"IndexConfigs": {"x" * 70_000: {}, "y" * 70_000: {}}}}}, "what the engine says"),
        ({"programs": {"podman": "x" * 70_000}}, "a program's version has"),
    ],
)
def test_what_is_too_large_is_refused_with_its_name(reply: dict[str, Any], name: str) -> None:
    assert name in checked(reply)["msg"]
    assert checked(reply)["failed"]


def test_honest_texts_pass() -> None:
    reply = {"files": {"/etc/docker/daemon.json": "{}", "/etc/docker/certs.d/r/ca.crt": "x" * 1_000_000, "/x": None},
             "unit": "[Service]\n", "argv": ["dockerd"], "certificates": {"r": ["ca.crt"]}}  # fmt: skip
    assert checked(reply) is reply
    assert checked({"failed": True, "msg": "no"})["msg"] == "no"


def test_the_host_refuses_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_text("x" * 200_000)
    with pytest.raises(host.Failed, match="is too large for an engine"):
        configuration.read(str(path))
    with pytest.raises(host.Failed, match="what systemctl shows is"):
        configuration.check("what systemctl shows", "x" * 70_000)
    path.write_text("{}")
    assert configuration.read(str(path)) == "{}"
    assert configuration.read(str(tmp_path / "other")) is None


@pytest.mark.parametrize("text", ['{"a":' * 50_000, "[" * 50_000, '{"a":' * 100 + "1" + "}" * 100])
def test_deep_json_is_an_error_with_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"deeply|Expecting"):
        json_text.loads(text)
    assert "it is not JSON" in daemon_json.parse(text, "x", Engine("docker", (20, 10, 24))).error


def test_the_texts_of_lists_and_logs_mean_what_they_meant() -> None:
    request = {"address": "192.0.2.1", "method": "GET", "uri": "/v2/a/manifests/b", "status": 200}
    line = json.dumps({**request, "host": "a", "digest": "", "served_by": "own", "bytes": 5})
    assert access_log.parse([line, "notice", "{", ""]) == [
        access_log.LoggedRequest(**request, host="a", served_by="own")  # type: ignore[arg-type]
    ]
    text = "x\n Registries: docker.io (secure), r.example.com:5000 (insecure)\n"
    assert engine_settings.added_registries({}, text) == ["docker.io", "r.example.com:5000"]
