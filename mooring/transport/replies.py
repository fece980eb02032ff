"""A module's reply, checked where it enters: what the control machine may set is taken out, the
rest has known kinds.

A reply is data about the host that sent it. It steers nothing: includes, variables for the run,
loops and private marks come from actions of the control machine, as
`mooring/actions/effects.py` has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

# Deeper than any reply of ours (docker_host_info goes ten levels down), and no danger to what walks
# through it.
MAX_DEPTH = 64
# What only the control machine says of a task. Besides, names that begin with an underscore are for
# its reporters.
_CONTROL_NAMES = """
    add_group add_host ansible_index_var ansible_item_label ansible_loop ansible_loop_var assertion attempts censored
    changed_when_result deprecations evaluated_to failed_when_result false_condition include include_args
    included_variables invocation item meta no_log retries skip_reason skipped_reason unreachable
"""
CONTROL_ONLY = frozenset(_CONTROL_NAMES.split())
NAMES_TOLD, NAME_LENGTH = 5, 40
_Kind = type | tuple[type, ...]
# The kinds of what programs and reporters read; a module may leave a key out or give null, but for
# the first row.
KINDS: dict[str, _Kind] = {
    "changed": bool, "failed": bool,
    "ansible_facts": dict, "backup_file": str, "can_talk_to_docker": bool, "certificates": dict, "checksum": str,
    "cmd": (str, list), "configuration": str, "containers": (dict, list), "content": str, "cookies": dict,
    "cookies_string": str, "dest": str, "digests": dict,
    "elapsed": (int, float), "encoding": str, "error": str, "exception": str, "files": dict, "gid": int,
    "headers": (dict, list), "host_info": dict, "info": dict, "is_open": bool, "layer": str, "masked": bool,
    "md5sum": str, "missing": bool, "mode": str, "msg": str, "needs_reload": bool, "newer": list, "owner": str,
    "path": str, "ping": str, "port": int, "programs": dict, "rc": int, "registries_service": dict, "replaced": bool,
    "size": int, "skipped": bool, "source": str, "src": str, "stat": dict, "stderr": str, "stdout": str,
    "timedout": dict, "uid": int, "units": dict, "url": str, "version": str,
}  # fmt: skip
REQUIRED = ("changed", "failed")
TEXT_LISTS = ("results", "stderr_lines", "stdout_lines", "warnings")


def check(reply: Any) -> dict[str, Any]:
    """The reply without what a host may not say, which a warning names; ValueError
    where it is malformed."""
    if not isinstance(reply, dict):
        raise ValueError(f"a reply that is not a mapping but {kind_of(reply)}")
    _check_depth(reply)
    dropped = [name for name in reply if name in CONTROL_ONLY or name.startswith("_")]
    checked = {name: value for name, value in reply.items() if name not in dropped}
    for name, value in checked.items():
        _check_kind(name, value)
    if "diff" in checked:
        checked["diff"] = list(_read_diffs(checked["diff"]))
    if dropped:
        checked["warnings"] = [*(checked.get("warnings") or ()), _tell(dropped)]
    return checked


def _tell(dropped: list[str]) -> str:
    names = ", ".join(name[:NAME_LENGTH] for name in sorted(dropped)[:NAMES_TOLD])
    more = f" and {len(dropped) - NAMES_TOLD} more" if len(dropped) > NAMES_TOLD else ""
    return f"the host's reply holds {names}{more}, which only the control machine may set: dropped"


def _check_kind(name: str, value: Any) -> None:
    kind = KINDS.get(name)
    if kind is not None and not isinstance(value, kind) and (value is not None or name in REQUIRED):
        raise ValueError(f'"{name}" that is {kind_of(value)}')
    if name in TEXT_LISTS and value is not None and not _is_text_list(value):
        raise ValueError(f'"{name}" that is not a list of strings')


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(element, str) for element in value)


def _read_diffs(diffs: Any) -> Iterator[dict[str, str]]:
    """The differences as a list of mappings of strings; a single one may stand by
    itself, as in Ansible."""
    for diff in [diffs] if isinstance(diffs, dict) else diffs if isinstance(diffs, list) else [None]:
        if not isinstance(diff, dict) or not all(isinstance(text, (str, type(None))) for text in diff.values()):
            raise ValueError('"diff" that is not a list of mappings of strings')
        yield {name: text or "" for name, text in diff.items()}


def _check_depth(value: Any) -> None:
    """ValueError where containers are nested too deeply; level by level, so that no depth can
    exhaust the stack."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for container in level for child in _children(container)]
        if not level:
            return
    raise ValueError(f"values nested more than {MAX_DEPTH} levels deep")


def _children(container: Any) -> Iterable[Any]:
    children = container.values() if isinstance(container, dict) else container
    return [child for child in children if isinstance(child, (dict, list))]


def kind_of(value: Any) -> str:
    """The JSON word for a value's kind."""
    words = {dict: "a mapping", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return words.get(type(value), "a number")
