"""Runs a playbook over its hosts: plays in turn, batches in turn, each host of a batch in a thread of its own.

Only the thread that calls `run` emits to the reporter. It also takes Ctrl-C: the hosts then stop where they
are, their agents end with their connections, and the recap says what was done.
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mooring.bundle import Bundle
from mooring.connection.settings import RunOptions
from mooring.errors import Interrupted, SourceError
from mooring.host_state import HostState, Standing
from mooring.inventory import Host, Inventory
from mooring.play_run import Options, PlayRun
from mooring.playbook import Play, Playbook
from mooring.results import Event, Outcome, PlayStarted, Recap, Result, RunFinished, TaskFinished, Warned
from mooring.serial import batches
from mooring.session import Session
from mooring.walker import Walker

INTERRUPTED = 130
DRIFT = 8


@dataclass
class Runner:
    """One run. `report` draws an event; nothing else of the run is printed."""

    inventory: Inventory
    options: Options
    connecting: RunOptions
    report: Callable[[Event], None]
    recap: Recap = field(default_factory=Recap)

    def __post_init__(self) -> None:
        self._bundle = Bundle()
        self.states: dict[str, HostState] = {}
        for host in self.inventory.hosts.values():
            self._add(host)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._interrupted = threading.Event()
        self._slots = threading.Semaphore(self.options.forks)

    def run(self, playbook: Playbook, detailed: bool = False) -> int:
        """Run all plays; returns the exit status, 8 where `detailed` asks for it and check mode found drift."""
        try:
            chosen = [(play, self.hosts(play)) for play in playbook.plays]
            for play, hosts in chosen:
                if not self._play(play, hosts):
                    break
        except KeyboardInterrupt:
            self._interrupted.set()
        finally:
            self._close()
        status = INTERRUPTED if self._interrupted.is_set() else self.recap.exit_status()
        if detailed and status == 0 and self.options.check and self.recap.has_changes:
            status = DRIFT
        self.report(RunFinished(self.recap, status, self._interrupted.is_set()))
        return status

    def hosts(self, play: Play) -> list[Host]:
        """The hosts of a play, within --limit; among them localhost, where a play names it and no inventory has it."""
        hosts = self.inventory.match(play.hosts)
        if self.options.limit is not None:
            within = {host.name for host in self.inventory.match_limit(self.options.limit)}
            hosts = [host for host in hosts if host.name in within]
        for host in hosts:
            if host.name not in self.states:
                self._add(host)
        return hosts

    def _add(self, host: Host) -> None:
        self.states[host.name] = HostState(host, Session(host.name, self._bundle, self.connecting))

    def _play(self, play: Play, hosts: list[Host]) -> bool:
        """Run a play in batches; False when nobody is left to go on with."""
        active = [host for host in hosts if self.states[host.name].is_active]
        names = tuple(host.name for host in active)
        self.report(PlayStarted(play.name, names, self.options.check))
        if not names:
            return True
        for name in names:
            self.recap.add_host(name)
        serial = self._values(play, names, play.serial)
        limit = self._values(play, names, (play.max_fail_percentage,))[0]
        done = all(self._batch(play, names, batch, limit) for batch in batches(names, serial, play))
        return done and any(self.states[name].is_active for name in names)

    def _values(self, play: Play, names: tuple[str, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        """A play's own settings, which may be templates: rendered with the variables of its first host."""
        variables = self._play_run(play, names, names).host_variables(self.states[names[0]])
        rendered = play.context.templar.render(list(values), variables)
        return tuple(one for value in rendered for one in (value if isinstance(value, list) else [value]))

    def _play_run(self, play: Play, names: tuple[str, ...], batch: tuple[str, ...]) -> PlayRun:
        emit, interrupted = self._events.put, self._interrupted
        states, slots = self.states, self._slots
        return PlayRun(play, self.inventory, self.options, states, batch, names, emit, slots, interrupted)

    def _batch(self, play: Play, names: tuple[str, ...], batch: tuple[str, ...], limit: Any) -> bool:
        """Run a batch to its end; False when too many of it failed for another one to begin.

        A host that was never reached does not count: nothing was changed on it, so it says nothing about the change
        that is being rolled out. It is left out, and the others go on.
        """
        run = self._play_run(play, names, batch)
        threads = [threading.Thread(target=self._walk, args=(run, name), daemon=True) for name in batch]
        for thread in threads:
            thread.start()
        self._pump(threads)
        states = [self.states[name] for name in batch]
        lost = [state for state in states if not state.is_active]
        failed = [state for state in lost if not state.is_untouched]
        if self._interrupted.is_set() or (failed and len(lost) == len(batch)):
            return False
        if limit is not None and 100 * len(failed) / len(batch) > float(str(limit).rstrip("%")):
            self.report(Warned(f"{len(failed)} of {len(batch)} hosts failed, more than {limit} %: no further batch"))
            return False
        return True

    def _pump(self, threads: list[threading.Thread]) -> None:
        """Hand events to the reporter until all threads have ended."""
        while any(thread.is_alive() for thread in threads) or not self._events.empty():
            try:
                self._emit(self._events.get(timeout=0.05))
            except queue.Empty:
                continue
            except KeyboardInterrupt:
                if self._interrupted.is_set():
                    raise
                self._interrupted.set()
                for state in self.states.values():
                    state.session.abort()

    def _emit(self, event: Event) -> None:
        if isinstance(event, TaskFinished):
            self.recap.count(event.result)
        self.report(event)

    def _walk(self, run: PlayRun, name: str) -> None:
        """The thread of one host; whatever goes wrong in it becomes a result of that host."""
        state = self.states[name]
        try:
            Walker(run, state).walk()
        except Interrupted:
            pass
        except SourceError as error:
            self._broke(run, state, str(error), "")
        except Exception as error:  # noqa: BLE001 - the thread boundary: a host's trouble stays the host's
            if not self._interrupted.is_set():
                self._broke(run, state, f"{type(error).__name__}: {error}", traceback.format_exc())

    def _broke(self, run: PlayRun, state: HostState, message: str, trace: str) -> None:
        state.standing = Standing.FAILED
        result = Result(
            state.name, run.play.name, Outcome.FAILED, {"failed": True, "msg": message}, message,
            traceback=trace, where=run.play.where,
        )  # fmt: skip
        run.emit(TaskFinished(result))

    def _close(self) -> None:
        """End all connections, several at a time: each waits for its agents' end."""
        threads = [threading.Thread(target=state.session.close) for state in self.states.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
