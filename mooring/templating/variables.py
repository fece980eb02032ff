"""Variables in Ansible's order of precedence, rendered when they are read.

From lowest to highest (each wins over those before it):

     1  role defaults                                8  play vars, then vars_files
     2  inventory: group vars (all, then parents     9  role vars
        before children, ansible_group_priority)    10  block vars, then task vars
     3  group_vars/all beside inventory, playbook   11  include_vars
     4  group_vars/GROUP beside inventory, playbook 12  set_fact and registered results
     5  inventory: host vars                        13  role parameters, then include parameters
     6  host_vars/ beside inventory, playbook       14  extra vars
     7  facts of the host                           15  magic variables (inventory_hostname, …)

Inventory.layers gives 2 to 6, `Precedence` puts all of it together. A fact whose name does not
begin with `ansible_` never stands in place of one of the others.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from mooring.errors import TemplateError
from mooring.source import Unsafe
from mooring.templating.templar import Templar, is_template

Layer = Mapping[str, Any]
# How a host is reached, and by which login.
_CONNECTING = re.compile(
    r"ansible_(become|connection|host$|password$|port$|private_key|python_interpreter$|remote_|scp_|sftp_|shell_|ssh_"
    r"|sudo_|timeout$|user$)"
)


def is_connecting(name: str) -> bool:
    """Whether the variable says how a host is reached, or by which login; only the operator's files
    and options do."""
    return _CONNECTING.match(name) is not None


class Variables(Mapping[str, Any]):
    """Layers of variables; a value is rendered on access, with all the layers as its context.

    Immutable but for the values that were rendered once already. `with_layer` shares the layers
    below. The layers that are `final` hold facts and results, which are foreign text and so never
    templates; `magic` are those of them that the engine itself makes.
    """

    def __init__(
        self, templar: Templar, layers: Sequence[tuple[Layer, bool]] = (), magic: Sequence[Layer] = ()
    ) -> None:
        self._templar = templar
        self._layers = (*layers, *((layer, True) for layer in magic))
        self._own = (tuple(layer for layer in layers if not layer[1]), tuple(magic))
        self._rendered: dict[str, Any] = {}
        self._reading: list[tuple[int, str]] = []

    def with_layer(self, layer: Layer, *, final: bool = False) -> Variables:
        """The same variables with a layer on top."""
        if not layer:
            return self
        upper = Variables(self._templar, (*self._layers, (layer, final)))
        lower, magic = self._own
        upper._own = (lower if final else (*lower, (layer, False)), magic)
        return upper

    def operators(self) -> Variables:
        """Only what the operator wrote, and what the engine itself says: no facts, no
        results, no set_fact.

        What it takes of other hosts by `hostvars` is only the operator's either.
        """
        layers, magic = self._own
        own = [{name: _own_view(value) for name, value in layer.items()} for layer in magic]
        return Variables(self._templar, layers, own)

    def _find(self, name: str) -> tuple[Any, bool]:
        for layer, final in reversed(self._layers):
            if name in layer:
                return layer[name], final
        raise KeyError(name)

    def raw(self, name: str) -> Any:
        """The value as it was written, not rendered."""
        return self._find(name)[0]

    def __getitem__(self, name: str) -> Any:
        if name not in self._rendered:
            value, final = self._find(name)
            if final or not is_template(value):
                return value
            self._rendered[name] = self._guarded(name, lambda: self._templar.render(value, self))
        return self._rendered[name]

    def look(self, name: str) -> Any:
        """The value as templates see it: a container's templates are rendered when they are
        read."""
        value, final = self._find(name)
        if final or not is_template(value):
            return value
        return self[name] if isinstance(value, str) else self._templar.lazy(value, self)

    def _guarded(self, name: str, render: Callable[[], Any]) -> Any:
        """Render, but not while the same thread already renders this very name."""
        reading = (threading.get_ident(), name)
        if reading in self._reading:
            chain = [other for thread, other in self._reading if thread == reading[0]]
            path = " -> ".join([*chain[chain.index(name) :], name])
            raise TemplateError(f"{name} refers to itself: {path}", getattr(self.raw(name), "where", None))
        self._reading.append(reading)
        try:
            return render()
        finally:
            self._reading.remove(reading)

    def __contains__(self, name: object) -> bool:
        return any(name in layer for layer, _ in self._layers)

    def __iter__(self) -> Iterator[str]:
        return iter({name: None for layer, _ in self._layers for name in layer})

    def __len__(self) -> int:
        return len(set().union(*(layer for layer, _ in self._layers)))


def unsafe(value: Any) -> Any:
    """The value with its strings marked as no templates, for a layer that is not final."""
    if isinstance(value, str):
        return value if isinstance(value, Unsafe) else Unsafe(value)
    if isinstance(value, Mapping):
        return {key: unsafe(child) for key, child in value.items()}
    return [unsafe(child) for child in value] if isinstance(value, (list, tuple)) else value


class HostVars(Mapping[str, Any]):
    """The magic variable `hostvars`: another host's variables by its name, made when
    they are asked for."""

    def __init__(
        self,
        names: Sequence[str],
        make: Callable[[str], Mapping[str, Any]],
        make_own: Callable[[str], Variables] | None = None,
    ) -> None:
        """`make` gives a host's variables, `make_own` does so without waiting for what other hosts
        may still say."""
        self._names, self._make, self._make_own = dict.fromkeys(names), make, make_own

    def operators(self) -> HostVars:
        """The same with only what the operator wrote of each host."""
        make = self._make_own
        return HostVars(tuple(self._names) if make else (), lambda name: make(name).operators() if make else {})

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return _View(self._make(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _own_view(value: Any) -> Any:
    return value.operators() if isinstance(value, HostVars) else value


class _View(Mapping[str, Any]):
    """Variables without the other methods, whose names would hide variables in
    `hostvars.web1.raw`."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Any:
        return self._variables[name]

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


class Item(dict[str, Any]):
    """The loop variables that an include hands down; a host may have said what the loop went
    over."""


@dataclass(frozen=True)
class Precedence:
    """The sources of a task's variables; the fields stand in Ansible's order, the lowest first."""

    role_defaults: Sequence[Layer] = ()
    inventory: Sequence[Layer] = ()
    facts: Sequence[Layer] = ()
    play_vars: Sequence[Layer] = ()
    vars_files: Sequence[Layer] = ()
    role_vars: Sequence[Layer] = ()
    _: KW_ONLY
    task_vars: Sequence[Layer] = ()
    include_vars: Sequence[Layer] = ()
    set_facts: Sequence[Layer] = ()
    role_params: Sequence[Layer] = ()
    include_params: Sequence[Layer] = ()
    extra_vars: Sequence[Layer] = ()
    magic: Sequence[Layer] = ()

    FINAL = ("facts", "set_facts")

    def variables(self, templar: Templar) -> Variables:
        """All of it as Variables."""
        layers = []
        for source in self.__dataclass_fields__:
            if source != "magic":
                is_final = source in self.FINAL
                layers += [(layer, is_final or isinstance(layer, Item)) for layer in getattr(self, source) if layer]
        return Variables(templar, layers, [layer for layer in self.magic if layer])
