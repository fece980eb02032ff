"""A batch of a play while it runs: what its hosts share, and where they wait for each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mooring.errors import Interrupted
from mooring.playbook.handlers import Handlers
from mooring.playbook.playbook import Play
from mooring.results import Event, Warned
from mooring.run.barrier import Barrier, Position
from mooring.run.host_state import HostState
from mooring.run.options import Options
from mooring.run.play_scope import PlayScope
from mooring.templating.templar import Templar
from mooring.transport.descriptors import Room


@dataclass
class PlayRun:
    """One batch; `states` are all hosts of the run, those of the batch meet at the `barrier`."""

    scope: PlayScope
    states: Mapping[str, HostState]
    barrier: Barrier
    room: Room
    emit: Callable[[Event], None]
    interrupted: threading.Event

    def __post_init__(self) -> None:
        self.templar.warn = lambda text: self.emit(Warned(text))
        self._end: Position | None = None
        self.handlers = Handlers(self.play.handlers, self.templar)

    @property
    def play(self) -> Play:
        return self.scope.play

    @property
    def options(self) -> Options:
        return self.scope.options

    @property
    def templar(self) -> Templar:
        return self.scope.templar

    def wait(self, seconds: float) -> None:
        """Sleep; Interrupted as soon as the run is."""
        if self.interrupted.wait(seconds):
            raise Interrupted

    def rest(self, state: HostState) -> None:
        """A host is between two tasks: its connection stays open, unless more are open than may
        be."""
        if self.room.is_over(sum(other.session.is_open for other in self.states.values())):
            state.session.close()

    def meet_at_end(self, host: str, position: Position, is_end: bool) -> None:
        """Where the play may end for all: let everybody say whether it does,
        before anybody goes on."""
        if is_end:
            self._end = position
        self.barrier.arrive(host, (*position, 0))
        for other in self.scope.batch.hosts:
            self.barrier.wait(host, other)

    def has_ended(self, position: Position) -> bool:
        """Whether the play has ended before that position."""
        return self._end is not None and position > self._end
