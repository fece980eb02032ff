"""containerd, as Kubernetes uses it: the CRI plugin's settings, and a hosts.toml for each
registry."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from mooring.agent.configuration import LARGEST
from mooring.engines import toml
from mooring.engines.docker import json_text
from mooring.records.hub import HUB
from mooring.verification.backend import CheckFailed, Ran
from mooring.verification.engines.cri import Client, Crictl, Ctr
from mooring.verification.engines.engine import Engine, ListedImage, Words
from mooring.verification.findings import Finding

_CONFIG_PATH = re.compile(r"""[ \t]*config_path[ \t]*=[ \t]*['"]([^'"]+)['"]""")


class Containerd(Engine):
    """containerd's daemon, by crictl where the host has it."""

    words = Words(
        pull="pull by containerd",
        look="see the folder of hosts.toml files, and `journalctl -u containerd`",
        start="start it (`systemctl start containerd`), or see `journalctl -u containerd` for why it does not",
        log="`containerd config dump` for the registry's config_path, and `journalctl -u containerd`",
    )

    @functools.cached_property
    def machine(self) -> str:
        ran = self.host.run("ctr", "version")
        if ran.rc != 0:
            raise CheckFailed(f"{self.host.name}: containerd does not answer: {ran.err.strip()}")
        return self.host.run("uname", "-m").out.strip()

    @functools.cached_property
    def _client(self) -> Client:
        if self._has_crictl:
            return Crictl(self.host)
        return Ctr(self.host, self.certs_directory)

    @functools.cached_property
    def _has_crictl(self) -> bool:
        return self.host.run_line("command -v crictl").rc == 0

    @property
    def certs_directory(self) -> str:
        return next(iter(self.hosts_directories), "")

    @functools.cached_property
    def hosts_directories(self) -> list[str]:
        """Where the CRI plugin looks for a registry's hosts.toml; nowhere, where nothing is set.

        The running daemon says so, by crictl; without crictl, and from containerd 2.0
        on, its files say so.
        """
        info = self.host.run("crictl", "info").out if self._has_crictl else ""
        path = config_path_in_info(info) or config_path_in_dump(self.host.run("containerd", "config", "dump").out)
        return [directory for directory in path.split(":") if directory]

    def hosts_file(self, registry: str) -> Mapping[str, Any]:
        """The registry's hosts.toml, else the one for all that have none; empty
        where there is neither."""
        for name in (registry, "_default"):
            for directory in self.hosts_directories:
                ran = self.host.run("cat", f"{directory}/{name}/hosts.toml")
                if ran.rc == 0:
                    return parse_hosts(ran.out)
        return {}

    def pull(self, reference: str, seconds: int) -> Ran:
        return self._client.pull(reference, seconds)

    def list_images(self) -> list[ListedImage]:
        return self._client.list_images()

    def remove(self, references: Sequence[str]) -> Ran:
        return self._client.remove(references)

    def judge_mirrors(self, wanted: Sequence[str]) -> Finding | None:
        urls = pulling_hosts(self.hosts_file(HUB))
        missing = [url for url in wanted if url.rstrip("/") not in urls]
        return self.lack(f"mirrors of {HUB}", missing, urls)

    def judge_insecure(self, wanted: Sequence[str]) -> Finding | None:
        """A name is insecure when its hosts.toml leads to it by plain HTTP, or by TLS
        that nobody verifies."""
        names = [name for name in wanted if is_insecure(self.hosts_file(name), name)]
        return self.lack("insecure registries", [name for name in wanted if name not in names], names)


def config_path_in_info(text: str) -> str:
    """The folder of hosts.toml files that the running CRI plugin has, by `crictl info`; empty where
    it says none."""
    try:
        registry = json_text.loads(text).get("config", {}).get("registry") or {}
        return str(registry.get("configPath") or "")
    except (ValueError, AttributeError, RecursionError):
        return ""


def config_path_in_dump(text: str) -> str:
    """The same by `containerd config dump`, in which each version has it in a
    section of another name."""
    name = ""
    for line in text.split("\n"):
        if line.lstrip().startswith("["):
            name = line.lstrip()[1:].partition("]")[0]
        match = _CONFIG_PATH.match(line) if name.endswith(".registry") and "cri" in name else None
        if match:
            return match.group(1)
    return ""


def parse_hosts(text: str) -> Mapping[str, Any]:
    """A hosts.toml; empty where it is not valid, as containerd then uses nothing of it."""
    return toml.parse(text, "").values if len(text) <= LARGEST else {}


def pulling_hosts(hosts: Mapping[str, Any]) -> list[str]:
    """The URLs that are asked for images, in their order; without capabilities a host has them
    all."""
    urls = []
    for url, settings in (hosts.get("host") or {}).items():
        if {"pull", "resolve"} <= set(settings.get("capabilities") or ["pull", "resolve"]):
            urls.append(str(url).rstrip("/"))
    return urls


def is_insecure(hosts: Mapping[str, Any], name: str) -> bool:
    """Whether a way to NAME in its hosts.toml is not verified."""
    ways = {**(hosts.get("host") or {}), str(hosts.get("server") or ""): hosts}
    for url, settings in ways.items():
        parts = urlsplit(url)
        if parts.netloc == name and (parts.scheme == "http" or settings.get("skip_verify") is True):
            return True
    return False
