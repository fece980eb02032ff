"""One task on one host: its loop, conditions and retries, what is kept of it, its result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mooring.actions.effects import EFFECT, IncludeVariables, SetFacts
from mooring.errors import BecomeFailed, HostUnreachable, SourceError, TaskTimedOut, TemplateError
from mooring.playbook.tasks import Task
from mooring.results import ItemFinished, Result, Warned
from mooring.run.attempt import Attempt
from mooring.run.conditions import apply_conditions, enrich, unmet
from mooring.run.host_state import HostState
from mooring.run.loops import Loop, sum_up
from mooring.run.play_run import PlayRun
from mooring.run.return_values import as_number, failure, outcome_of, public, says_failed
from mooring.templating.foreign import mark
from mooring.templating.refusals import refuse_name
from mooring.templating.templar import OMIT
from mooring.templating.variables import Variables

DEFAULT_RETRIES, DEFAULT_DELAY = 3, 5


@dataclass(frozen=True)
class Done:
    """What a task, or an item of its loop, returned, and how that is to be taken."""

    values: dict[str, Any]
    is_failed: bool = False
    is_ignored: bool = False
    is_hidden: bool = False


@dataclass(frozen=True)
class TaskRun:
    """A task, the host it runs on, and the play that it is part of.

    `notified` are the handlers that it names, `effects` what its action asks for,
    with their values.
    """

    task: Task
    state: HostState
    run: PlayRun
    notified: list[str] = field(default_factory=list)
    effects: list[tuple[dict[str, Any], object]] = field(default_factory=list)

    def perform(self) -> Result:
        """Run the task with its loop; never raises for what happens on the host."""
        started = time.monotonic()
        variables = self.run.scope.variables(self.state, self.task)
        try:
            loop = self._loop(variables)
        except SourceError as error:
            done = self._done(failure(error), variables)
        else:
            done = self._once(variables) if loop is None else self._items(loop, variables)
        self._register(done.values)
        return self._result(done, time.monotonic() - started, self._title(variables))

    def _register(self, values: dict[str, Any]) -> None:
        if self.task.register:
            self.state.registered[self.task.register] = public(values)

    def _loop(self, variables: Variables) -> Loop | None:
        """The task's loop, if any; one that cannot be known counts only if the task would run."""
        if self.task.loop is None:
            return None
        try:
            items = self._render(self.task.loop, variables)
        except TemplateError:
            if self._unmet_quietly(variables):
                return None
            raise
        if not isinstance(items, (list, tuple)):
            raise SourceError(f"loop needs a list, not {type(items).__name__}", self.task.where, "use | list")
        return Loop(list(items), self.task.loop_control)

    def _unmet_quietly(self, variables: Variables) -> bool:
        try:
            return unmet(self.task.keywords.when, self.run.templar, variables) is not None
        except TemplateError:
            return False

    def _items(self, loop: Loop, variables: Variables) -> Done:
        """Every item in turn, until the host is lost; a failed item does not stop the others."""
        done: list[Done] = []
        for index in range(len(loop.items)):
            if index and loop.control.get("pause"):
                self.run.wait(self._number(loop.control["pause"], "pause", 0, variables))
            started = time.monotonic()
            layer = loop.layer(index)
            inner = variables.with_layer(layer, final=True)
            item = self._once(inner)
            item.values.update(layer)
            self._register(item.values)
            item, label = self._label(loop, item, inner)
            done.append(item)
            if item.values.get("unreachable") and self.run.interrupted.is_set():
                break  # by our own doing
            self.run.emit(ItemFinished(self._result(item, time.monotonic() - started, self._title(inner), label)))
            if item.values.get("unreachable"):
                break
        failed = [item for item in done if item.is_failed]
        is_ignored = bool(failed) and all(item.is_ignored for item in failed)
        whole = enrich(sum_up([item.values for item in done]))
        return Done(whole, bool(failed), is_ignored, any(item.is_hidden for item in done))

    def _label(self, loop: Loop, item: Done, variables: Variables) -> tuple[Done, str]:
        """The item's label; where that cannot be rendered, the item has failed."""
        try:
            label = self._render(loop.control.get("label", OMIT), variables)
        except TemplateError as error:
            item.values.update(failed=True, msg=f"loop_control's label: {error}")
            return replace(item, is_failed=True), ""
        return item, str(item.values[loop.name] if label is OMIT else label)

    def _once(self, variables: Variables) -> Done:
        """The task with these variables; its own loop knows at once what it says about the host."""
        try:
            values = self._values(variables)
        except BecomeFailed as error:  # as in Ansible the task failed, and the host goes on
            values = failure(error)
        except HostUnreachable as error:
            values = {"unreachable": True, "failed": True, "msg": error.reason}
        except TaskTimedOut as error:  # as in Ansible it is neither judged nor tried again
            values = {**failure(error), "timedout": {"period": error.seconds}}
        except (SourceError, OSError, UnicodeError) as error:
            values = failure(error)
        effect = values.pop(EFFECT, None)
        done = self._done(values, variables)
        if not done.is_failed:
            self._learn(done, effect, variables)
        return done

    def _learn(self, done: Done, effect: object, variables: Variables) -> None:
        """Keep what the task says about the host: an action's variables, or a module's facts."""
        if isinstance(effect, SetFacts):
            self.state.registered.update(effect.facts)
        elif isinstance(effect, IncludeVariables):
            self.state.included.update(effect.variables)
        elif effect is not None:
            self.effects.append((done.values, effect))
        elif done.values.get("ansible_facts"):
            dropped = self.state.learn(done.values["ansible_facts"], self.task.action, variables)
            if dropped and not done.is_hidden:
                self.run.emit(Warned(dropped, self.state.name))

    def _done(self, values: dict[str, Any], variables: Variables) -> Done:
        full, is_hidden = enrich(values), self.run.scope.is_hidden(self.task, variables)
        if full["failed"] and "msg" in full:
            full["msg"] = mark(full["msg"])  # an error of ours may quote the host
        for warning in full.pop("warnings", None) or ():
            if not is_hidden:
                self.run.emit(Warned(str(warning), self.state.name))
        is_failed = says_failed(full)
        return Done(full, is_failed, is_failed and self._ignores(variables), is_hidden)

    def _ignores(self, variables: Variables) -> bool:
        try:
            return self.run.scope.truth(self.task.keywords, "ignore_errors", variables)
        except TemplateError:
            return False

    def _values(self, variables: Variables) -> dict[str, Any]:
        """The return values of the last attempt, or why there was none."""
        condition = unmet(self.task.keywords.when, self.run.templar, variables)
        if condition is not None:
            reason = {"skip_reason": "Conditional result was False", "false_condition": condition}
            return {"changed": False, "skipped": True, **reason}
        self._remember_handlers(variables)
        retries = self._retries(variables)
        if not retries:
            return self._attempt(variables)
        for attempt in range(1, retries + 2):
            values = self._attempt(variables, attempt)
            if self._is_done(values, variables):
                return values
            if attempt <= retries:
                self.run.wait(self._number(self.task.delay, "delay", DEFAULT_DELAY, variables))
        gave_up = {"attempts": retries, "failed": True}
        return {**values, **gave_up, "msg": values.get("msg") or f"gave up after {attempt} attempts"}

    def _remember_handlers(self, variables: Variables) -> None:
        for name in self.task.notify:
            rendered = self._render(name, variables)
            for handler in rendered if isinstance(rendered, list) else [rendered] if rendered is not OMIT else []:
                refuse_name(handler, "the handler")
                self.notified.append(str(handler))

    def _retries(self, variables: Variables) -> int:
        default = DEFAULT_RETRIES if self.task.until else 0
        return int(self._number(self.task.retries, "retries", default, variables))

    def _number(self, value: Any, keyword: str, default: float, variables: Variables) -> float:
        """A keyword that is a number; `default` where it is not given, or omitted."""
        rendered = self._render(value, variables)
        return default if rendered is None or rendered is OMIT else as_number(rendered, keyword)

    def _is_done(self, values: Mapping[str, Any], variables: Variables) -> bool:
        if values.get("unreachable") or values.get("skipped"):
            return True
        if self.task.until:
            return unmet(self.task.until, self.run.templar, self._knowing(values, variables)) is None
        return not values["failed"]

    def _attempt(self, variables: Variables, number: int = 0) -> dict[str, Any]:
        reply = Attempt(self.task, self.state, self.run, variables).perform()
        values = enrich(reply)
        if number:
            values["attempts"] = number
        apply_conditions(self.task, values, self.run.templar, lambda: self._knowing(values, variables))
        return values

    def _knowing(self, values: Mapping[str, Any], variables: Variables) -> Variables:
        """The variables with the result so far under its name."""
        return variables.with_layer({self.task.register: values} if self.task.register else {}, final=True)

    def _render(self, value: Any, variables: Variables) -> Any:
        return self.run.templar.render(value, variables)

    # --- the result ---

    def _title(self, variables: Variables) -> str:
        try:
            return str(self._render(self.task.title, variables))
        except TemplateError:
            return self.task.title

    def _result(self, done: Done, seconds: float, title: str, label: str | None = None) -> Result:
        values = done.values
        message = values.get("msg", "")
        return Result(
            self.state.name,
            title,
            outcome_of(values, done.is_failed, done.is_ignored),
            {name: value for name, value in values.items() if name not in ("diff", "exception")},
            message if isinstance(message, str) else str(message),
            tuple(values.get("diff") or ()),
            traceback=str(values.get("exception") or ""),
            seconds=seconds,
            item=label,
            where=self.task.where,
            no_log=done.is_hidden,
        )
