"""The proof carried out: push to the server, pull on every client, judge by the access
log, remove it all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from mooring.errors import MooringError, RegistryError
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.workers import Workers, let_all
from mooring.registry.addresses import ServerAddresses
from mooring.transport.session import ABORT_SECONDS
from mooring.verification.access_log import Log
from mooring.verification.checks import explain_pull
from mooring.verification.findings import REGISTRY, Finding, judge_error
from mooring.verification.member import Member
from mooring.verification.proof import Evidence, Proof, Pull, judge_pull
from mooring.verification.puller import Seen, plan_client, pull_all, remove_images
from mooring.verification.registry_side import RegistrySide
from mooring.verification.routes import Route

LOG_TRIES, LOG_PAUSE = 20, 0.25
# How long the removal waits for pulls that Ctrl-C broke off.
ABORTED_SECONDS = 5.0
Answer = TypeVar("Answer")


@dataclass
class Trial:
    """One proof over a fleet: `plan`, then `run`, then always `remove`.

    `findings` has an entry for every pull that was tried, None where it is good; `addresses` holds
    the client's addresses as nginx saw them. Without a server (it is down) every pull has failed.
    """

    registry: RegistrySide | None
    clients: Sequence[Member]
    forks: int = 10
    on_pull: Callable[[int, int], None] = lambda done, total: None
    findings: dict[Pull, Finding | None] = field(default_factory=dict, init=False)
    addresses: dict[Pull, str] = field(default_factory=dict, init=False)
    _has_pulled: bool = field(default=False, init=False)
    _seen: dict[Pull, Seen] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._workers = Workers(self.forks)
        self._lock, self._pulled = threading.Lock(), 0

    def plan(self, server_addresses: ServerAddresses) -> list[str]:
        """Find out every client's routes and make the images; touches nothing. Returns why
        clients have none."""
        planned = self._on_clients(partial(_plan, server_addresses))
        self.proof = Proof(entry for entries in planned if not isinstance(entries, str) for entry in entries)
        return [answer for answer in planned if isinstance(answer, str)]

    def run(self) -> None:
        """Push and pull; afterwards `findings` has an entry for every pull."""
        if self.registry is None:
            message = "the registry's server is unreachable, so nothing could be pushed to it"
            self.findings = dict.fromkeys(self.proof.pulls, Finding.of(REGISTRY, message))
        else:
            self._push_and_pull(self.registry)
        for findings in self._on_clients(partial(_explain_pulls, self.findings)):
            self.findings.update(findings)

    def remove(self) -> list[str]:
        """Remove every trace from the registry and the clients; returns what could not be
        removed."""
        left: list[str] = []
        self._workers.wait(ABORTED_SECONDS)
        if self._has_pulled:
            answers = self._on_clients(lambda client: remove_images(client, self.proof.mark))
            left += [line for lines in answers for line in lines]
        return left + (self.registry.remove(self.proof) if self.registry else [])

    def _push_and_pull(self, registry: RegistrySide) -> None:
        try:
            since = registry.now()
            registry.push(self.proof)
        except (MooringError, *SENSELESS) as error:
            self.findings = dict.fromkeys(self.proof.pulls, _explain(error))
            return
        self._has_pulled = True
        workers = self._workers
        self._note_pull(0)
        for seen in self._on_clients(
            lambda client: pull_all(client, self.proof, lambda: workers.is_stopped, self._note_pull)
        ):
            self._seen.update(seen)
        self._judge(registry, since)

    def _note_pull(self, more: int = 1) -> None:
        """Tell how many pulls are done, whoever did them."""
        with self._lock:
            self._pulled += more
            self.on_pull(self._pulled, len(self.proof.pulls))

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to remove."""
        return self._has_pulled or bool(self.proof.pushed)

    def _on_clients(self, work: Callable[[Member], Answer]) -> list[Answer]:
        """Do something on all clients at once, each in a thread of its own; Ctrl-C ends
        it on the hosts too."""
        try:
            return self._workers.do(work, self.clients)
        except KeyboardInterrupt:
            let_all((client.abort for client in self.clients), ABORT_SECONDS)
            raise

    def _judge(self, registry: RegistrySide, since: str) -> None:
        """Judge every pull; a line may come into the log a moment after the pull."""
        for attempt in range(LOG_TRIES):
            log = registry.read_log(since)
            for pull, seen in self._seen.items():
                self.findings[pull] = self._judge_one(pull, seen, log)
            if not any(finding and self._seen[pull].succeeded for pull, finding in self.findings.items()):
                return
            time.sleep(LOG_PAUSE if attempt < LOG_TRIES - 1 else 0)

    def _judge_one(self, pull: Pull, seen: Seen, log: Log) -> Finding | None:
        addresses = log.askers(pull.sign)
        self.addresses[pull] = ", ".join(sorted(addresses))
        fetchers = log.fetchers(pull.repository)
        return judge_pull(pull, Evidence(seen.output, seen.succeeded, seen.digests, fetchers, addresses, seen.words))


def _plan(server_addresses: ServerAddresses, client: Member) -> list[tuple[str, Route, str]] | str:
    """A client's entries for the proof, or why it has none."""
    try:
        return plan_client(client, server_addresses)
    except MooringError as error:
        return f"{client.name}: nothing can be pulled: {error}"
    except SENSELESS as error:
        return f"{client.name}: nothing can be pulled: {describe(error)}"


def _explain_pulls(findings: Mapping[Pull, Finding | None], client: Member) -> dict[Pull, Finding | None]:
    """A client's failed pulls again, with the layer that is to blame as the client sees it."""
    failed = {pull: finding for pull, finding in findings.items() if finding and pull.client == client.name}
    return {pull: explain_pull(client, pull.route, finding) for pull, finding in failed.items()}


def _explain(error: Exception) -> Finding:
    if isinstance(error, RegistryError):
        return judge_error(error)
    return Finding.of(REGISTRY, str(error) if isinstance(error, MooringError) else describe(error))
