"""What `explain` tells of the server behind a mirror's name, on the screen too."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, cast

from mooring.cli.explain import list_askings
from mooring.engines.docker.reply import texts_of
from mooring.engines.explanation import Explanation, build, record
from mooring.fleet.mirror_chains import Asking, ask_copies, list_images, plan_chains
from mooring.fleet.site import SERVER_ROLE
from mooring.fleet.survey import Lost
from mooring.registry.mirror_chain import Copy, MirrorSetting
from mooring.reporters.explanation import write_text
from tests.support.engine_replies import reply

SETTING = MirrorSetting(
    ("registry.example.com",),
    ("r.example.com",),
    (
        {
            "registry": "docker.io",
            "slug": "docker-io",
            "prefix": "",
            "namespaces": ["docker.io"],
            "addresses": [{"url": "https://registry-1.docker.io"}],
        },
    ),
    (),
)
IMAGE = ("library/nginx", "latest")


def explain() -> Explanation:
    return build("web1", "nginx", texts_of(reply()))


def show(outcome: dict[tuple[str, str], Copy] | Lost) -> str:
    chains = plan_chains("server", SETTING, list_askings(explain()), outcome)
    stream = io.StringIO()
    write_text(replace(record(explain()), chains=tuple(chains)), stream)
    return stream.getvalue()


def test_the_steps_stand_below_the_endpoint_that_leads_to_the_server() -> None:
    first, hub = show({IMAGE: Copy(False)}).split("2. registry:")
    assert "server then takes:" in first
    assert "a. own images, as library/nginx: not there" in first
    assert "b. the cache of Docker Hub (mooring-mirror-docker-io), as library/nginx" in first
    assert "c. Docker Hub at https://registry-1.docker.io, through the gate" in first
    assert "server then takes" not in hub


def test_an_own_copy_that_shadows_the_hubs() -> None:
    shown = show({IMAGE: Copy(True)})
    assert "the own copy answers; Docker Hub's is not asked" in shown
    assert "cache of Docker Hub" not in shown


def test_a_server_that_is_not_reached_is_told_and_planned_all_the_same() -> None:
    shown = show(Lost("no route to it", True))
    assert "own images, as library/nginx: not asked (no route to it)" in shown
    assert "the cache of Docker Hub" in shown


def test_only_names_of_images_are_asked_of_the_registry() -> None:
    url = "http://r.example.com"
    hostile = [Asking(url, "../_catalog"), Asking(url, "a b:1"), Asking(url, "app:1\r\nHost: x"), Asking(url, "")]
    assert list_images(SETTING, [*hostile, Asking(url, "library/nginx"), Asking(url, "library/nginx")]) == [IMAGE]


class Closed:
    """A server that answers its agent, and whose sshd opens no tunnel."""

    roles = {
        SERVER_ROLE: {
            "nginx_server_names": ["registry.example.com"],
            "registry_server_address": "192.0.2.1",
            "nginx_http_port": 80,
            "nginx_https_port": 443,
            "nginx_tls_certificate": "",
            "nginx_redirect_to_https": False,
            "registry_publish_address": "127.0.0.1",
            "registry_port": 5000,
        }
    }

    def call(self, module: str) -> dict[str, bool]:
        return {"changed": False}

    def open_tunnel(self, host: str, port: int) -> Any:
        raise PermissionError("administratively prohibited")


def test_where_no_tunnel_may_be_opened_nobody_else_is_asked() -> None:
    """The registry's own port is on the server's loopback, and never on that of
    the control machine."""
    (copy,) = ask_copies(cast(Any, Closed()), [IMAGE]).values()
    assert copy.is_there is None
    assert "administratively prohibited" in copy.reason
