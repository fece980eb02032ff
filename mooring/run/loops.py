"""A task's loop: its items, the variables that each of them brings, and what the results
come to as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a loop adds to the variables of its tasks, and to the result of each item; besides the loop
# variable itself.
NAMES = ("ansible_loop_var", "ansible_index_var", "ansible_loop")


@dataclass(frozen=True)
class Loop:
    """The items of a loop and its loop_control."""

    items: list[Any]
    control: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the variable that holds the item."""
        return str(self.control.get("loop_var", "item"))

    def layer(self, index: int) -> dict[str, Any]:
        """The variables of one item; its result has them too."""
        variables = {self.name: self.items[index], "ansible_loop_var": self.name}
        if "index_var" in self.control:
            variables.update({self.control["index_var"]: index, "ansible_index_var": self.control["index_var"]})
        if self.control.get("extended"):
            variables["ansible_loop"] = self._extended(index)
        return variables

    def _extended(self, index: int) -> dict[str, Any]:
        items, length = self.items, len(self.items)
        extended = {
            "allitems": items, "index": index + 1, "index0": index, "first": index == 0, "last": index == length - 1,
            "length": length, "revindex": length - index, "revindex0": length - index - 1,
        }  # fmt: skip
        if index + 1 < length:
            extended["nextitem"] = items[index + 1]
        if index:
            extended["previtem"] = items[index - 1]
        return extended


def item_variables(values: Mapping[str, Any]) -> dict[str, Any]:
    """The loop's variables in an item's result, {} in that of a task without a loop."""
    names = {*NAMES, str(values.get("ansible_loop_var")), str(values.get("ansible_index_var"))}
    return {name: value for name, value in values.items() if name in names}


def sum_up(results: list[dict[str, Any]]) -> dict[str, Any]:
    """What a loop as a whole returns, as Ansible sums it up."""
    whole: dict[str, Any] = {"results": results, "changed": any(result.get("changed") for result in results)}
    if not results:
        return {**whole, "skipped": True, "skipped_reason": "No items in the list", "msg": "No items in the list"}
    whole["diff"] = [diff for result in results for diff in result.get("diff") or ()]
    ran = [result for result in results if not result.get("skipped")]
    if not ran:
        return {**whole, "skipped": True, "msg": "All items skipped"}
    whole["msg"] = "All items completed"
    if any(result.get("failed") for result in ran):
        whole.update(failed=True, msg="One or more items failed")
    lost = [result for result in ran if result.get("unreachable")]
    if lost:
        whole.update(unreachable=True, msg=lost[0].get("msg", ""))
    return whole
