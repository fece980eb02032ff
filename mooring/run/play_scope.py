"""What the hosts of a play see: their variables, and the keywords that are rendered with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from mooring.errors import SourceError, TemplateError, Where
from mooring.inventory.inventory import Inventory
from mooring.playbook import arguments
from mooring.playbook.keywords import Keywords, check_become_method
from mooring.playbook.playbook import Play, load_vars_file
from mooring.playbook.tasks import Context, Task
from mooring.run.host_state import KnownHost
from mooring.run.options import Options
from mooring.templating.conversion import as_bool
from mooring.templating.foreign import as_text, weigh
from mooring.templating.foreign_kinds import Foreign
from mooring.templating.templar import OMIT, Templar
from mooring.templating.variables import HostVars, Precedence, Variables

USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")


@dataclass(frozen=True)
class Batch:
    """The hosts that go through a play at the same time, and all hosts of the play."""

    hosts: tuple[str, ...]
    play_hosts: tuple[str, ...]


@dataclass(frozen=True)
class PlayScope:
    """A play as its hosts see it, also where it is only looked at and never run; `known` are all
    hosts of the site.

    `meet` waits, for the first host, until the second one's variables are what that one may see.
    """

    play: Play
    inventory: Inventory
    options: Options
    known: Mapping[str, KnownHost]
    batch: Batch
    meet: Callable[[str, str], None] = lambda host, other: None
    _vars_files: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict, init=False)

    @property
    def templar(self) -> Templar:
        return self.play.context.templar

    def context(self, task: Task) -> Context:
        """Where the task's files are looked for."""
        return replace(self.play.context, role=task.role)

    def keyword(self, keywords: Keywords, name: str, variables: Variables) -> Any:
        """The rendered value of a keyword that is handed down."""
        return keywords.render(name, lambda value: self.templar.render(value, variables))

    def truth(self, keywords: Keywords, name: str, variables: Variables, default: bool = False) -> bool:
        """A keyword that is yes, no, or a template for it; `default` where it is not given."""
        value = self.keyword(keywords, name, variables)
        return default if value is None else is_true(value, getattr(getattr(keywords, name), "where", None))

    def is_hidden(self, task: Task, variables: Variables) -> bool:
        """Whether no_log hides what the task says; also where that cannot be found out."""
        try:
            return self.truth(task.keywords, "no_log", variables)
        except TemplateError:
            return True

    def become_user(self, task: Task | Play, variables: Variables) -> str | None:
        """Whom the task becomes, None for the login user; as in Ansible, variables
        win over keywords.

        The variables are the operator's alone. A keyword may name a fact, such as ansible_user_id,
        but not more of it than the name of a user.
        """
        own, keywords = variables.operators(), task.keywords
        become, user = (
            self.keyword(keywords, name, variables) if value is OMIT else value
            for name, value in ((name, own.get(f"ansible_{name}", OMIT)) for name in ("become", "become_user"))
        )
        check_become_method(self.keyword(keywords, "become_method", variables), task.where)
        user = user and as_text(user)
        if isinstance(user, Foreign) and not user.is_chosen and not USER.fullmatch(user):
            raise TemplateError("become_user holds a host's text that is not a user name", task.where)
        is_wanted = self.options.become if become is None else is_true(become)
        return str(user or self.options.become_user or "root") if is_wanted else None

    def host_variables(self, state: KnownHost) -> Variables:
        """The variables of a host outside any task."""
        return self.variables(state, None)

    def variables(self, state: KnownHost, task: Task | None) -> Variables:
        """What a host sees in a task, in Ansible's order of precedence, lowest first."""
        play = self.play
        own = [task.role] if task and task.role else []
        precedence = Precedence(
            role_defaults=[role.defaults for role in (*play.roles, *own)],
            inventory=self.inventory.layers(state.host),
            facts=[state.facts],
            play_vars=play.keywords.vars,
            role_vars=[role.vars for role in (*play.roles, *own)],
            task_vars=task.keywords.vars if task else (),
            include_vars=[state.included],
            set_facts=[state.registered],
            role_params=[role.params for role in own],
            include_params=task.keywords.include_params if task else (),
            extra_vars=[self.options.extra_vars],
            magic=[self._magic(state), self._magic_of_play(state, task)],
        )
        if play.vars_files:
            known = precedence.variables(self.templar)
            precedence = replace(precedence, vars_files=list(self._load_vars_files(known, task)))
        return precedence.variables(self.templar)

    def _other(self, asking: KnownHost, name: str) -> Variables:
        """Another host's variables, once it has come as far as the host that asks."""
        if name != asking.name:
            self.meet(asking.name, name)
        return self._shared(name)

    def _shared(self, name: str) -> Variables:
        """What `hostvars` hold of a host: as in Ansible nothing of plays, roles, blocks and
        tasks."""
        state = self.known[name]
        precedence = Precedence(
            inventory=self.inventory.layers(state.host),
            facts=[state.facts],
            include_vars=[state.included],
            set_facts=[state.registered],
            extra_vars=[self.options.extra_vars],
            magic=[self._magic(state)],
        )
        return precedence.variables(self.templar)

    def _load_vars_files(self, variables: Variables, task: Task | None) -> Iterator[Mapping[str, Any]]:
        """The variables of the play's vars_files.

        A file that a host's facts name is left out until they are known, and where no task asks: a
        host that spoils such a path fails its own tasks only.
        """
        for name in self.play.vars_files:
            path = None
            try:
                path = self.templar.render(name, variables)
                values = self._vars_file(as_text(path))
            except SourceError:
                is_early = task is None or arguments.find(task.action, None).finds_facts
                if not is_early or self._is_operators(name, path, variables):
                    raise
                continue
            yield values

    def _is_operators(self, name: str, path: Any, variables: Variables) -> bool:
        """Whether the name of a file becomes this path without any host's word."""
        try:
            return bool(self.templar.render(name, variables.operators()) == path)
        except SourceError:
            return False

    def _vars_file(self, path: str) -> Mapping[str, Any]:
        key = (path, weigh(path))  # what is checked of the one is not of the other
        if key not in self._vars_files:
            self._vars_files[key] = load_vars_file(self.play, path)
        return self._vars_files[key]

    def _magic(self, state: KnownHost) -> dict[str, Any]:
        return {
            "inventory_hostname": state.name,
            "inventory_hostname_short": state.name.split(".")[0],
            "group_names": list(state.host.group_names),
            "groups": self.inventory.group_members(),
            "playbook_dir": str(Path(self.play.context.playbook_dir).resolve()),
            "inventory_dir": state.host.directory,
            "inventory_file": state.host.source,
            "ansible_check_mode": self.options.check,
            "ansible_diff_mode": self.options.diff,
            "ansible_verbosity": self.options.verbosity,
            "ansible_run_tags": sorted(self.options.tags.only or {"all"}),
            "ansible_skip_tags": sorted(self.options.tags.skip),
        }

    def _magic_of_play(self, state: KnownHost, task: Task | None) -> dict[str, Any]:
        magic = {
            "hostvars": HostVars(tuple(self.known), partial(self._other, state), self._shared),
            "play_hosts": list(self.batch.play_hosts),
            "ansible_play_hosts": list(self.batch.play_hosts),
            "ansible_play_hosts_all": list(self.batch.play_hosts),
            "ansible_play_batch": list(self.batch.hosts),
            "ansible_play_name": self.play.name,
            "omit": OMIT,
        }
        if task and task.role:
            magic.update(role_name=task.role.name, role_path=str(task.role.path.resolve()))
        return magic


def is_true(value: Any, where: Where | None = None) -> bool:
    """Whether a rendered keyword means yes; from --extra-vars it comes as a word."""
    known = False if value is None else as_bool(value)
    if known is None:
        raise TemplateError(f'must be yes or no, not "{value}"', where)
    return known
