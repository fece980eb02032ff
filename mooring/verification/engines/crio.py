"""CRI-O: pulls over CRI, by the registries.conf that podman reads too. It does not say what is in
effect; pulls do."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from mooring.verification.backend import CheckFailed, Ran
from mooring.verification.engines.cri import Crictl
from mooring.verification.engines.engine import Asked, Engine, ListedImage, Words
from mooring.verification.findings import Finding


class Crio(Engine):
    """CRI-O's daemon, by crictl, without which no host has it."""

    words = Words(
        pull="crictl pull",
        look="see /etc/containers/registries.conf with registries.conf.d/ beside it, and `journalctl -u crio`",
        start="start it (`systemctl start crio`), or see `journalctl -u crio` for why it does not",
        log="`journalctl -u crio`",
    )
    certs_directory = "/etc/containers/certs.d"

    def __init__(self, host: Asked) -> None:
        super().__init__(host)
        self._client = Crictl(host)

    @functools.cached_property
    def machine(self) -> str:
        ran = self.host.run("crictl", "version")
        if ran.rc != 0:
            raise CheckFailed(f"{self.host.name}: CRI-O does not answer: {ran.err.strip()}")
        return self.host.run("uname", "-m").out.strip()

    def pull(self, reference: str, seconds: int) -> Ran:
        return self._client.pull(reference, seconds)

    def list_images(self) -> list[ListedImage]:
        return self._client.list_images()

    def remove(self, references: Sequence[str]) -> Ran:
        return self._client.remove(references)

    def judge_mirrors(self, wanted: Sequence[str]) -> Finding | None:
        return None

    def judge_insecure(self, wanted: Sequence[str]) -> Finding | None:
        return None
