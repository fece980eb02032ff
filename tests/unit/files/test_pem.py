"""What a certificate file and a key file must hold."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mooring.files.pem import find_problem
from tests.support.pem_files import make_pair, write_key

CERTIFICATE, KEY = make_pair()
LOCKED = write_key(ec.generate_private_key(ec.SECP256R1()), b"secret")
CUT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (CERTIFICATE, "certificate", ""),
        (CERTIFICATE + make_pair("other.example.com")[0], "certificate", ""),
        ("# our own\n" + CERTIFICATE, "certificate", ""),
        (KEY, "certificate", "holds a private key"),
        (CERTIFICATE + KEY, "certificate", "holds a private key"),
        ("root:x:0:0::/root:/bin/sh\n", "certificate", "no certificate"),
        ("", "certificate", "no certificate"),
        (CUT, "certificate", "no certificate"),
        (KEY, "key", ""),
        (CERTIFICATE, "key", "no private key"),
        (LOCKED, "key", "passphrase"),
        (KEY.replace("\n", "\nAAAA", 1), "key", "cannot be read"),
    ],
)
def test_what_a_file_holds(text: str, kind: str, words: str) -> None:
    problem = find_problem(text, kind)
    assert words in problem
    assert bool(words) == bool(problem)
