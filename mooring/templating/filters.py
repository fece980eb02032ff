"""Ansible's filters beyond Jinja's own, as plain functions: the value first, then the
filter's arguments.

`FILTERS` maps the names that templates use to the functions. They raise ValueError, TypeError or
LookupError; templating.py adds the place. Semantics are ansible-core's, checked against it in
tests/language.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os.path
import shlex
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit as split_url

import yaml

from mooring.files.composing import compose, split_lines
from mooring.templating.mirror_names import name_mirrors
from mooring.templating.mirror_upstreams import plan_caches
from mooring.templating.regex_filters import regex_escape, regex_findall, regex_replace, regex_search


class _Dumper(yaml.SafeDumper):
    """Dumps subclasses of str as the strings that they are."""


_Dumper.add_multi_representer(int, lambda dumper, number: dumper.represent_int(int(number)))
_Dumper.add_multi_representer(float, lambda dumper, number: dumper.represent_float(float(number)))
_Dumper.add_multi_representer(str, lambda dumper, text: dumper.represent_str(str(text)))

_TRUE = ("yes", "on", "true", "1")
_LIST_MERGES: Mapping[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "replace": lambda old, new: new,
    "keep": lambda old, new: old,
    "append": lambda old, new: old + new,
    "prepend": lambda old, new: new + old,
    "append_rp": lambda old, new: [item for item in old if item not in new] + new,
    "prepend_rp": lambda old, new: new + [item for item in old if item not in new],
}


def is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def to_bool(value: Any) -> bool:
    """yes/on/true/1 in any case is true, everything that is not a truth value is false."""
    if isinstance(value, (str, int)):
        return str(value).lower() in _TRUE
    return bool(value == 1)


def _encode(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def to_json(value: Any, **options: Any) -> str:
    return json.dumps(value, default=_encode, **options)


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    return to_json(value, indent=indent, sort_keys=sort_keys, separators=(",", ": "), **options)


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    options.setdefault("allow_unicode", True)
    text: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=default_flow_style, **options)
    # A lone scalar ends in a document mark, which libyaml, and so Ansible, does not write.
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


def to_nice_yaml(value: Any, indent: int = 4, default_flow_style: bool = False, **options: Any) -> str:
    return to_yaml(value, indent=indent, default_flow_style=default_flow_style, **options)


def from_yaml(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    text = str(text)  # libyaml takes no subclass of str
    compose(text, "from_yaml", split_lines(text))  # which refuses aliases without end
    return yaml.safe_load(text)


def quote(value: Any) -> str:
    return shlex.quote("" if value is None else str(value))


def b64encode(text: Any, encoding: str = "utf-8") -> str:
    return base64.b64encode(str(text).encode(encoding)).decode()


def b64decode(text: Any, encoding: str = "utf-8") -> str:
    return base64.b64decode(str(text)).decode(encoding)


def digest(value: Any, hashtype: str = "sha1") -> str:
    return hashlib.new(hashtype, str(value).encode()).hexdigest()


def ternary(value: Any, if_true: Any, if_false: Any, if_none: Any = None) -> Any:
    if value is None and if_none is not None:
        return if_none
    return if_true if value else if_false


def merge(low: Any, high: Any, recursive: bool, list_merge: str) -> dict[Any, Any]:
    """The keys of `high` over those of `low`."""
    for side in (low, high):
        if not isinstance(side, Mapping):
            raise TypeError(f"combine takes dictionaries, not {type(side).__name__}")
    merged = dict(low)
    for key, new in high.items():
        old = merged.get(key)
        if key in merged and isinstance(old, Mapping) and isinstance(new, Mapping):
            merged[key] = merge(old, new, recursive, list_merge) if recursive else new
        elif key in merged and is_list(old) and is_list(new):
            merged[key] = _LIST_MERGES[list_merge](list(old), list(new))  # type: ignore[arg-type]
        else:
            merged[key] = new
    return merged


def combine(*terms: Any, recursive: bool = False, list_merge: str = "replace") -> Any:
    if list_merge not in _LIST_MERGES:
        raise ValueError(f"list_merge is one of {', '.join(_LIST_MERGES)}, not {list_merge!r}")
    dictionaries = flatten(terms, levels=1)
    merged = dictionaries[0] if dictionaries else {}
    for other in dictionaries[1:]:
        merged = merge(merged, other, recursive, list_merge)
    return merged


def flatten(items: Iterable[Any], levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    flat: list[Any] = []
    for item in items:
        if skip_nulls and item in (None, "None", "null"):
            continue
        if is_list(item) and (levels is None or levels >= 1):
            flat += flatten(item, None if levels is None else levels - 1, skip_nulls)
        else:
            flat.append(item)
    return flat


def dict2items(mapping: Any, key_name: str = "key", value_name: str = "value") -> list[dict[str, Any]]:
    if not isinstance(mapping, Mapping):
        raise TypeError(f"dict2items takes a dictionary, not {type(mapping).__name__}")
    return [{key_name: key, value_name: value} for key, value in mapping.items()]


def items2dict(items: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    if not is_list(items):
        raise TypeError(f"items2dict takes a list, not {type(items).__name__}")
    return {item[key_name]: item[value_name] for item in items}


def distinct(items: Iterable[Any]) -> list[Any]:
    """The items, each once, in the order of their first appearance (Ansible's sets
    have no order at all)."""
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def urlsplit(url: str, query: str = "") -> Any:
    parts = split_url(url)
    names = ["fragment", "hostname", "netloc", "password", "path", "port", "query", "scheme", "username"]
    components = {name: getattr(parts, name) for name in names}
    if query and query not in components:
        raise ValueError(f"unknown URL component {query!r}")
    return components[query] if query else components


def comment(text: Any, style: str = "plain", decoration: str | None = None) -> str:
    """The text as a comment; only the line styles of Ansible."""
    styles = {"plain": "# ", "erlang": "% ", "c": "// "}
    if decoration is None and style not in styles:
        raise ValueError(f"unknown comment style {style!r}")
    mark = styles[style] if decoration is None else decoration
    bare = mark.rstrip()
    lines = [f"{mark}{line}" if line else bare for line in str(text).split("\n")]
    return "\n".join([bare, *lines, bare])


FILTERS: Mapping[str, Callable[..., Any]] = {
    "bool": to_bool,
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "from_json": lambda text: json.loads(text),
    "to_yaml": to_yaml,
    "to_nice_yaml": to_nice_yaml,
    "from_yaml": from_yaml,
    "quote": quote,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "regex_findall": regex_findall,
    "regex_escape": regex_escape,
    "b64encode": b64encode,
    "b64decode": b64decode,
    "hash": digest,
    "sha1": digest,
    "checksum": digest,
    "md5": lambda value: digest(value, "md5"),
    "ternary": ternary,
    "combine": combine,
    "flatten": flatten,
    "dict2items": dict2items,
    "items2dict": items2dict,
    "union": lambda left, right: distinct([*left, *right]),
    "intersect": lambda left, right: distinct(item for item in left if item in right),
    "difference": lambda left, right: distinct(item for item in left if item not in right),
    "symmetric_difference": lambda left, right: distinct(
        [*(item for item in left if item not in right), *(item for item in right if item not in left)]
    ),
    "zip": lambda *lists: [list(row) for row in zip(*lists, strict=False)],
    "product": lambda *lists: [list(row) for row in itertools.product(*lists)],
    "urlsplit": urlsplit,
    "comment": comment,
    "split": lambda text, separator=None, maxsplit=-1: str(text).split(separator, maxsplit),
    "basename": lambda path: os.path.basename(path),
    "dirname": lambda path: os.path.dirname(path),
    "expanduser": lambda path: os.path.expanduser(path),
    "splitext": lambda path: list(os.path.splitext(path)),
    "path_join": lambda paths: os.path.join(paths) if isinstance(paths, str) else os.path.join(*paths),
    "mirror_caches": plan_caches,
    "mirror_names": name_mirrors,
    "type_debug": lambda value: "str" if isinstance(value, str) else type(value).__name__,
}
