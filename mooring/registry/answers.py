"""What a registry's answers say: JSON, addresses, lists of names. All of it is foreign and is
checked here."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from mooring.errors import RegistryError
from mooring.registry.names import Rule
from mooring.registry.transport import SHOWN, Endpoint, Response, shorten

API_HEADER = "Docker-Distribution-Api-Version"
API_VERSION = "registry/2.0"
# No expression here may look again at what it has looked at: a header is as long as the other side
# likes.
_NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="?next\b')
# What stands between our proxy and the registry answers so when the registry does not.
GATEWAY = (502, 503, 504)


def layer_of(answer: Response) -> str:
    """Whose fault an answer is: nginx is there when it says that what stands behind it is not."""
    is_registry = answer.status in GATEWAY or API_VERSION in answer.values(API_HEADER)
    return "registry" if is_registry else "HTTP"


def read_object(answer: Response, question: str) -> dict[str, Any]:
    """The JSON object of an answer; `question` is the URL, for the error."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise RegistryError(layer_of(answer), f"{question} answers no JSON: {shorten(str(error))}") from None
    if not isinstance(document, dict):
        raise RegistryError(layer_of(answer), f"{question} answers {_kind(document)} in place of an object")
    return document


def read_names(document: dict[str, Any], key: str, is_name: Rule, question: str) -> list[str]:
    """A list of names in an object; null is an empty one."""
    names = document.get(key)
    if names is None:
        return []
    if not isinstance(names, list):
        raise RegistryError("registry", f"{question}: {key} is {_kind(names)} in place of a list")
    for name in names:
        if not isinstance(name, str) or not is_name(name):
            raise RegistryError("registry", f"{question}: {key} has {shorten(repr(name), 80)}, which is not a name")
    return names


def read_reason(answer: Response) -> str:
    """Why something was refused, in the registry's own words."""
    try:
        errors = json.loads(answer.body)["errors"]
        reason = "; ".join(f"{error['code']}: {error.get('message', '')}" for error in errors)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        reason = answer.body[: SHOWN * 4].decode("utf-8", "replace")
    return shorten(reason) or "no reason given"


def locate(endpoint: Endpoint, address: str) -> SplitResult:
    """The parts of an address in an answer, taken from where the answer came."""
    try:
        target = urlsplit(urljoin(endpoint.url, address))
        _ = target.port  # a number, or ValueError
    except ValueError as error:
        reason = f"{endpoint.url} sends us to {shorten(address)}, which is not a URL: {error}"
        raise RegistryError("HTTP", reason) from None
    return target


def origin_of(target: SplitResult) -> str:
    """Scheme, host and port, as Endpoint's `url` writes them."""
    return f"{target.scheme}://{target.netloc}"


def path_of(target: SplitResult) -> str:
    """What is asked for there."""
    return f"{target.path}?{target.query}" if target.query else target.path


def next_page(endpoint: Endpoint, answer: Response) -> str | None:
    """The path of a listing's next page, None on the last one; a page is never
    looked for elsewhere."""
    link = _NEXT.search(answer.value("Link"))
    if link is None:
        return None
    target = locate(endpoint, link.group(1))
    if origin_of(target) != endpoint.url:
        elsewhere = shorten(origin_of(target))
        raise RegistryError("HTTP", f"{endpoint.url} continues its list at {elsewhere}, which is not asked")
    return path_of(target)


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value), "a number")
