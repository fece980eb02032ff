"""podman: no daemon; every command reads the files anew, and `podman info` says
what it makes of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from mooring.records.hub import HUB
from mooring.transport.reply_shapes import TEXT, TEXTS, ListOf, MapOf, OrNull, parse
from mooring.verification.backend import CheckFailed, Ran
from mooring.verification.engines.docker import list_with, pull_with
from mooring.verification.engines.engine import Engine, ListedImage, Words
from mooring.verification.findings import Finding

_MIRRORS = OrNull(ListOf({"Location": TEXT, "Insecure": OrNull(bool)}))
_PREFIX = {"Location": TEXT, "Insecure": OrNull(bool), "Mirrors": _MIRRORS}
INFO = {"host": {"arch": TEXT}, "registries": OrNull(MapOf((OrNull(TEXTS), _PREFIX)))}
"""What is read of `podman info`: the settings of registries by prefix, and the list
`search` beside them."""


class Podman(Engine):
    """podman, as root sees it."""

    words = Words(
        pull="podman pull",
        look="see `podman info`, and /etc/containers/registries.conf with registries.conf.d/ beside it",
        start="see `podman info` for what is wrong with its files",
        log="`podman info` for the file that says otherwise: one of a later name in registries.conf.d/, or root's own",
    )
    certs_directory = "/etc/containers/certs.d"

    @functools.cached_property
    def info(self) -> Mapping[str, Any]:
        """What `podman info` says; CheckFailed where a file of its is wrong, for then no
        command of its works."""
        ran = self.host.run("podman", "info", "--format", "json")
        if ran.rc != 0:
            raise CheckFailed(f"{self.host.name}: podman info: {ran.err.strip() or ran.rc}")
        try:
            info: Mapping[str, Any] = parse(ran.out, INFO, "`podman info`")
        except ValueError as error:
            raise CheckFailed(f"{self.host.name}: {error}") from None
        return info

    @property
    def registries(self) -> Mapping[str, Any]:
        """The settings of registries, by the prefix that they are for; and `search`."""
        return self.info.get("registries") or {}

    @property
    def machine(self) -> str:
        return str(self.info["host"]["arch"])

    @property
    def takes_short_names(self) -> bool:
        return True

    def pull(self, reference: str, seconds: int) -> Ran:
        return pull_with(self, "podman", reference, seconds)

    def list_images(self) -> list[ListedImage]:
        return list_with(self, "podman")

    def remove(self, references: Sequence[str]) -> Ran:
        return self.host.run("podman", "rmi", "--force", *references)

    def judge_mirrors(self, wanted: Sequence[str]) -> Finding | None:
        locations = [mirror["Location"] for mirror in (self.registries.get(HUB) or {}).get("Mirrors") or []]
        missing = [url for url in wanted if urlsplit(url).netloc not in locations]
        return self.lack(f"mirrors of {HUB}", missing, locations)

    def judge_insecure(self, wanted: Sequence[str]) -> Finding | None:
        """podman knows hosts, no networks; a mirror is insecure by itself."""
        entries = [entry for entry in self.registries.values() if isinstance(entry, dict)]
        entries += [mirror for entry in entries for mirror in entry.get("Mirrors") or []]
        locations = sorted({entry["Location"] for entry in entries if entry.get("Insecure")})
        return self.lack("insecure registries", [name for name in wanted if name not in locations], locations)

    def judge_added(self, wanted: Sequence[str]) -> Finding | None:
        names = self.registries.get("search") or []
        return self.lack("registries for short names", [name for name in wanted if name not in names], names)
