"""Every reader of a host's text, and texts that keep a careless one busy; measured in a
process of its own."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

KIB, MIB = 1024, 1024 * 1024
SLACK = 0.3
# By default a reader gets one in so many units,
# and its neighbours in the list the other ones.
SHARE = 3
# What makes expressions go back and forth, and what makes lists long; %d is a number.
UNITS = [
    "a", "0", "\n", " ", "\t", '"', "'", "\\", "#", "[", "{", "=", "-", ".", ":", ",", "/", "<", "$", "&a ", "\r\n",
    " \n", "\\\n", "#\n", "a b ", "a.", "--a ", "-D", '\\"', "[a]\n", "[[a]]\n", "[a.", "a=1\n", "k%d=1\n",
    "k%d = 1\n", "--k%d v%d ", "Environment=k%d=v\n", "[k%d]\nx=1\n", "'a'", '"a" ',
]  # fmt: skip
LONG_UNITS = [
    "config_path = 'a'\n",
    "ExecStart=/usr/bin/dockerd\n",
    "EnvironmentFile=-/etc/k%d\n",
    "${a} ",
    "x: *a\n",
]


def text(unit: str, size: int) -> str:
    """The unit again and again, up to the size."""
    if "%d" in unit:
        count = size // (len(unit) + 2)
        return "".join(unit.replace("%d", str(number)) for number in range(count))
    return unit * (size // len(unit))


def shapes(size: int, frames: tuple[tuple[str, str], ...], start: int | None = None) -> Iterator[tuple[str, str]]:
    """Each unit in each frame; with a start every third unit from that one on, in a frame each."""
    units = list(enumerate([*UNITS, *LONG_UNITS]))
    for turn, (before, after) in enumerate(frames):
        for number, unit in units if start is None else units[start % SHARE :: SHARE]:
            if start is not None and number // SHARE % len(frames) != turn:
                continue
            yield f"{before!r} + {unit!r} * n + {after!r}", before + text(unit, size) + after


def json_lists(size: int) -> Iterator[tuple[str, str]]:
    """daemon.json with long lists, many keys, and depth."""
    many = [f"h{number}.example.com:5000" for number in range(size // 24)]
    for key in ("insecure-registries", "add-registry", "block-registry"):
        yield f"many {key}", json.dumps({key: many})
    yield "many mirrors", json.dumps({"registry-mirrors": [f"http://{host}" for host in many]})
    yield "one entry often", json.dumps({"insecure-registries": ["registry.example.com"] * (size // 24)})
    yield "one mirror often", json.dumps({"registry-mirrors": ["http://registry.example.com"] * (size // 32)})
    yield "bad entries", json.dumps({"insecure-registries": [f"-h {number}" for number in range(size // 16)]})
    yield "many labels", json.dumps({"labels": [f"a={number}" for number in range(size // 14)]})
    yield "many hosts", json.dumps({"hosts": [f"tcp://a:{number}" for number in range(size // 16)]})
    yield "many keys", json.dumps({f"k{number}": number for number in range(size // 16)})
    yield "inner keys", json.dumps({"x": {f"k{number}": [number] for number in range(size // 16)}})
    yield "many runtimes", json.dumps({"runtimes": {f"r{number}": {"path": "x"} for number in range(size // 24)}})
    yield "one key often", "{" + ",".join(f'"labels": ["{number}"]' for number in range(size // 22)) + "}"
    yield "keys often", "{" + ",".join(f'"k{number % 999}": 1' for number in range(size // 12)) + "}"
    yield "depth", '{"a":' * (size // 5)
    yield "depth of lists", '{"a":' + "[" * size
    yield "a number", '{"mtu": ' + "9" * size + "}"
    yield "a long value", json.dumps({"bip": "1." * (size // 2), "insecure-registries": ["a." * (size // 2)]})
    yield "blanks", '{"registry-mirrors"' + " " * size + ": []}"
    yield "blanks in a list", '{"registry-mirrors": ["x"' + "\n" * size + "]}"


def pairs_of_lists(size: int) -> Iterator[tuple[str, str]]:
    """What is long in two places of a reply at once, half of the size in each."""
    count = size // 32
    networks = [f"10.{number // 256}.{number % 256}.0/24" for number in range(count)]
    addresses = [f"11.{number // 256}.{number % 256}.1" for number in range(count)]
    names = [f"h{number}.example.com" for number in range(count)]
    urls = [f"http://{name}" for name in names]
    file, record = "/etc/docker/daemon.json", "/etc/mooring/registry_client.json"
    config = {"Mirrors": urls, "InsecureRegistryCIDRs": networks, "IndexConfigs": {key: {} for key in addresses}}
    info = {"RegistryConfig": config, "Registries": names}
    yield (
        "networks and added",
        json.dumps({"files": {file: json.dumps({"insecure-registries": networks, "add-registry": addresses})}}),
    )
    yield (
        "insecure and added",
        json.dumps({"files": {file: json.dumps({"insecure-registries": names, "add-registry": addresses})}}),
    )
    yield (
        "blocked and added",
        json.dumps({"files": {file: json.dumps({"block-registry": addresses, "add-registry": names})}}),
    )
    yield (
        "blocked and mirrors",
        json.dumps({"files": {file: json.dumps({"block-registry": addresses, "registry-mirrors": urls})}}),
    )
    yield "blocked and running", json.dumps({"files": {file: json.dumps({"block-registry": addresses})}, "info": info})
    yield (
        "a record and running",
        json.dumps({"files": {record: json.dumps({"registry-mirrors": [f"{url}:1" for url in urls]})}, "info": info}),
    )
    for name in ("ca.crt", "client.key", "hosts.toml"):
        certificates = {address: [name] for address in addresses}
        yield (
            f"insecure and {name}",
            json.dumps({"files": {file: json.dumps({"insecure-registries": networks})}, "certificates": certificates}),
        )
        yield (
            f"names and {name}",
            json.dumps({"files": {file: json.dumps({"insecure-registries": names})}, "certificates": certificates}),
        )
    yield "lone keys", json.dumps({"certificates": {"a": [f"{number}.key" for number in range(size // 12)]}})


def toml_lists(size: int) -> Iterator[tuple[str, str]]:
    hosts = [f"h{number}.example.com" for number in range(size // 64)]
    yield "registries", "".join(f'[[registry]]\nprefix = "{host}"\nlocation = "{host}"\n' for host in hosts)
    yield (
        "mirrors",
        '[[registry]]\nprefix = "a.example.com"\n'
        + "".join(f'[[registry.mirror]]\nlocation = "{host}"\n' for host in hosts),
    )
    yield (
        "old lists",
        f"[registries.insecure]\nregistries = {json.dumps(hosts)}\n[registries.search]\nregistries = []\n",
    )
    yield "search", f"unqualified-search-registries = {json.dumps(hosts)}\n"
    yield "aliases", "[aliases]\n" + "".join(f'"a{number}" = "{host}/x"\n' for number, host in enumerate(hosts))
    yield "hosts", "".join(f'[host."https://{host}"]\n' for host in hosts)
    yield "imports", f"version = 2\nimports = {json.dumps([f'/etc/{host}' for host in hosts])}\n"
    yield (
        "containerd's mirrors",
        "version = 2\n"
        + "".join(
            f'[plugins."io.containerd.grpc.v1.cri".registry.mirrors."{host}"]\nendpoint = ["http://{host}"]\n'
            for host in hosts
        ),
    )
    yield "depth", "a = " + "[" * size
    yield "tables in lines", "a = " + "{a=" * (size // 3)
    yield "dots", "a." * (size // 2) + "a = 1\n"
    yield "dots in a table", "[" + "a." * (size // 2) + "a]\n"
    yield "a long text", 'a = "' + "x" * size + '"\n'
    yield "an open text", 'a = """' + "x\n" * (size // 2)
    yield "escapes", 'a = "' + '\\"' * (size // 2) + '"\n'
    yield "yaml", "registries:\n" + "- a.example.com\n" * (size // 16)
    yield (
        "a bomb",
        "a0: &a0 [x, x]\n"
        + "".join(
            f"a{at}: &a{at} {{<<: [*a{at - 1}, *a{at - 1}], k{at}: 1}}\n" if at > 1 else "a1: &a1 {k: 1}\n"
            for at in range(1, size // 40)
        ),
    )
    yield "an open list", "registries: " + "[" * size


def called(path: str) -> Callable[..., Any]:
    """The function of a module, as `module:function`; imported when it is called."""
    module, _, name = path.partition(":")
    return lambda *args: getattr(importlib.import_module(module), name)(*args)


def docker(
    path: str, version: str = "20.10.24", is_redhat: bool = False, is_planned: bool = False
) -> Callable[[str], Any]:
    """A whole host with the text in one place, explained, or planned for as well."""

    def run(text: str) -> Any:
        from mooring.engines.docker.reply import texts_of
        from mooring.engines.plan.host import Container, Host
        from mooring.engines.plan.plan import plan
        from mooring.engines.plan.wanted import Mirror, Registry, Wanted
        from mooring.fleet import checkup
        from mooring.transport.reply_texts import checked
        from tests.support.docker_hosts import DEBIAN_UNIT, OLD_REDHAT_UNIT

        unit = OLD_REDHAT_UNIT if is_redhat else DEBIAN_UNIT
        reply = {
            "unit": f"{unit}{text}" if path == "unit" else unit,
            "files": {"/etc/docker/daemon.json": None, path: text},
            "certificates": {},
            "argv": ["/usr/bin/dockerd", *(text.split(" ") if path == "argv" else ())],
            "info": {"RegistryConfig": {"Mirrors": [], "IndexConfigs": {}, "InsecureRegistryCIDRs": []}},
            "version": text if path == "version" else version,
            "needs_reload": False, "containers": [], "error": "", "digests": {},
            "state": {"LoadState": "loaded", "UnitFileState": "enabled"},
            "registries_service": {"LoadState": "loaded", "UnitFileState": "enabled"},
        }  # fmt: skip
        if path == "reply":
            reply = {**reply, "files": {}, **json.loads(text)}
        if checked(reply).get("failed"):
            return
        checkup.examine("web1", reply, ("registry.example.com",))
        wanted = Wanted((Registry("registry.example.com", insecure=True),), (Mirror("http://registry.example.com"),))
        for is_removal in (False, True) if is_planned else ():
            host = Host(texts_of(reply), (Container("web", "always"),), reply["state"], {}, "")
            plan(host, Wanted() if is_removal else wanted, True, is_removal)

    return run


def other(path: str, program: str, is_planned: bool = False) -> Callable[[str], Any]:
    """The same of podman, containerd and their like."""

    def run(text: str) -> Any:
        from mooring.engines.explanation_containers import texts_of
        from mooring.engines.plan.containers.host import ContainerHost, record_path
        from mooring.engines.plan.containers.plan import plan
        from mooring.engines.plan.wanted import Mirror, Registry, Wanted
        from mooring.fleet import checkup
        from mooring.transport.reply_texts import checked

        reply = {
            "programs": {program: f"{program} version 5.4.2" if program == "podman" else f"{program} 2.1.9"},
            "files": {path: text}, "certificates": {"/etc/containerd/certs.d": {"a.example.com": ["hosts.toml"]}},
            "units": {}, "environment": {}, "docker": False, "digests": {},
        }  # fmt: skip
        if checked(reply).get("failed"):
            return
        name = "buildkit" if program == "buildkitd" else program
        checkup.examine_containers("web1", reply, ("registry.example.com",), name)
        if is_planned:
            wanted = Wanted((Registry("registry.example.com", insecure=True),), (Mirror("http://m.example.com"),))
            host = ContainerHost(name, texts_of(reply), {}, record_path("/etc/mooring/registry_client.json", name))
            for is_removal in (False, True):
                plan(host, Wanted() if is_removal else wanted, is_removal)

    return run


NO_FRAME = (("", ""),)
CONFIGURATION = 128 * KIB


class Reader:
    """`run` takes a text; `size` is how much of it is read at most (characters)."""

    def __init__(
        self, run: Callable[[str], Any], size: int = 5 * MIB, frames: tuple[tuple[str, str], ...] = NO_FRAME,
        lists: Callable[[int], Iterator[tuple[str, str]]] | None = None,
    ) -> None:  # fmt: skip
        self.run, self.size, self.frames, self.lists = run, size, frames, lists

    @property
    def part(self) -> float:
        """How much of the size is enough to see a reader that goes back and forth."""
        return 0.06 if self.size <= CONFIGURATION else 0.02

    def texts(self, size: int, start: int | None = None) -> Iterator[tuple[str, str]]:
        """All shapes; with a start the reader's share of the units."""
        yield from shapes(size, self.frames, start)
        if self.lists:
            yield from self.lists(size)


def lines_of(path: str) -> Callable[[str], Any]:
    """A function that takes lines."""
    return lambda text: called(path)(text.splitlines())


def shown(text: str) -> None:
    import io

    from mooring.reporters.console import Console
    from mooring.results import Outcome, Result, TaskFinished

    diff = ({"before": text[: len(text) // 2], "after": text[len(text) // 2 :]},)
    values = {"rc": 1, "stdout": text, "stderr": text}
    result = Result("web1", "T", Outcome.FAILED, values, message=text, diff=diff, traceback=text)
    Console(io.StringIO(), diff=True).handle(TaskFinished(result))


def name_of_image(text: str) -> None:
    """All that is asked of the name, the digest and the platform that a host says of an image."""
    from mooring.service import image_names

    for function in (image_names.explain_name, image_names.is_registry, image_names.is_digest, image_names.is_platform):
        function(text)


def budget_of_line(text: str) -> None:
    """The line of the gate's log in which an upstream last told its limit."""
    from datetime import datetime, timezone

    from mooring.doctor.mirror import judge_budget

    list(judge_budget(text, datetime.now(timezone.utc)))


READERS: dict[str, Reader] = {
    "daemon.json": Reader(
        docker("/etc/docker/daemon.json"), CONFIGURATION, (("", ""), ('{"labels": ["', '"]}')), json_lists
    ),
    "daemon.json of 28": Reader(docker("/etc/docker/daemon.json", "28.5.2"), CONFIGURATION, NO_FRAME, json_lists),
    "daemon.json of Red Hat": Reader(
        docker("/etc/docker/daemon.json", "1.13.1", is_redhat=True), CONFIGURATION, NO_FRAME, json_lists
    ),
    "reply": Reader(docker("reply"), CONFIGURATION, (), pairs_of_lists),
    "reply of Red Hat's": Reader(docker("reply", "1.13.1", is_redhat=True), CONFIGURATION, (), pairs_of_lists),
    "unit": Reader(docker("unit"), CONFIGURATION, (("", ""), ("\n[Service]\n", ""), ("\n[Service]\nEnvironment=", ""))),
    "unit's command": Reader(docker("unit"), CONFIGURATION,
        (("\n[Service]\nExecStart=\nExecStart=/usr/bin/dockerd ", ""),)),
    "argv": Reader(docker("argv"), CONFIGURATION),
    "version": Reader(docker("version"), CONFIGURATION),
    "sysconfig": Reader(
        docker("/etc/sysconfig/docker", "1.13.1", is_redhat=True), CONFIGURATION,
        (("", ""), ("OPTIONS='", "'\n"), ("ADD_REGISTRY='", "'\n"), ("#", ""), ("INSECURE_REGISTRY=", "x\n")),
    ),
    "registries.conf of the service": Reader(
        docker("/etc/containers/registries.conf", "1.13.1", is_redhat=True), CONFIGURATION, NO_FRAME, toml_lists
    ),
    "daemon.json, planned": Reader(
        docker("/etc/docker/daemon.json", is_planned=True), CONFIGURATION // 8, (), json_lists
    ),
    "record, planned": Reader(
        docker("/etc/mooring/registry_client.json", is_planned=True), CONFIGURATION // 8, (), json_lists
    ),
    "podman, planned": Reader(
        other("/etc/containers/registries.conf", "podman", is_planned=True), CONFIGURATION // 8, (), toml_lists
    ),
    "containerd, planned": Reader(
        other("/etc/containerd/config.toml", "containerd", is_planned=True), CONFIGURATION // 8, (), toml_lists
    ),
    "flags of the service": Reader(
        docker("/run/containers/registries.conf", "1.13.1", is_redhat=True), CONFIGURATION,
        (("", ""), ('REGISTRIES="', '"\n'))
    ),
    "record": Reader(docker("/etc/mooring/registry_client.json"), CONFIGURATION, NO_FRAME, json_lists),
    "policy": Reader(docker("/etc/containers/policy.json"), CONFIGURATION, NO_FRAME, json_lists),
    "podman": Reader(other("/etc/containers/registries.conf", "podman"), CONFIGURATION, NO_FRAME, toml_lists),
    "crio": Reader(other("/etc/crio/crio.conf", "crio"), CONFIGURATION, NO_FRAME, toml_lists),
    "containerd": Reader(
        other("/etc/containerd/config.toml", "containerd"), CONFIGURATION, (("", ""), ("version = 2\n", "")), toml_lists
    ),
    "hosts.toml": Reader(
        other("/etc/containerd/certs.d/a.example.com/hosts.toml", "containerd"), CONFIGURATION, NO_FRAME, toml_lists
    ),
    "buildkit": Reader(other("/etc/buildkit/buildkitd.toml", "buildkitd"), CONFIGURATION, NO_FRAME, toml_lists),
    "screen": Reader(shown, frames=(("", ""), ("\x1b[", ""), ("\x1b]", ""))),
    "access log": Reader(
        lines_of("mooring.verification.access_log:parse"),
        frames=(("", ""), ('{"address":"', '"}'), ("{", ""), ('{"uri":"', "")),
    ),
    "docker info": Reader(
        lambda text: called("mooring.verification.engines.settings:added_registries")({}, text),
        frames=(("", ""), ("Registries: ", ""), ("Registries:", " (secure)")),
    ),
    "containerd's dump": Reader(
        called("mooring.verification.engines.containerd:config_path_in_dump"),
        frames=(("", ""), ("[a.cri.registry]\n", ""), ("[a.cri.registry]\nconfig_path='", "")),
    ),
    "crictl info": Reader(called("mooring.verification.engines.containerd:config_path_in_info"), 5 * MIB,
        NO_FRAME, json_lists),
    "hosts.toml of a check": Reader(
        called("mooring.verification.engines.containerd:parse_hosts"), CONFIGURATION, NO_FRAME, toml_lists
    ),
    "nginx -T": Reader(
        lambda text: list(called("mooring.doctor.backing:fixed_names")(text)),
        frames=(("", ""), ("upstream a {", "}"), ("upstream a {\nserver a", ""), (" proxy_pass http://", "")),
    ),
    "gate's log": Reader(
        budget_of_line, frames=(("", ""), ('{"time": "', '"}'), ('{"time": "", "remaining": "', '"}')), lists=json_lists
    ),
    "image name": Reader(
        name_of_image,
        frames=(("", ""), ("registry.example.com/", ""), ("linux/", ""), ("linux/arm/", ""), ("sha256:", "")),
    ),
    "hosts": Reader(lambda text: called("mooring.fleet.etc_hosts:first_address")(text, "registry.example.com", False)),
    "sudo": Reader(
        lambda text: called("mooring.transport.connection.become:Become")().explain(text.encode(), "web"),
        frames=(("", ""), ("sudo: ", ""), ("Account ", ""), ("account ", "")),
    ),
    "agent: unit's files": Reader(
        lambda text: called("mooring.agent.modules.docker_config:named_files")(text),
        frames=(("", ""), ("EnvironmentFile=", ""), ('EnvironmentFile="-', '"'), ("ExecStart=", "")),
    ),
    "agent: imports": Reader(
        lambda text: list(called("mooring.agent.modules.container_config:listed_imports")(text)),
        frames=(("", ""), ("imports = [", ""), ("imports=['", "']")),
    ),
    "agent: config_path": Reader(
        lambda text: list(called("mooring.agent.modules.container_config:named_config_paths")(text)),
        frames=(("", ""), ("config_path = '", ""), ("config_path = '", "'")),
    ),
    "agent: os-release": Reader(called("mooring.agent.host:parse_os_release"), frames=
        (("", ""), ("ID=", ""), ('ID="', '"'))),
    "agent: apt policy": Reader(
        called("mooring.agent.dpkg:newest_versions"), frames=(("", ""), ("a:\n  Installed: ", ""), ("a:\n ", "")),
    ),
    "agent: package manager's trouble": Reader(called("mooring.agent.packages:hint")),
    "agent: rpm's trouble": Reader(
        lambda text: [getattr(importlib.import_module("mooring.agent.rpm"),
        name).search(text) for name in ("BROKEN", "MISSING")],
        frames=(("", ""), ("error: ", ""), ("No package ", "")),
    ),
    "agent: daemon's log": Reader(
        lambda text: called("mooring.agent.transaction.steps:judge_log")(text.splitlines()),
        frames=(("", ""), ("level=error ", ""), ('time="', "")),
    ),
    "agent: systemctl show": Reader(called("mooring.agent.services:parse"), frames=(("", ""), ("ExecStart={", ""))),
}  # fmt: skip


def measure(name: str, fraction: float, answers: Connection) -> None:
    """Send each shape when it is done, with what it takes too long for, and None at the end.

    Twice the text may take a bit more than twice the time. What is quick as a whole needs no half
    to compare with.
    """
    reader = READERS[name]
    size, start = int(reader.size * fraction), None if fraction == 1 else list(READERS).index(name)
    for (shape, half), (_, whole) in zip(reader.texts(size // 2, start), reader.texts(size, start), strict=True):
        seconds = time_of(reader, whole)
        if seconds > SLACK:
            halves = time_of(reader, half)
            if seconds > 3.2 * halves + SLACK:
                answers.send((shape, f"{shape}: {halves:.2f} s, then {seconds:.2f} s"))
                continue
        answers.send((shape, ""))
    answers.send(None)


def time_of(reader: Reader, text: str) -> float:
    """Seconds of CPU."""
    began = time.process_time()
    reader.run(text)
    return time.process_time() - began
