"""The proof carried out: push to the server, pull on every client, judge by the access log, remove it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mooring.errors import MooringError, RegistryError
from mooring.senseless import SENSELESS, describe
from mooring.verification import access_log
from mooring.verification.checks import explain_pull
from mooring.verification.findings import REGISTRY, Finding, judge_error
from mooring.verification.member import Member
from mooring.verification.proof import Evidence, Proof, Pull, judge_pull
from mooring.verification.puller import Seen, plan_client, pull_all, remove_images
from mooring.verification.registry_side import RegistrySide
from mooring.verification.routes import Door

LOG_TRIES, LOG_PAUSE = 20, 0.25
Answer = TypeVar("Answer")


@dataclass
class Trial:
    """One proof over a fleet: `plan`, then `run`, then always `remove`.

    `findings` has an entry for every pull that was tried, None where it is good; `addresses` says as whom nginx
    saw the client. Without a server (it is down) every pull has failed.
    """

    registry: RegistrySide | None
    clients: Sequence[Member]
    forks: int = 10
    findings: dict[Pull, Finding | None] = field(default_factory=dict)
    addresses: dict[Pull, str] = field(default_factory=dict)
    _has_pulled: bool = False
    _seen: dict[Pull, Seen] = field(default_factory=dict)

    def plan(self, door: Door) -> None:
        """Find out every client's routes and make the images; touches nothing."""
        planned = self._on_clients(plan_client, door)
        self.proof = Proof(entry for entries in planned for entry in entries)

    def run(self) -> None:
        """Push and pull; afterwards `findings` has an entry for every pull."""
        if self.registry is None:
            message = "the registry's server is unreachable, so nothing could be pushed to it"
            self.findings = dict.fromkeys(self.proof.pulls, Finding.of(REGISTRY, message))
        else:
            self._push_and_pull(self.registry)
        for findings in self._on_clients(_explain_pulls, self.findings):
            self.findings.update(findings)

    def remove(self) -> list[str]:
        """Remove every trace from the registry and the clients; returns what could not be removed."""
        left: list[str] = []
        if self._has_pulled:
            left += [line for lines in self._on_clients(remove_images, self.proof.mark) for line in lines]
        return left + (self.registry.remove(self.proof) if self.registry else [])

    def _push_and_pull(self, registry: RegistrySide) -> None:
        try:
            since = registry.now()
            registry.push(self.proof)
        except (MooringError, *SENSELESS) as error:
            self.findings = dict.fromkeys(self.proof.pulls, _explain(error))
            return
        self._has_pulled = True
        for seen in self._on_clients(pull_all, self.proof):
            self._seen.update(seen)
        self._judge(registry, since)

    def _on_clients(self, work: Callable[[Member, Any], Answer], *args: Any) -> list[Answer]:
        """Do something on all clients at once, each in a thread of its own; Ctrl-C ends it on the hosts too."""
        with ThreadPoolExecutor(max(1, min(self.forks, len(self.clients)))) as pool:
            jobs = [pool.submit(work, client, *args) for client in self.clients]
            try:
                return [job.result() for job in jobs]
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                for client in self.clients:
                    client.abort()
                raise

    def _judge(self, registry: RegistrySide, since: str) -> None:
        """Judge every pull; a line may come into the log a moment after the pull."""
        for attempt in range(LOG_TRIES):
            requests = registry.read_log(since)
            for pull, seen in self._seen.items():
                self.findings[pull] = self._judge_one(pull, seen, requests)
            if not any(finding and self._seen[pull].succeeded for pull, finding in self.findings.items()):
                return
            time.sleep(LOG_PAUSE if attempt < LOG_TRIES - 1 else 0)

    def _judge_one(self, pull: Pull, seen: Seen, requests: Iterable[access_log.Request]) -> Finding | None:
        addresses = frozenset(access_log.askers(requests, pull.sign))
        self.addresses[pull] = ", ".join(sorted(addresses))
        fetchers = frozenset(access_log.fetchers(requests, pull.repository))
        return judge_pull(pull, Evidence(seen.output, seen.succeeded, seen.digests, fetchers, addresses, seen.words))


def _explain_pulls(client: Member, findings: Mapping[Pull, Finding | None]) -> dict[Pull, Finding | None]:
    """A client's failed pulls again, with the layer that is to blame as the client sees it."""
    ours = {pull: finding for pull, finding in findings.items() if finding and pull.client == client.name}
    return {pull: explain_pull(client, pull.route, finding) for pull, finding in ours.items()}


def _explain(error: Exception) -> Finding:
    if isinstance(error, RegistryError):
        return judge_error(error)
    return Finding.of(REGISTRY, str(error) if isinstance(error, MooringError) else describe(error))
