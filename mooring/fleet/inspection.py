"""Asking one host for its engine's configuration: docker's where it is, else that of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.engines.docker.reply import texts_of
from mooring.engines.explanation import AUTO, DOCKER, Explanation, boot_of, build
from mooring.engines.explanation_containers import ContainerExplanation, choose
from mooring.engines.explanation_containers import build as build_containers
from mooring.engines.explanation_containers import texts_of as container_texts_of
from mooring.engines.texts import ContainerTexts
from mooring.errors import MooringError, UsageError
from mooring.fleet.connections import Connections, make_request
from mooring.fleet.site import Site, looking_user
from mooring.fleet.workers import Workers
from mooring.transport.reply_texts import checked

MODULE, CONTAINER_MODULE = "docker_config", "container_config"
PATIENCE = 60.0


class InspectionFailed(MooringError):
    """The host was reached, but its configuration could not be read."""

    exit_status = 2

    def __init__(self, message: str, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


def inspect(host: str, image: str, site: Site, engine: str) -> Explanation | ContainerExplanation:
    """The explanation for this engine; "auto" is docker where it is, else the first of the others that is there."""
    if engine in (AUTO, DOCKER):
        try:
            reply = read(host, MODULE, site)
            return build(host, image, texts_of(reply), boot_of(reply))
        except InspectionFailed as failed:
            if engine == DOCKER or not failed.is_missing:
                raise
            without = failed
    texts: ContainerTexts = container_texts_of(read(host, CONTAINER_MODULE, site))
    name = choose(texts) if engine == AUTO else engine
    if not name:
        raise InspectionFailed(f"{without}; nor podman, CRI-O, containerd or BuildKit")
    return build_containers(host, image, texts, name)


def read(name: str, module: str, site: Site) -> Mapping[str, Any]:
    """Ask the host for its texts; UsageError where no single host is meant, HostUnreachable where it is down."""
    hosts = site.inventory.match(name)
    if len(hosts) != 1:
        raise UsageError(f'explain needs one host; "{name}" means {len(hosts)} hosts of {site.name}')
    variables = site.host_variables(hosts[0])
    user = looking_user(variables, site.connections.remote_user, site.options.become_user)
    with Connections(site) as connections:
        session, request = connections.session(hosts[0].name), make_request(module, {}, PATIENCE)
        # In a thread of its own, since nothing interrupts a look-up of a name.
        (answer,) = Workers(1).do(lambda call: call(variables, user, request), [session.call])
        reply = checked(answer)
    if reply.get("failed"):
        raise InspectionFailed(f"{hosts[0].name}: {reply.get('msg')}", bool(reply.get("missing")))
    return reply
