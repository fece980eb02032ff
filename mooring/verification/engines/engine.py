"""What verification asks of a container engine, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mooring.invocation import invocation
from mooring.records.hub import HUB
from mooring.verification.backend import CheckFailed, Ran
from mooring.verification.findings import SETTING, Finding


class Asked(Protocol):
    """The host that the engine runs on, as far as an engine needs it."""

    name: str
    variables: Mapping[str, Any]

    def run(self, *words: str) -> Ran:
        """Run a program."""

    def run_line(self, line: str) -> Ran:
        """Run a shell line."""

    def call(self, module: str, **args: Any) -> Mapping[str, Any]:
        """Run a module; CheckFailed when it fails."""


@dataclass(frozen=True)
class Words:
    """How messages and remedies speak of an engine.

    `pull` is the command that pulls; `look` is where the engine tells why it asked somebody
    else; `start` mends an engine that does not answer; `log` is where a setting that was
    refused is told of.
    """

    pull: str = "docker pull"
    look: str = "see `docker info`, and `journalctl -u docker`"
    start: str = "start it (`systemctl start docker`), or see `journalctl -u docker` for why it does not"
    log: str = "`journalctl -u docker` for what the daemon refused"


DOCKERS = Words()


@dataclass(frozen=True)
class ListedImage:
    """One name of an image that the engine has."""

    repository: str
    tag: str
    digest: str
    number: str

    @property
    def name(self) -> str:
        """The repository without registry and folders."""
        return self.repository.rpartition("/")[2]

    @property
    def reference(self) -> str:
        return self.number if self.tag == "<none>" else f"{self.repository}:{self.tag}"


class Engine(ABC):
    """An engine on one host. What it says of itself is asked for once."""

    words = DOCKERS
    # What stands before the short name of one of Docker Hub's own images.
    hub_prefix = f"{HUB}/library/"

    def __init__(self, host: Asked) -> None:
        self.host = host

    @property
    @abstractmethod
    def machine(self) -> str:
        """The machine's architecture; CheckFailed where the engine does not answer."""

    def expect_answer(self) -> None:
        """CheckFailed where the engine does not answer."""
        if not self.machine:
            raise CheckFailed(f"{self.host.name}: the engine does not say what machine it runs on")

    @property
    def takes_short_names(self) -> bool:
        """Whether the added registries are asked for short names."""
        return False

    @property
    def certs_directory(self) -> str:
        """Where the engine looks for a registry's authorities, by the registry's name."""
        return str(self.host.variables["registry_client_certs_directory"])

    @abstractmethod
    def pull(self, reference: str, seconds: int) -> Ran:
        """Pull; standard output has all that the engine said."""

    @abstractmethod
    def list_images(self) -> list[ListedImage]:
        """Every image that has a name."""

    @abstractmethod
    def remove(self, references: Sequence[str]) -> Ran:
        """Remove images by their names."""

    @abstractmethod
    def judge_mirrors(self, wanted: Sequence[str]) -> Finding | None:
        """Every wanted mirror of Docker Hub (a URL) is in effect, as the engine says itself."""

    @abstractmethod
    def judge_insecure(self, wanted: Sequence[str]) -> Finding | None:
        """Every wanted host or network is used without verified TLS, as the engine says itself."""

    def judge_added(self, wanted: Sequence[str]) -> Finding | None:
        """Every wanted registry is asked for short names, as the engine says itself."""
        return None

    def explain_detour(self, is_mirror: bool, is_short: bool) -> Finding | None:
        """Why the engine asks somebody else although the setting is in effect, where that is
        known."""
        return None

    def lack(self, setting: str, missing: Sequence[str], present: Sequence[str]) -> Finding | None:
        """The finding of a setting that lacks some of its entries."""
        return lacking(setting, missing, present, self.words)


def lacking(setting: str, missing: Sequence[str], present: Sequence[str], words: Words) -> Finding | None:
    """A finding that names what is MISSING and what there is; None where nothing is missing."""
    if not missing:
        return None
    shown = ", ".join(present) or "none"
    remedy = f"run `{invocation('provision-clients')}`; if it changes nothing, see {words.log}"
    return Finding(SETTING, f"the engine's {setting} lack {', '.join(missing)}; it has: {shown}", remedy)
