"""What registries answer, taken apart: every header may hold anything."""

from __future__ import annotations

import email.utils
import time

import pytest

from mooring.agent import registry_answers


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("", None), ("5", 5), (" 7 ", 7), ("0", 0), ("9" * 400, 10**6), ("-1", None), ("1.5", None),
        ("\xb2", None), ("soon", None), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), (",", None), ("a b c d e f", None),
        ("Fri, 99 Foo 99999999999999999999 99:99:99 GMT", None), ("\x00", None),
    ],
)  # fmt: skip
def test_how_long_to_wait(value: str | None, seconds: int | None) -> None:
    assert registry_answers.read_wait(value) == seconds


def test_a_date_to_wait_for() -> None:
    date = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert registry_answers.read_wait(date) in range(90, 101)


@pytest.mark.parametrize(
    ("value", "scheme", "parameters"),
    [
        (None, "", {}),
        ('Bearer realm="https://a/t",service="r"', "bearer", {"realm": "https://a/t", "service": "r"}),
        ('BEARER Realm="x" , scope="a:b:pull,push"', "bearer", {"realm": "x", "scope": "a:b:pull,push"}),
        ('Basic realm="x", Bearer realm="y"', "bearer", {"realm": "y"}),
        ('Basic realm="Bearer"', "basic", {"realm": "Bearer"}),
        ("Bearer realm=", "bearer", {}),
        ("Bearer " + 'a="' * 100_000, "bearer", {"a": "a="}),
    ],
)
def test_a_challenge(value: str | None, scheme: str, parameters: dict[str, str]) -> None:
    assert registry_answers.read_challenge(value) == (scheme, parameters)


@pytest.mark.parametrize("name", ["nginx", "library/nginx", "ghcr.io/a__b/c-d", "a.b_5000/x", "a" * 255])
def test_names_of_repositories(name: str) -> None:
    assert registry_answers.is_repository(name)


@pytest.mark.parametrize(
    "name", ["", "/", "A", "a/", "../a", "a/../b", "a b", "a?b", "a\n", "a" * 256, "a" + "-" * 300]
)
def test_what_names_no_repository(name: str) -> None:
    assert not registry_answers.is_repository(name)
