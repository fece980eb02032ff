"""One host's way through a play: sections, blocks with rescue and always, includes, handlers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mooring.actions.effects import Include, Steer
from mooring.errors import PlaybookError, SourceError
from mooring.playbook import arguments
from mooring.playbook.loading import load_file
from mooring.playbook.tasks import Block, Step, Task
from mooring.results import Outcome, Result, TaskFinished, TaskStarted
from mooring.run.host_state import HostState, HostStatus
from mooring.run.loops import item_variables
from mooring.run.play_run import PlayRun
from mooring.run.return_values import failure
from mooring.run.task_run import TaskRun
from mooring.templating.variables import Item, unsafe

# In a position, what comes after every step of a section.
BEHIND_ALL_STEPS = 1_000_000
# Each level takes its part of Python's stack.
MAX_INCLUDES = 80


class StepFailed(Exception):
    """A task failed; carries its result up to the block that may rescue it."""

    def __init__(self, task: Task, result: Result) -> None:
        super().__init__(result.message)
        self.task, self.result = task, result


class HostLeft(Exception):
    """The host leaves the play, and not even `always` holds it: lost, interrupted, or by meta's
    end_host, end_play."""


@dataclass(frozen=True)
class Included:
    """The steps that one include brings, and the values of its result."""

    values: Mapping[str, Any]
    steps: tuple[Step, ...]


class Walker:
    """Walks one host through one play; everything here runs in the host's own thread."""

    def __init__(self, run: PlayRun, state: HostState) -> None:
        self.run, self.state = run, state
        self._path: list[int] = [0]
        self._includes = 0
        self._rescuers = 0
        self._kind = "task"

    def walk(self) -> None:
        """The whole play; the host's status says afterwards how it went."""
        self.state.notified.clear()
        self.state.roles.clear()
        try:
            if self.run.play.gather_facts:
                self._task(self._fact_task())
            for number, section in enumerate(self.run.play.sections):
                self._path = [number + 1]
                self._steps(section)
                self._flush_handlers()
        except StepFailed:
            self.state.status = HostStatus.FAILED
        except HostLeft:
            pass
        finally:
            self.run.barrier.leave(self.state.name)

    def _fact_task(self) -> Task:
        play = self.run.play
        keywords = replace(play.keywords, vars=())
        return Task("Gathering Facts", play.where, "setup", {}, keywords, keywords)

    # --- steps and blocks; `_path` is the position that hosts compare when they wait for each other
    # ---

    def _steps(self, steps: tuple[Step, ...]) -> None:
        self._path.append(0)
        for step in steps:
            self._path[-1] += 1
            if isinstance(step, Block):
                self._block(step)
            elif self._is_chosen(step):
                self._task(step)
        self._path.pop()

    def _is_chosen(self, task: Task) -> bool:
        """Whether the tags choose the task, and its role did not run on this host before."""
        is_needless = task.role is not None and not self.state.roles.isdisjoint(task.role.twins)
        return self.run.options.tags.selects(task.keywords.tags) and not is_needless

    def _block(self, block: Block) -> None:
        depth, failure = len(self._path), None
        try:
            self._body(block)
        except StepFailed as error:
            failure = error
            if block.rescue:
                failure = self._rescue(block, error, depth)
        del self._path[depth:]
        self._part(2, block.always)
        if failure:
            raise failure

    def _body(self, block: Block) -> None:
        self._rescuers += bool(block.rescue)
        try:
            self._part(0, block.body)
        finally:
            self._rescuers -= bool(block.rescue)

    def _rescue(self, block: Block, error: StepFailed, depth: int) -> StepFailed | None:
        """Run what rescues the block; returns its own failure, if it has one."""
        del self._path[depth:]
        failed = {"name": error.task.name, "action": error.task.action}
        self.state.registered["ansible_failed_task"] = failed
        self.state.registered["ansible_failed_result"] = dict(error.result.values)
        try:
            self._part(1, block.rescue)
        except StepFailed as again:
            return again
        return None

    def _part(self, number: int, steps: tuple[Step, ...]) -> None:
        self._path.append(number)
        self._steps(steps)
        self._path.pop()

    # --- one task ---

    def _task(self, task: Task) -> None:
        """Run a task and do what follows from it."""
        with self.run.room.slots:
            self.run.barrier.arrive(self.state.name, tuple(self._path))
            if self.run.has_ended(tuple(self._path)) or self.run.interrupted.is_set():
                raise HostLeft
            self.state.task = task
            running = TaskRun(task, self.state, self.run)
            result, included = self._perform(running)
            self.run.rest(self.state)
        if task.role and result.outcome is not Outcome.SKIPPED:
            self.state.roles.add(task.role.number)
        if result.outcome is Outcome.UNREACHABLE:
            self.state.status = HostStatus.UNREACHABLE
            raise HostLeft
        if result.outcome in (Outcome.FAILED, Outcome.RESCUED):
            raise StepFailed(task, result)
        self._steer(task, [effect.word for _, effect in running.effects if isinstance(effect, Steer)])
        for number, inclusion in enumerate(included):
            self._include(number, inclusion)

    def _perform(self, running: TaskRun) -> tuple[Result, list[Included]]:
        """Run a task and tell of it, as Ansible does: an include once for each of its files."""
        task = running.task
        is_silent = arguments.find(task.action, task.where).is_silent
        if not is_silent:
            self.run.emit(TaskStarted(self.state.name, task.title, task.where, self._kind))
        result = running.perform()
        if self.run.interrupted.is_set() and result.outcome is Outcome.UNREACHABLE:
            raise HostLeft  # by our own doing
        included: list[Included] = []
        try:
            included = list(self._load_included(running, result))
        except SourceError as error:
            result = replace(result, outcome=Outcome.FAILED, values=failure(error), message=str(error))
        if result.outcome is Outcome.FAILED and self._rescuers:
            result = replace(result, outcome=Outcome.RESCUED)
        reports = [replace(result, values=inclusion.values, message="") for inclusion in included] or [result]
        if is_silent and result.outcome not in (Outcome.FAILED, Outcome.RESCUED):
            reports = []
        for report in reports:
            self.run.emit(TaskFinished(report))
        if result.outcome is Outcome.CHANGED:
            self._notify(running.notified)
        return result, included

    def _steer(self, task: Task, words: list[str]) -> None:
        """What a meta asks for; there are no `words` where its condition did not hold."""
        word = words[-1] if words else None
        if arguments.find(task.action, task.where).is_barrier(task.args):
            self.run.meet_at_end(self.state.name, tuple(self._path), word is not None)
            if self.run.has_ended((*self._path, 1)):
                raise HostLeft
        elif word == "flush_handlers":
            self._flush_handlers()
        elif word == "end_host":
            raise HostLeft
        elif word == "reset_connection":
            self.state.session.close()

    def _load_included(self, running: TaskRun, result: Result) -> Iterator[Included]:
        """What an include brings, for each item of its loop; they see the item."""
        task = running.task
        if result.is_failed:
            return
        context = self.run.scope.context(task)
        for values, effect in running.effects:
            if isinstance(effect, Include):
                item = Item(unsafe(item_variables(values)))
                params = (*task.keywords.include_params, *([item] if item else []))
                yield Included(values, load_file(effect.path, context, task.handed_down(params)))

    def _include(self, number: int, included: Included) -> None:
        if self._includes >= MAX_INCLUDES:
            where = self.state.task.where if self.state.task else None
            raise PlaybookError(f"tasks include each other more than {MAX_INCLUDES} levels deep", where)
        self._path.append(number)
        self._includes += 1
        try:
            self._steps(included.steps)
        finally:
            self._includes -= 1
        self._path.pop()

    # --- handlers ---

    def _notify(self, names: list[str]) -> None:
        variables = self.run.scope.variables(self.state, self.state.task)
        for name in names:
            where = self.state.task.where if self.state.task else None
            self.state.notified.update(self.run.handlers.require(name, variables, where))

    def _flush_handlers(self) -> None:
        """Run what was notified, in the order in which the handlers are defined, each once.

        One that a handler notifies runs in the same flush where it stands behind that
        one, else in the next.
        """
        kind, self._kind = self._kind, "handler"
        depth = len(self._path)
        try:
            for number, handler in enumerate(self.run.handlers.tasks):
                if number in self.state.notified:
                    self._path[depth:] = [BEHIND_ALL_STEPS, number]
                    self._task(handler)
                    self.state.notified.discard(number)
        finally:
            self._kind = kind
        del self._path[depth:]
