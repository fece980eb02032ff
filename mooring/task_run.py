"""One task on one host: conditions, loop, arguments, the action or module, retries, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring import arguments
from mooring.blocks import Task
from mooring.call import Call, Reply
from mooring.conditions import enrich, judge, unmet
from mooring.errors import HostUnreachable, SourceError, TemplateError
from mooring.host_state import HostState
from mooring.play_run import PlayRun
from mooring.remote import Content
from mooring.results import ItemFinished, Outcome, Progress, Result, Warned
from mooring.variables import Variables


@dataclass(frozen=True)
class TaskRun:
    """A task, the host it runs on, and the play that it is part of."""

    task: Task
    state: HostState
    run: PlayRun

    def perform(self) -> Result:
        """Run the task with its loop; never raises for what happens on the host."""
        started = time.monotonic()
        variables = self.run.variables(self.state, self.task)
        try:
            values = self._once_or_loop(variables)
        except SourceError as error:
            values = {"failed": True, "msg": str(error)}
        except HostUnreachable as error:
            values = {"unreachable": True, "failed": True, "msg": error.reason}
        return self._result(values, time.monotonic() - started, variables)

    def _once_or_loop(self, variables: Variables) -> dict[str, Any]:
        items = self._items(variables)
        if items is None:
            return self._item(variables)
        results = []
        control = self.task.loop_control
        name = control.get("loop_var", "item")
        for index, item in enumerate(items):
            if index and control.get("pause"):
                self.run.wait(float(control["pause"]))
            layer = {name: item, "ansible_loop_var": name, **self._loop_variables(items, index)}
            inner = variables.with_layer(layer, final=True)
            started = time.monotonic()
            values = {**self._item(inner), "item": item, "ansible_loop_var": name}
            results.append(values)
            label = self._render(control["label"], inner) if "label" in control else item
            self.run.emit(ItemFinished(self._build(values, time.monotonic() - started, inner, label=str(label))))
            if values.get("unreachable"):
                break
        return _loop_values(results)

    def _items(self, variables: Variables) -> list[Any] | None:
        """The loop's items, None without a loop; a loop that cannot be known counts only if the task would run."""
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
        return list(items)

    def _unmet_quietly(self, variables: Variables) -> bool:
        try:
            return unmet(self.task.keywords.when, self.run.templar, variables) is not None
        except TemplateError:
            return False

    def _loop_variables(self, items: list[Any], index: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "index_var" in self.task.loop_control:
            found[self.task.loop_control["index_var"]] = index
        if self.task.loop_control.get("extended"):
            found["ansible_loop"] = {
                "allitems": items, "index": index + 1, "index0": index, "first": index == 0,
                "last": index == len(items) - 1, "length": len(items),
            }  # fmt: skip
        return found

    def _item(self, variables: Variables) -> dict[str, Any]:
        failed_condition = unmet(self.task.keywords.when, self.run.templar, variables)
        if failed_condition is not None:
            skipped = {"skipped": True, "skip_reason": "Conditional result was False"}
            return {"changed": False, **skipped, "false_condition": failed_condition}
        retries = self._retries(variables)
        for attempt in range(1, retries + 2):
            values, known = self._attempt(variables)
            if not retries:
                return values
            values["attempts"] = attempt
            if self._is_done(values, known):
                return values
            if attempt <= retries:
                self.run.wait(float(self._render(self.task.delay, variables)))
        return {**values, "failed": True, "msg": values.get("msg") or f"gave up after {attempt} attempts"}

    def _retries(self, variables: Variables) -> int:
        if self.task.retries is not None:
            return int(self._render(self.task.retries, variables))
        return 3 if self.task.until else 0

    def _is_done(self, values: Mapping[str, Any], known: Variables) -> bool:
        if values.get("unreachable"):
            return True
        if self.task.until:
            return unmet(self.task.until, self.run.templar, known) is None
        return not values.get("failed")

    def _attempt(self, variables: Variables) -> tuple[dict[str, Any], Variables]:
        values = enrich(self._act(variables))
        for warning in values.pop("warnings", None) or ():
            self.run.emit(Warned(str(warning), self.state.name))
        layer = {self.task.register: values} if self.task.register else {}
        known = variables.with_layer(layer, final=True)
        return judge(self.task, values, self.run.templar, known), known

    def _act(self, variables: Variables) -> Reply:
        task, check = self.task, self._mode("check_mode", self.run.options.check, variables)
        diff = self._mode("diff", self.run.options.diff, variables)
        signature = arguments.find(task.action, task.where)
        args = arguments.normalize(signature, self._render(dict(task.args), variables), task.where)

        def module(name: str, given: Mapping[str, Any], content: Content | None = None) -> Reply:
            own = arguments.normalize(arguments.find_module(name), given, task.where)
            request = {"module": name, "args": own, "check": check, "diff": diff}
            environment = self._environment(variables)
            if environment:
                request["environment"] = environment
            return self._remote_call(request, content, variables)

        action = arguments.action_module(task.action)
        if action is None:
            return module(task.action, {name: value for name, value in args.items() if value is not None})
        context = self.run.context(task)
        call = Call(task, context, self.state.name, args, variables, check, diff, module, self.run.wait)
        reply: Reply = action.run(call)
        return reply

    def _remote_call(self, request: Mapping[str, Any], content: Content | None, variables: Variables) -> Reply:
        def tell(what: str, done: int, total: int) -> None:
            self.run.emit(Progress(self.state.name, self.task.title, what, done, total))

        user = self.run.become_user(self.task, variables)
        return self.state.session.call(variables, user, request, content, tell)

    def _environment(self, variables: Variables) -> dict[str, str]:
        merged: dict[str, str] = {}
        for layer in self.task.keywords.environment:
            rendered = self._render(layer, variables)
            if isinstance(rendered, Mapping):
                merged.update({str(name): str(value) for name, value in rendered.items()})
        return merged

    def _mode(self, keyword: str, default: bool, variables: Variables) -> bool:
        value = getattr(self.task.keywords, keyword)
        return default if value is None else self.run.truth(value, variables)

    def _render(self, value: Any, variables: Variables) -> Any:
        return self.run.templar.render(value, variables)

    # --- what is kept ---

    def _result(self, values: dict[str, Any], seconds: float, variables: Variables) -> Result:
        values = enrich(values)
        if self.task.register:
            self.state.registered[self.task.register] = values
        for one in values.get("results", [values]) if self.task.loop is not None else [values]:
            self.state.learn(one, self.task.action)
        ignore = self.task.keywords.ignore_errors
        ignored = bool(values["failed"]) and ignore is not None and self.run.truth(ignore, variables)
        return self._build(values, seconds, variables, ignored)

    def _title(self, variables: Variables) -> str:
        try:
            return str(self._render(self.task.title, variables))
        except TemplateError:
            return self.task.title

    def _build(
        self,
        values: Mapping[str, Any],
        seconds: float,
        variables: Variables,
        ignored: bool = False,
        label: str | None = None,
    ) -> Result:
        return Result(
            self.state.name,
            self._title(variables),
            outcome_of(values, ignored),
            {name: value for name, value in values.items() if name not in ("diff", "exception")},
            _message(values),
            tuple(values.get("diff") or ()),
            str(values.get("exception") or ""),
            seconds,
            label,
            self.task.where,
            self._mode("no_log", False, variables),
        )


def outcome_of(values: Mapping[str, Any], ignored: bool) -> Outcome:
    """The outcome that return values mean."""
    if values.get("unreachable"):
        return Outcome.UNREACHABLE
    if values.get("failed"):
        return Outcome.IGNORED if ignored else Outcome.FAILED
    if values.get("skipped"):
        return Outcome.SKIPPED
    return Outcome.CHANGED if values.get("changed") else Outcome.OK


def _message(values: Mapping[str, Any]) -> str:
    message = values.get("msg", "")
    return message if isinstance(message, str) else str(message)


def _loop_values(results: list[dict[str, Any]]) -> dict[str, Any]:
    """What a loop as a whole returns, as Ansible sums it up."""
    ran = [one for one in results if not one.get("skipped")]
    whole: dict[str, Any] = {"results": results, "changed": any(one.get("changed") for one in results)}
    whole["diff"] = [diff for one in results for diff in one.get("diff") or ()]
    if not ran:
        return {**whole, "skipped": True, "msg": "All items skipped" if results else "No items in the list"}
    whole["msg"] = "All items completed"
    failed = [one for one in ran if one.get("failed")]
    if failed:
        whole.update(failed=True, msg=str(failed[0].get("msg") or "One or more items failed"))
    if any(one.get("unreachable") for one in ran):
        whole["unreachable"] = True
    return whole
