"""One attempt of a task on a host: its arguments rendered, and handed to the action or to the
host's module."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.actions.call import Call, Mode, Reach, Reply
from mooring.errors import TemplateError
from mooring.playbook import arguments
from mooring.playbook.tasks import Task
from mooring.results import Progress, Silence
from mooring.run.action_files import find_action
from mooring.run.host_state import HostState
from mooring.run.play_run import PlayRun
from mooring.run.time_limit import TimeLimit
from mooring.templating.foreign import mark
from mooring.templating.templar import OMIT
from mooring.templating.variables import Variables, unsafe
from mooring.transport.request import Content


@dataclass(frozen=True)
class Attempt:
    """A task on a host, with the variables of this moment and of this item of its loop.

    `modules` are those that the host was asked to run.
    """

    task: Task
    state: HostState
    run: PlayRun
    variables: Variables
    modules: list[str] = field(default_factory=list)

    def perform(self) -> Reply:
        """What the action or the module answers; raises what keeps it from answering.

        What comes from the host is marked as its text. An action that asked the host may have put
        its words anywhere; one that did not says only what it was given, which has its marks
        already and is not rendered again.
        """
        reply = self._perform()
        return mark(reply) if self.modules else unsafe(reply)  # type: ignore[no-any-return]

    def _perform(self) -> Reply:
        task = self.task
        signature = arguments.find(task.action, task.where)
        args = arguments.normalize(signature, self._render(dict(task.args)), task.where)
        self._limit  # noqa: B018 - its time begins now
        action = find_action(task.action)
        if action is None:
            return self._ask(task.action, args)
        mode = Mode(self._mode("check"), self._mode("diff"))
        reach = Reach(self.state.name, self._module, self._wait, self.state.session.renew)
        call = Call(task, self.run.scope.context(task), args, self.variables, mode, reach)
        reply: Reply = action.run(call)
        return reply

    def _module(self, name: str, args: Mapping[str, Any], content: Content | None = None) -> Reply:
        """Run a module on the host, for an action."""
        own = arguments.normalize(arguments.find_module(name), args, self.task.where)
        return self._ask(name, own, content)

    def _ask(self, name: str, own: Mapping[str, Any], content: Content | None = None) -> Reply:
        """Run a module; its arguments are normalized, once, as a default must not count as
        given."""
        self.modules.append(name)
        request = {"module": name, "args": own, "check": self._mode("check"), "diff": self._mode("diff")}
        environment = self._environment()
        if environment:
            request["environment"] = environment
        user = self.run.scope.become_user(self.task, self.variables)
        session = self.state.session
        session.on_quiet = self._tell_silence
        with self._limit.over(name, own) as seconds:
            request["timeout"] = seconds
            return session.call(self.variables, user, request, content, self._tell)

    @functools.cached_property
    def _limit(self) -> TimeLimit:
        """Counts from the attempt's beginning."""
        return TimeLimit(self.run.scope.keyword(self.task.keywords, "timeout", self.variables))

    def _wait(self, seconds: float) -> None:
        self._limit.wait(self.run.wait, seconds)

    def _tell(self, activity: str, done: int, total: int) -> None:
        if not self.run.scope.is_hidden(self.task, self.variables):
            self.run.emit(Progress(self.state.name, self.task.title, activity, done, total))

    def _tell_silence(self, seconds: float) -> None:
        self.run.emit(Silence(self.state.name, seconds))

    def _mode(self, word: str) -> bool:
        """Whether it is check mode (word: check), or whether differences are asked for (diff)."""
        default: bool = getattr(self.run.options, word)
        keyword = "check_mode" if word == "check" else "diff"
        return self.run.scope.truth(self.task.keywords, keyword, self.variables, default)

    def _environment(self) -> dict[str, str]:
        merged: dict[str, str] = {}
        for layer in self.task.keywords.environment:
            rendered = self._render(layer)
            for mapping in rendered if isinstance(rendered, list) else [rendered] if rendered is not OMIT else []:
                if not isinstance(mapping, Mapping):
                    kind = type(mapping).__name__
                    raise TemplateError(
                        f"environment must be a mapping of names to values, not {kind}", self.task.where
                    )
                merged.update({str(name): str(value) for name, value in mapping.items()})
        return merged

    def _render(self, value: Any) -> Any:
        return self.run.templar.render(value, self.variables)
