"""Runs a playbook over its hosts: plays and batches in turn, each host in a thread of its own.

Only the thread that calls `run` emits to the reporter. It also sees to Ctrl-C: the hosts stop where
they are, their agents end with their connections, and the recap says what was done. A host that
does not notice, such as one that is being connected to, is not waited for for long.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from mooring.errors import Interrupted, SourceError, TemplateError
from mooring.inventory.inventory import Host, Inventory
from mooring.playbook.playbook import Play, Playbook
from mooring.playbook.serial import batches, exceeds
from mooring.results import Event, PlayStarted, Recap, Remainder, RunFinished, TaskFinished, Warned
from mooring.run.barrier import Barrier
from mooring.run.choice import Choice
from mooring.run.host_state import HostState, HostStatus
from mooring.run.interrupts import Interrupts
from mooring.run.mishap import Mishap, broken_result
from mooring.run.options import Options
from mooring.run.play_run import PlayRun
from mooring.run.play_scope import Batch, PlayScope
from mooring.run.retry import Rollout
from mooring.run.walker import Walker
from mooring.transport.bundle import Bundle
from mooring.transport.connection.settings import RunOptions
from mooring.transport.descriptors import Room, make_room
from mooring.transport.session import Session

INTERRUPTED = 130
DRIFT = 8
# How long hosts may take to stop after Ctrl-C before they are left to themselves.
GRACE_SECONDS = 4.0


@dataclass
class Runner:
    """One run. `report` draws an event; nothing else is printed. `keep` notes who
    did not get through.

    `answer` tells at the first Ctrl-C that it was heard, and must be reentrant.
    """

    inventory: Inventory
    options: Options
    connecting: RunOptions
    report: Callable[[Event], None]
    keep: Callable[[Rollout], Remainder | None] = lambda rollout: None
    answer: Callable[[], None] = lambda: None
    recap: Recap = field(default_factory=Recap, init=False)
    rollout: Rollout = field(default_factory=Rollout, init=False)

    def __post_init__(self) -> None:
        self._bundle = Bundle()
        self.states: dict[str, HostState] = {}
        for host in self.inventory.hosts.values():
            self._add(host)
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._interrupted = threading.Event()
        self._interrupts = Interrupts(lambda: self._events.put(None), self.answer)
        self._choice = Choice(self.inventory, self.options, lambda text: self._tell(Warned(text)))
        self._room, self._working = Room(self.options.forks), set[str]()
        self._mishap = Mishap()

    def run(self, playbook: Playbook, detailed: bool = False) -> int:
        """Run all plays; returns the exit status, 8 with `detailed` where check mode found drift.

        A mistake that shows only now is raised when the recap is told.
        """
        mistake = None
        with self._interrupts:
            try:
                chosen = [(play, self.hosts(play)) for play in playbook.plays]
                for play, hosts in chosen:
                    self._check_connections(play, hosts)
                for _, hosts in chosen:
                    self.rollout.plan(host.name for host in hosts)
                self._room = make_room(
                    len(self.rollout.hosts), self.options.forks, lambda text: self._tell(Warned(text))
                )
                for number, (play, hosts) in enumerate(chosen):
                    if not self._play(number, play, hosts):
                        break
            except SourceError as error:
                mistake = error
            finally:
                was_interrupted = self._interrupts.count > 0
                self._close()
            status = INTERRUPTED if was_interrupted else mistake.exit_status if mistake else self.recap.exit_status()
            if detailed and status == 0 and self.options.check and self.recap.has_changes:
                status = DRIFT
            self._tell(RunFinished(self.recap, status, was_interrupted, self.keep(self.rollout)))
        if mistake or self._mishap.is_mute:
            raise mistake or self._mishap.error(status)
        return status

    def hosts(self, play: Play) -> list[Host]:
        """The hosts of a play, within --limit; also a localhost that no inventory has."""
        hosts = self._choice.hosts(play)
        for host in hosts:
            if host.name not in self.states:
                self._add(host)
        return hosts

    def _check_connections(self, play: Play, hosts: list[Host]) -> None:
        """Refuse connection variables that mean nothing here, before any host is touched."""
        names = tuple(host.name for host in hosts)
        scope = self._scope(play, names)
        for name in names:
            if self._interrupts.count:
                return  # thousands of hosts take their time
            state = self.states[name]
            try:
                state.session.settings(scope.host_variables(state))
            except TemplateError:
                continue  # they may depend on facts, which are not known yet

    def _add(self, host: Host) -> None:
        self.states[host.name] = HostState(host, Session(host.name, self._bundle, self.connecting))

    def _play(self, number: int, play: Play, hosts: list[Host]) -> bool:
        """Run a play in batches; False when nobody is left to go on with."""
        if self._interrupts.count:
            return False
        active = [host for host in hosts if self.states[host.name].is_active]
        names = tuple(host.name for host in active)
        self._tell(PlayStarted(play.name, names, self.options.check))
        if not names:
            return True
        for name in names:
            self.recap.add_host(name)
        serial = self._values(play, names, play.serial)
        limit = next(iter(self._values(play, names, (play.max_fail_percentage,))), None)
        for batch in batches(names, serial, play.where):
            goes_on = self._batch(play, names, batch, limit)
            if not self._interrupts.count:
                self.rollout.pass_on(number, (name for name in batch if self.states[name].is_active))
            if not goes_on:
                return False
        return any(self.states[name].is_active for name in names)

    def _values(self, play: Play, names: tuple[str, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        """A play's own settings, rendered with the operator's variables of its first host."""
        variables = self._scope(play, names).host_variables(self.states[names[0]]).operators()
        rendered = play.context.templar.render(list(values), variables)
        return tuple(element for value in rendered for element in (value if isinstance(value, list) else [value]))

    def _scope(self, play: Play, names: tuple[str, ...]) -> PlayScope:
        """A play as its hosts see it before it begins."""
        return PlayScope(play, self.inventory, self.options, self.states, Batch(names, names))

    def _batch(self, play: Play, names: tuple[str, ...], batch: tuple[str, ...], limit: Any) -> bool:
        """Run a batch to its end; False when too many of it failed for another one to begin.

        A host that was never reached does not count: it says nothing about the change.
        """
        barrier = Barrier(batch, self._room.slots)
        scope = replace(self._scope(play, names), batch=Batch(batch, names), meet=barrier.meet)
        run = PlayRun(scope, self.states, barrier, self._room, self._events.put, self._interrupted)
        threads = [threading.Thread(target=self._walk, name=name, args=(run, name), daemon=True) for name in batch]
        for thread in threads:
            thread.start()
        self._pump(threads)
        states = [self.states[name] for name in batch]
        lost = [state for state in states if not state.is_active]
        failed = [state for state in lost if not state.is_untouched]
        if self._interrupts.count or (failed and len(lost) == len(batch)):
            return False
        if exceeds(len(failed), len(batch), limit, play.where):
            self._tell(Warned(f"{len(failed)} of {len(batch)} hosts failed, more than {limit} %: no further batch"))
            return False
        return True

    def _pump(self, threads: list[threading.Thread]) -> None:
        """Hand events to the reporter until all threads have ended, or were asked to in vain."""
        deadline = None
        while any(thread.is_alive() for thread in threads) or not self._events.empty():
            if self._interrupts.count and deadline is None:
                deadline = time.monotonic() + GRACE_SECONDS
                self._stop()
            is_late = deadline is not None and (time.monotonic() > deadline or self._interrupts.count > 1)
            is_idle = deadline is not None and not any(
                thread.name in self._working and thread.is_alive() for thread in threads
            )
            if (is_late or is_idle) and self._events.empty():
                break
            try:
                event = self._events.get(timeout=0.05)
            except queue.Empty:
                continue
            if event is not None:
                self._emit(event)

    def _stop(self) -> None:
        """Let every host stop where it is, without waiting for connections to end or be made."""
        self._interrupted.set()
        self._working = {name for name, state in self.states.items() if state.session.is_open}
        for name, state in self.states.items():
            if name in self._working:
                threading.Thread(target=state.session.abort, daemon=True).start()
            else:
                state.session.abort()

    def _emit(self, event: Event) -> None:
        if isinstance(event, TaskFinished):
            self.recap.count(event.result)
        self._tell(event)

    def _tell(self, event: Event) -> None:
        """Let the reporter draw an event; if it fails, the run goes on, and says so once."""
        try:
            self.report(event)
        except Exception as error:  # noqa: BLE001 - a display in trouble must not cut hosts off in the midst of a task
            if self._mishap.is_new(error):
                self._tell(Warned(f"the display failed ({type(error).__name__}: {error}); the run goes on"))
                self._mishap.end_telling()

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
        """A result for what no task's own result tells of."""
        state.status = HostStatus.FAILED
        run.emit(TaskFinished(broken_result(state.name, state.task, run.play, message, trace)))

    def _close(self) -> None:
        """End all connections, several at a time; Ctrl-C ends the waiting for their agents."""
        sessions = [state.session for state in self.states.values() if state.session.is_open]
        threads = [threading.Thread(target=session.close, daemon=True) for session in sessions]
        for thread in threads:
            thread.start()
        self._interrupts.wait_for(threads, GRACE_SECONDS)
