"""Refuse a registry's certificate that clients would refuse, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mooring.actions.call import Call, Reply
from mooring.certificates.parse import parse_pem
from mooring.certificates.problems import NAMES, Problem, check_certificate, find_key_problem
from mooring.certificates.subjects import names_of, trusted_by
from mooring.errors import SourceError
from mooring.files.pem import find_problem
from mooring.files.reading import LARGEST_SETTING, read_text
from mooring.templating.foreign import as_text
from mooring.templating.refusals import refuse

ARGS = {
    "servers": {"type": "list", "elements": "str", "required": True},
    "clients": {"type": "list", "elements": "str", "required": True},
}
CERTIFICATE, KEY, AUTHORITY = "nginx_tls_certificate", "nginx_tls_key", "registry_client_ca_file"


def run(call: Call) -> Reply:
    """The certificate of every server, with its key on the server itself, by the
    authorities of the clients."""
    hosts = call.variables["hostvars"]
    problems = [problem for server in call.args["servers"] for problem in examine(call, hosts, server)]
    errors = list(dict.fromkeys(text for text, is_error in problems if is_error))
    warnings = list(dict.fromkeys(text for text, is_error in problems if not is_error))
    if errors:
        return {"changed": False, "failed": True, "msg": "\n".join(errors), "warnings": warnings}
    return {"changed": False, "msg": "every client accepts the registry's certificate", "warnings": warnings}


class Refusal(Exception):
    """A file that cannot be judged; the message says which and why."""


def examine(call: Call, hosts: Mapping[str, Mapping[str, Any]], server: str) -> Iterator[tuple[str, bool]]:
    """What is wrong with a server's files: sentences, each with whether it is an error."""
    variables = hosts[server]
    file = variables.get(CERTIFICATE)
    clients = trusted_by(variables, hosts, call.args["clients"])
    if not file or (not clients and server != call.host):
        return
    try:
        path, served = _read_certificates(call, CERTIFICATE, as_text(file))
        known = {name: _read_certificates(call, AUTHORITY, name)[1] for name in clients}
    except Refusal as refusal:
        yield str(refusal), True
        return
    if server == call.host:
        yield from _judge_key(call, served, as_text(variables.get(KEY) or ""))
    for problem in check_certificate(served, names_of(variables), known, datetime.now(timezone.utc)).problems:
        yield _word(problem, path, clients), problem.is_error


def _word(problem: Problem, path: str, clients: Mapping[str, Iterable[str]]) -> str:
    """A problem with its place, the remedy with the variable."""
    if problem.ca_file:
        users = ", ".join(list(clients[problem.ca_file])[:3])
        place = f"{AUTHORITY}: {problem.ca_file} ({users}) and {CERTIFICATE}: {path}"
    else:
        place = f"{CERTIFICATE}: {path}"
    where = "" if problem.rule == NAMES else f" ({AUTHORITY})" if problem.ca_file else f" ({CERTIFICATE})"
    return f"{place}: {problem.seen}; {problem.remedy}{where}"


def _read_certificates(call: Call, variable: str, name: str) -> tuple[str, list[x509.Certificate]]:
    path, text = _read(call, variable, name, "certificate")
    try:
        return path, parse_pem(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal(f"{variable}: {path}: a certificate in it cannot be read: {error}") from None


def _judge_key(call: Call, served: list[x509.Certificate], name: str) -> Iterator[tuple[str, bool]]:
    if not name:
        yield f"{KEY} is empty, and {CERTIFICATE} is not; a certificate goes with its key", True
        return
    try:
        path, text = _read(call, KEY, name, "key")
    except Refusal as refusal:
        yield str(refusal), True
        return
    problem = find_key_problem(served, text)
    if problem:
        yield f"{KEY}: {path}: {problem}; name the key that {CERTIFICATE} was issued for", True


def _read(call: Call, variable: str, name: str, kind: str) -> tuple[str, str]:
    try:
        refuse(name, "it", None)
        path = call.find(name, "files")
    except SourceError as error:
        raise Refusal(f"{variable}: {error.message}" + (f" ({error.hint})" if error.hint else "")) from None
    try:
        text = read_text(path, LARGEST_SETTING)
    except SourceError as error:
        raise Refusal(f"{variable}: {error.where}: {error.message}") from None
    problem = find_problem(text, kind)
    if problem:
        raise Refusal(f"{variable}: {path}: {problem}")
    return str(path), text
