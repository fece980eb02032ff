"""The registry's container behind nginx: whether nginx reaches that one, also
after it was made anew.

nginx looks a name up once, at its start, unless its configuration says otherwise; a container that
was made anew under another address is then a 502 until somebody reloads nginx.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.doctor.nginx_probe import NginxProbe
from mooring.errors import RegistryError
from mooring.fleet.survey import FleetHost, LookFailed
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict
from mooring.registry.transport import Endpoint, HttpTransport
from mooring.transport.reply_shapes import MAYBE, TEXT, TEXTS, ListOf, MapOf, OrNull, parse

RULE, NAMES, SLOW = "nginx-upstream", "nginx-upstream-name", "nginx-slow-requests"
PROXY_PASS = re.compile(r"^[ \t]*proxy_pass[ \t]+(?:https?://)?([^;\s]+);", re.M)
TIMEOUT = re.compile(r"^[ \t]*(client_header_timeout|client_body_timeout|send_timeout)[ \t]+([^;\s]+)", re.M)
CONNECTIONS = re.compile(r"^[ \t]*worker_connections[ \t]+(\d+)", re.M)
UNITS = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST, FEWEST = 300, 4096
SERVER_LINE = re.compile(r"^[ \t]*server[ \t]+(?!unix:)([a-zA-Z][^\s;]*)((?:\s[^;\n]*)?);", re.M)


@dataclass(frozen=True)
class Containers:
    """What Docker says of the two containers ({} for one that is not there), and nginx of its
    configuration."""

    registry: Mapping[str, Any]
    nginx: Mapping[str, Any]
    configuration: str = ""


def read_containers(host: FleetHost, registry: str, nginx: str) -> Containers:
    """Ask the server's engine."""
    script = f"docker inspect --type container {shlex.quote(registry)} {shlex.quote(nginx)} 2>/dev/null || true"
    containers = _parse(str(host.call("shell", cmd=script).get("stdout") or "[]"))
    by_name = {str(container.get("Name", "")).lstrip("/"): container for container in containers}
    words = ["docker", "exec", nginx, "nginx", "-T", *configuration_file(by_name.get(nginx, {}))]
    script = f"{shlex.join(words)} 2>/dev/null || true"
    configuration = str(host.call("shell", cmd=script).get("stdout") or "") if nginx in by_name else ""
    return Containers(by_name.get(registry, {}), by_name.get(nginx, {}), configuration)


# What is read of `docker inspect`.
CONTAINER = {
    "Name": TEXT,
    "State": {"Status": MAYBE, "Running": bool, "StartedAt": MAYBE, "Health": OrNull({"Status": MAYBE})},
    "Args": OrNull(TEXTS),
    "NetworkSettings": OrNull({"Networks": OrNull(MapOf({"IPAddress": MAYBE}))}),
    "Mounts": OrNull(ListOf({"Destination": MAYBE, "Source": MAYBE})),
}


def _parse(text: str) -> list[dict[str, Any]]:
    """The containers in what `docker inspect` prints; LookFailed where it prints something else."""
    try:
        containers: list[dict[str, Any]] = parse(text, ListOf(CONTAINER), "`docker inspect`")
    except ValueError as error:
        raise LookFailed({"msg": str(error)}) from None
    return containers


def configuration_file(nginx: Mapping[str, Any]) -> list[str]:
    """The flag by which the container's nginx is told its file."""
    words = [str(word) for word in nginx.get("Args") or []]
    return ["-c", words[words.index("-c") + 1]] if "-c" in words[:-1] else []


def read_trouble(host: FleetHost, *names: str) -> dict[str, str]:
    """What is wrong with each container that is not well, in the host's words: with the
    first error of its log."""
    troubles = host.call("container_trouble", names=list(names))["containers"]
    return {name: str(troubles[name]["words"]) for name in names if name in troubles and not troubles[name]["is_well"]}


def read_address(host: FleetHost, name: str) -> str:
    """The address of a container on its network, in the host's words; "" where it has none."""
    script = f"docker inspect --type container {shlex.quote(name)} 2>/dev/null || true"
    containers = _parse(str(host.call("shell", cmd=script).get("stdout") or "").strip() or "[]")
    return next((address for container in containers for address in networks(container).values() if address), "")


def judge_containers(
    containers: Containers, registry: str, nginx: str, trouble: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Both run, on one network, and nginx keeps looking up the registry's name."""
    words = trouble or {}
    troubles = [
        f"container {name} {seen}"
        for name, container in ((registry, containers.registry), (nginx, containers.nginx))
        if (seen := words.get(name) or find_trouble(container))
    ]
    for seen in troubles:
        yield Finding(RULE, Verdict.BREAKS, seen, f"see `docker logs`, or run `{invocation('provision-server')}`")
    if troubles:
        return
    if not networks(containers.registry).keys() & networks(containers.nginx).keys():
        seen = f"{registry} and {nginx} share no network"
        yield Finding(
            RULE, Verdict.BREAKS, seen, f"run `{invocation('provision-server')}`, or `docker network connect`"
        )
    fixed = list(fixed_names(containers.configuration))
    if fixed:
        seen = (
            f"nginx looks {', '.join(fixed)} up only once: after its container is replaced, requests get 502 until"
            " nginx is reloaded"
        )
        remedy = (
            f"run `{invocation('provision-server')}`, or set in nginx: resolver 127.0.0.11; and proxy_pass with a"
            " variable"
        )
        yield Finding(NAMES, Verdict.HARMS, seen, remedy)
    elif PROXY_PASS.search(containers.configuration):
        yield Finding(NAMES, Verdict.HOLDS, "nginx keeps looking up the registry's name")
    else:
        yield Finding(NAMES, Verdict.UNKNOWN, f"`nginx -T` in {nginx} shows no proxy_pass")


def find_trouble(container: Mapping[str, Any]) -> str:
    """Why the container does no work, "" where it does; one that ends again and again counts as
    running to Docker."""
    if not container:
        return "is not there"
    state = container["State"]
    status, health = str(state.get("Status") or ""), str((state.get("Health") or {}).get("Status") or "")
    if status in ("restarting", "paused") or not state["Running"]:
        return f"does not run ({status})" if status else "does not run"
    return "is unhealthy: its health check fails" if health == "unhealthy" else ""


def judge_limits(configuration: str) -> Finding:
    """Slow requests by the thousand take up nothing for long, and one address cannot take it
    all."""
    wrong = [f"{name} {value}" for name, value in TIMEOUT.findall(configuration) if seconds(value) > LONGEST]
    connections = CONNECTIONS.search(configuration)
    if not connections or int(connections.group(1)) < FEWEST:
        wrong.append(f"worker_connections {connections.group(1)}" if connections else "no worker_connections")
    if not re.search(r"^[ \t]*limit_conn\s", configuration, re.M):
        wrong.append("no limit_conn")
    if not wrong:
        return Finding(
            SLOW, Verdict.HOLDS, "nginx waits for no slow request for long, and limits those of each address"
        )
    seen = f"slow requests can take all of nginx's connections: {', '.join(wrong)}"
    remedy = f"run `{invocation('provision-server')}`, or see the variables nginx_…_timeout, nginx_…_per_address"
    return Finding(SLOW, Verdict.HARMS, seen, remedy)


def seconds(value: str) -> float:
    """nginx's words for a time, as `900s`, `15m` or `1m30s`."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhd]|)", value))


def networks(container: Mapping[str, Any]) -> dict[str, str]:
    """The container's addresses by network."""
    settings = container.get("NetworkSettings", {}).get("Networks", {}) or {}
    return {str(name): str(network.get("IPAddress", "")) for name, network in settings.items()}


def fixed_names(configuration: str) -> Iterator[str]:
    """The hosts that nginx looks up only when it reads its configuration (`resolve` is nginx's own
    since 1.27.3)."""
    upstreams = set(re.findall(r"^[ \t]*upstream[ \t]+([^\s{]+)", configuration, re.M))
    for target in PROXY_PASS.findall(configuration):
        name = target.partition("/")[0]
        if "$" not in target and not re.match(r"[\d.]+(:\d+)?$|\[", name) and name not in upstreams:
            yield name
    for name, rest in SERVER_LINE.findall(configuration) if upstreams else ():
        if "resolve" not in rest.split() and not re.match(r"[\d.]+(:\d+)?$", name):
            yield name


def judge_way(probe: NginxProbe, host: FleetHost, own: Endpoint, containers: Containers) -> Finding:
    """What begins at nginx is known to the container itself: nginx reaches that one, and no
    other."""
    about = f"{containers.registry['Name'].lstrip('/')}, started {containers.registry['State']['StartedAt'][:19]}"
    addresses = ", ".join(address for address in networks(containers.registry).values() if address)
    about = f"{about} ({addresses})" if addresses else about
    direct = HttpTransport(own, lambda: host.open_tunnel(own.host, own.port))
    try:
        alive = direct.send("GET", "/v2/", None, {}).status
        through = probe.ask("GET", "/v2/").status
        if through >= 500:
            seen = f"nginx answers {through}, while the registry itself answers {alive}: {about}"
            remedy = f"reload nginx (`docker exec … nginx -s reload`), then run `{invocation('provision-server')}`"
            return Finding(RULE, Verdict.BREAKS, seen, remedy)
        if alive not in (200, 401):
            seen = f"the registry itself answers {alive} in place of 200 or 401: {about}"
            return Finding(RULE, Verdict.BREAKS, seen, "see its log (`docker logs`)")
        if not probe.uploads:
            return Finding(RULE, Verdict.HOLDS, f"nginx answers, and so does {about}")
        known = direct.send("GET", probe.uploads[0], None, {}).status
    except RegistryError as error:
        return Finding(RULE, Verdict.UNKNOWN, f"the registry is not reached at {own}: {error}")
    finally:
        direct.close()
    if known == 404:
        seen = f"what is sent to nginx does not arrive at {about}"
        return Finding(
            RULE, Verdict.BREAKS, seen, f"see where nginx's proxy_pass leads, or run `{invocation('provision-server')}`"
        )
    return Finding(RULE, Verdict.HOLDS, f"what is sent to nginx arrives at {about}")
