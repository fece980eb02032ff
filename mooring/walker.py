"""One host's way through a play: sections, blocks with rescue and always, includes, handlers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.blocks import Block, Step, Task
from mooring.host_state import HostState, Standing
from mooring.loading import load_file
from mooring.play_run import PlayRun
from mooring.results import Outcome, Result, TaskFinished, TaskStarted
from mooring.task_run import TaskRun
from mooring.variables import foreign


class StepFailed(Exception):
    """A task failed; carries its result up to the block that may rescue it."""

    def __init__(self, task: Task, result: Result) -> None:
        super().__init__(result.message)
        self.task, self.result = task, result


class HostLeft(Exception):
    """The host leaves the play: unreachable, or by meta: end_host."""


class Walker:
    """Walks one host through one play; everything here runs in the host's own thread."""

    def __init__(self, run: PlayRun, state: HostState) -> None:
        self.run, self.state = run, state
        self._path: list[int] = [0]
        self._rescuers = 0
        self._kind = "task"

    def walk(self) -> None:
        """The whole play; the host's standing says afterwards how it went."""
        try:
            if self.run.play.gather_facts:
                self._task(self._fact_task())
            for number, section in enumerate(self.run.play.sections):
                self._path = [number + 1]
                self._steps(section)
                self._flush_handlers()
        except StepFailed:
            self.state.standing = Standing.FAILED
        except HostLeft:
            pass
        finally:
            self.run.meeting.leave(self.state.name)

    def _fact_task(self) -> Task:
        play = self.run.play
        return Task("Gathering Facts", play.where, "setup", {}, replace(play.keywords, vars=(), when=()))

    def _steps(self, steps: tuple[Step, ...]) -> None:
        self._path.append(0)
        for step in steps:
            self._path[-1] += 1
            if isinstance(step, Block):
                self._block(step)
            elif self.run.options.tags.selects(step.keywords.tags):
                self._task(step)
        self._path.pop()

    def _block(self, block: Block) -> None:
        depth = len(self._path)
        try:
            self._body(block, depth)
        finally:
            del self._path[depth:]
            if self.state.is_active:
                self._part(2, block.always)

    def _body(self, block: Block, depth: int) -> None:
        self._rescuers += bool(block.rescue)
        try:
            self._part(0, block.body)
        except StepFailed as failure:
            if not block.rescue:
                raise
            del self._path[depth:]
            self._rescuers -= 1
            self._remember(failure)
            self._part(1, block.rescue)
            return
        except HostLeft:
            self._rescuers -= bool(block.rescue)
            raise
        self._rescuers -= bool(block.rescue)

    def _part(self, number: int, steps: tuple[Step, ...]) -> None:
        self._path.append(number)
        self._steps(steps)
        self._path.pop()

    def _remember(self, failure: StepFailed) -> None:
        """What failed, for the tasks that rescue it."""
        self.state.registered["ansible_failed_task"] = {
            "name": failure.task.name,
            "action": failure.task.action,
        }
        self.state.registered["ansible_failed_result"] = dict(failure.result.values)

    def _task(self, task: Task) -> None:
        if self.run.ended.is_set():
            raise HostLeft
        result = self._perform(task)
        if result.outcome is Outcome.UNREACHABLE:
            self.state.standing = Standing.UNREACHABLE
            raise HostLeft
        if result.outcome in (Outcome.FAILED, Outcome.RESCUED):
            raise StepFailed(task, result)
        if result.is_changed or self._has_changed_item(result):
            self._notify(task)
        self._follow(task, result)

    def _has_changed_item(self, result: Result) -> bool:
        return any(one.get("changed") for one in result.values.get("results") or () if isinstance(one, dict))

    def _perform(self, task: Task) -> Result:
        name = self.state.name
        with self.run.slots:
            self.run.meeting.arrive(name, tuple(self._path))
            if self.run.interrupted.is_set():
                raise HostLeft
            self.run.emit(TaskStarted(name, task.title, task.where, self._kind))
            result = TaskRun(task, self.state, self.run).perform()
            if self.run.interrupted.is_set():
                raise HostLeft
        if result.outcome is Outcome.FAILED and self._rescuers:
            result = replace(result, outcome=Outcome.RESCUED)
        self.run.emit(TaskFinished(result))
        return result

    # --- what a task makes the walker do ---

    def _notify(self, task: Task) -> None:
        variables = self.run.variables(self.state, task)
        for name in task.notify:
            for one in self._names(self.run.templar.render(name, variables)):
                if one not in self.state.notified:
                    self.state.notified.append(one)

    def _names(self, rendered: Any) -> list[str]:
        return [str(one) for one in rendered] if isinstance(rendered, list) else [str(rendered)]

    def _follow(self, task: Task, result: Result) -> None:
        word = result.values.get("meta")
        if word == "flush_handlers":
            self._flush_handlers()
        elif word == "end_host":
            raise HostLeft
        elif word == "end_play":
            self.run.ended.set()
            raise HostLeft
        elif word == "reset_connection":
            self.state.session.close()
        if task.action == "include_tasks":
            for one in result.values.get("results") or [result.values]:
                if one.get("include"):
                    self._include(task, one)

    def _include(self, task: Task, values: dict[str, Any]) -> None:
        """The included tasks, with the loop's item where the include had one."""
        params = task.keywords.include_params
        if "item" in values:
            params = (*params, {values["ansible_loop_var"]: foreign(values["item"])})
        inherited = replace(task.keywords, include_params=params, when=(), tags=frozenset())
        context = self.run.context(task)
        self._steps(load_file(Path(values["include"]), context, inherited))

    def _flush_handlers(self) -> None:
        """Run what was notified, in the order in which the handlers are defined, each once."""
        kind, self._kind = self._kind, "handler"
        self._path.append(1_000_000)
        try:
            for handler in self.run.play.handlers:
                names = set(handler.titles()) & set(self.state.notified)
                if names:
                    self._path.append(0)
                    self._task(handler)
                    self._path.pop()
                    self._forget(names, handler)
        finally:
            self._kind = kind
        self._path.pop()
        self.state.notified.clear()

    def _forget(self, names: set[str], handler: Task) -> None:
        """A handler's own name is done with; a topic stays for the others that listen to it."""
        self.state.notified = [name for name in self.state.notified if name not in names or name in handler.listen]
