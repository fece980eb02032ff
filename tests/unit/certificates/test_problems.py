"""A registry's certificate is judged as clients in Go judge it: what they refuse is told, what they
take is taken."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from mooring.certificates.chain import find_chains
from mooring.certificates.names import is_for, strip_port
from mooring.certificates.parse import parse_pem
from mooring.certificates.problems import EXPIRY, NAMES, TRUST, Judgement, check_certificate, find_key_problem
from tests.support.authority import CLIENT, DAY, NAME, NOW, OTHER, SERVER, Pair, authority, issue, leaf, names, usage

CA = authority()
WEAK = rsa.generate_private_key(65537, 1024)


def judged(*served: Pair, by: Pair | None = CA, names: tuple[str, ...] = (NAME,), days: float = 0) -> Judgement:
    """The judgement at a time so many days from now."""
    known = {"tls/ca.crt": [by.certificate]} if by else {}
    return check_certificate([pair.certificate for pair in served], names, known, NOW + days * DAY)


def rules(judgement: Judgement) -> list[str]:
    return [problem.rule for problem in judgement.problems if problem.is_error]


@pytest.mark.parametrize(
    ("pattern", "host", "is_taken"),
    [
        ("registry.example.com", "registry.example.com", True),
        ("Registry.Example.com", "registry.eXample.com", True),
        ("registry.example.com", "registry.example.com.", True),
        ("registry.example.com.", "registry.example.com", False),
        ("*.example.com", "registry.example.com", True),
        ("*.example.com", "a.registry.example.com", False),
        ("*.example.com", "example.com", False),
        ("r*.example.com", "registry.example.com", False),
        ("*.*.com", "registry.example.com", False),
        ("registry.*.com", "registry.example.com", False),
        ("*", "registry", True),
        ("*.2.0.192", "192.0.2.0", False),
        ("my_registry.example.com", "my_registry.example.com", True),
    ],
)
def test_names_and_stars(pattern: str, host: str, is_taken: bool) -> None:
    assert is_for(leaf(CA, pattern).certificate, host) is is_taken


def test_addresses_are_told_from_names() -> None:
    by_address = leaf(CA, "192.0.2.7", "2001:db8::7").certificate
    assert is_for(by_address, "192.0.2.7")
    assert is_for(by_address, "2001:db8:0::7")
    assert not is_for(by_address, "192.0.2.8")
    by_name = issue("x", CA, [x509.SubjectAlternativeName([x509.DNSName("192.0.2.7")])]).certificate
    assert not is_for(by_name, "192.0.2.7")


@pytest.mark.parametrize(
    ("name", "host"),
    [("a:5000", "a"), ("a", "a"), ("[::1]:5000", "::1"), ("::1", "::1"), ("192.0.2.7:443", "192.0.2.7")],
)
def test_ports_are_no_part_of_a_name(name: str, host: str) -> None:
    assert strip_port(name) == host


MIDDLE = authority("middle", CA)
BELOW = authority("below", MIDDLE)
SHORT = authority("short", path=0)
SHORTER = authority("middle", SHORT)
SELF = leaf(None)
ONCE = authority("ca")
V3_PLAIN = issue("plain")
NO_SIGNER = issue("no signer", extensions=[x509.BasicConstraints(True, None), usage(digital_signature=True)])
SIGNER = issue("signer", extensions=[x509.BasicConstraints(True, None), usage(key_cert_sign=True)])
NOT_CA = issue("not", extensions=[x509.BasicConstraints(False, None)])
FOR_CLIENTS = issue("clients", CA, [x509.BasicConstraints(True, None), CLIENT])
LIMITED = issue(
    "limited",
    extensions=[x509.BasicConstraints(True, None), x509.NameConstraints([x509.DNSName("example.com")], None)],
)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


@pytest.mark.parametrize(
    ("served", "by", "words"),
    [
        ([leaf(CA)], CA, ""),
        ([leaf(MIDDLE), MIDDLE], CA, ""),
        ([leaf(BELOW), MIDDLE, BELOW], CA, ""),
        ([leaf(BELOW), BELOW, MIDDLE, CA], CA, ""),
        ([leaf(MIDDLE)], MIDDLE, ""),
        ([SELF], SELF, ""),
        ([leaf(CA, key=WEAK)], CA, ""),
        ([leaf(SIGNER, extensions=[SERVER])], SIGNER, ""),
        ([leaf(CA, extensions=[usage(digital_signature=True)])], CA, ""),
        ([leaf(LIMITED)], LIMITED, ""),
        ([leaf(CA, extensions=[UNKNOWN])], CA, ""),
        ([leaf(MIDDLE)], CA, 'its issuer "CN=middle" is neither among them nor an intermediate'),
        ([leaf(BELOW), BELOW], CA, 'its issuer "CN=middle"'),
        ([leaf(ONCE)], CA, 'another key than that of "CN=ca" has signed it'),
        ([SELF], CA, '"CN=server" has signed it, which is not among them'),
        ([leaf(SHORTER), SHORTER], SHORT, '"CN=short" allows only 0 intermediates'),
        ([leaf(V3_PLAIN)], V3_PLAIN, '"CN=plain" does not say that it is an authority'),
        ([leaf(NO_SIGNER)], NO_SIGNER, '"CN=no signer" may not sign certificates (keyUsage)'),
        ([leaf(NOT_CA)], NOT_CA, '"CN=not" says that it is not an authority'),
        ([leaf(CA, extensions=[CLIENT])], CA, '"CN=server" is not for servers'),
        ([leaf(FOR_CLIENTS), FOR_CLIENTS], CA, '"CN=clients" is not for servers'),
        ([leaf(LIMITED, NAME, "registry.example.org")], LIMITED, "may not sign for registry.example.org"),
        ([leaf(CA, extensions=[(UNKNOWN, True)])], CA, "critical extension that Go does not know: 1.3.6.1.4.1.99999.1"),
    ],
)
def test_who_has_signed_it(served: list[Pair], by: Pair, words: str) -> None:
    judgement = judged(*served, by=by)
    assert rules(judgement) == ([TRUST] if words else [])
    assert judgement.is_trusted is not bool(words)
    assert words in "".join(problem.seen for problem in judgement.problems)


def test_authorities_change_over_without_a_gap() -> None:
    """Clients that have the old and the new one in one file take what either has signed; the old
    one may be over."""
    new, old = authority("ca", days=(-1, 900)), authority("ca", days=(-900, -1))
    served = [leaf(new).certificate]
    for known in ([old, new], [new, old]):
        assert check_certificate(served, [NAME], {"ca": [pair.certificate for pair in known]}, NOW).problems == ()


def sign_with_sha1(folder: Path) -> list[list[x509.Certificate]]:
    """A server's certificate and its authority, as CentOS 6 made them; `cryptography` signs nothing
    so any more."""
    (folder / "names").write_text(f"subjectAltName=DNS:{NAME}\n")
    for words in (
        "req -x509 -newkey rsa:2048 -nodes -sha1 -days 400 -subj /CN=old -keyout ca.key -out ca.crt",
        "req -newkey rsa:1024 -nodes -subj /CN=server -keyout s.key -out s.csr",
        "x509 -req -sha1 -days 99 -in s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile names -out s.crt",
    ):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return [parse_pem((folder / name).read_text()) for name in ("s.crt", "ca.crt")]


def test_a_signature_by_sha1_is_a_warning(tmp_path: Path) -> None:
    served, known = sign_with_sha1(tmp_path)
    judgement = check_certificate(served, [], {"ca": known}, NOW + DAY / 24)
    assert [(problem.rule, problem.is_error) for problem in judgement.problems] == [(TRUST, False)]
    assert "SHA-1" in judgement.problems[0].seen
    # Nobody looks at the signature of the authority itself.
    assert check_certificate(known, [], {"ca": known}, NOW + DAY / 24).problems == ()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((NAME,), f"it is not for {OTHER}: it has only {NAME}"),
        ((NAME, OTHER), ""),
        (("*.example.com",), f"it is not for {OTHER}: it has only *.example.com"),
        (("*.registry.example.com", "*.example.com"), ""),
    ],
)
def test_every_name_is_wanted(names: tuple[str, ...], words: str) -> None:
    judgement = judged(leaf(CA, *names), names=(NAME, OTHER))
    assert [problem.seen for problem in judgement.problems] == ([words] if words else [])
    assert judgement.missing_names == ((OTHER,) if words else ())


def test_a_common_name_does_not_count() -> None:
    (problem,) = judged(issue(NAME, CA)).problems
    assert problem.rule == NAMES
    assert problem.seen == f'it is not for {NAME}: it has no subjectAltName (its CN "{NAME}" does not count)'
    assert "subjectAltName" in problem.remedy


@pytest.mark.parametrize(
    ("days", "words", "is_error"),
    [
        (0, "", False),
        (300, "", False),
        (334.9, "", False),
        (336, "it expires on ", False),
        (364.5, ", in 0 days", False),
        (366, "it expired on ", True),
        (-2, "it is not valid before ", True),
    ],
)
def test_its_time(days: float, words: str, is_error: bool) -> None:
    judgement = judged(leaf(CA, days=(-1, 365)), by=authority_of(CA), days=days)
    assert [(problem.rule, problem.is_error) for problem in judgement.problems] == (
        [(EXPIRY, is_error)] if words else []
    )
    assert words in "".join(problem.seen for problem in judgement.problems)
    assert judgement.valid_until == NOW + 365 * DAY


def authority_of(pair: Pair) -> Pair:
    """The same key and name for many years."""
    return authority("ca", key=pair.key, days=(-900, 9000))


def test_the_authoritys_time_counts_too() -> None:
    old = authority("old", days=(-900, -1))
    judgement = judged(leaf(old), by=old)
    assert rules(judgement) == [EXPIRY]
    assert '"CN=old", which has signed it, expired on' in judgement.problems[0].seen
    assert judgement.valid_until == NOW - DAY


def test_without_an_authority_names_and_time_are_judged_all_the_same() -> None:
    assert rules(judged(leaf(None, OTHER, days=(-9, -1)), by=None)) == [NAMES, EXPIRY]


def test_each_file_of_authorities_must_do() -> None:
    known = {"new.crt": [CA.certificate], "old.crt": [ONCE.certificate]}
    (problem,) = check_certificate([leaf(CA).certificate], [NAME], known, NOW).problems
    assert (problem.rule, problem.ca_file) == (TRUST, "old.crt")


def test_many_authorities_of_one_name_end_the_search() -> None:
    crowd = [authority("ca") for _ in range(12)]
    ring: list[Any] = [issue("ca", pair, [x509.BasicConstraints(True, None)]) for pair in crowd for _ in range(2)]
    chains, why = find_chains([leaf(crowd[0]).certificate, *(pair.certificate for pair in ring)], [CA.certificate])
    assert chains == []
    assert why


def test_the_key_belongs_to_the_first_certificate() -> None:
    first, other = leaf(CA), leaf(CA)
    served = [first.certificate, CA.certificate]
    assert find_key_problem(served, first.key_pem) == ""
    assert "does not belong to the certificate" in find_key_problem(served, other.key_pem)
    assert "must come first" in find_key_problem([CA.certificate, first.certificate], first.key_pem)


def test_names_of_another_kind_do_not_hide_others() -> None:
    value = x509.SubjectAlternativeName([x509.RFC822Name("a@example.com"), x509.DNSName(NAME)])
    assert judged(issue("x", CA, [value])).problems == ()
    assert names(NAME)
