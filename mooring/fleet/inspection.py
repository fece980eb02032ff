"""Asking one host for its engine's configuration: docker's where it is, else that of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.engines.choice import find_engine
from mooring.engines.docker.reply import texts_of
from mooring.engines.explanation import AUTO, DOCKER, Explanation, boot_of, build
from mooring.engines.explanation_containers import ContainerExplanation
from mooring.engines.explanation_containers import build as build_containers
from mooring.engines.explanation_containers import texts_of as container_texts_of
from mooring.errors import MooringError, UsageError
from mooring.fleet.connections import Connections, make_request
from mooring.fleet.site import Site, looking_user
from mooring.fleet.workers import Workers
from mooring.transport.reply_texts import checked

PATIENCE = 60.0


class InspectionFailed(MooringError):
    """The host was reached, but its configuration could not be read."""

    exit_status = 2


def inspect(host: str, image: str, site: Site, engine: str) -> Explanation | ContainerExplanation:
    """The explanation for this engine; "auto" is docker where it is, else the first of the others
    that is there."""
    answer = find_engine(engine, lambda module: read(host, module, site))
    reply = answer.reply
    if reply.get("failed"):
        others = "; nor podman, CRI-O, containerd or BuildKit" if engine == AUTO and reply.get("missing") else ""
        raise InspectionFailed(f"{host}: {reply.get('msg')}{others}")
    if answer.name == DOCKER:
        return build(host, image, texts_of(reply), boot_of(reply))
    return build_containers(host, image, container_texts_of(reply), answer.name)


def read(name: str, module: str, site: Site) -> Mapping[str, Any]:
    """The host's answer to the module; UsageError where no single host is meant, HostUnreachable
    where it is down."""
    hosts = site.inventory.match(name)
    if len(hosts) != 1:
        raise UsageError(f'explain needs one host; "{name}" means {len(hosts)} hosts of {site.name}')
    variables = site.host_variables(hosts[0])
    user = looking_user(variables, site.connections.remote_user, site.options.become_user)
    with Connections(site) as connections:
        session, request = connections.session(hosts[0].name), make_request(module, {}, PATIENCE)
        # In a thread of its own, since nothing interrupts a look-up of a name.
        (answer,) = Workers(1).do(lambda call: call(variables, user, request), [session.call])
        return checked(answer)
