"""From a certificate up to an authority that a client was given, by the rules of Go's
crypto/x509. Pure.

The verifier of `cryptography` keeps the rules of the web's authorities: it refuses a self-signed
certificate that was handed out as its own authority, authorities without key usage, and short keys.
A client in Go takes all of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from mooring.certificates.constraints import find_breach

Certificate = x509.Certificate
Extension = TypeVar("Extension", bound=x509.ExtensionType)
Chain = tuple[Certificate, ...]
"""The server's own first, the authority last."""

# As many signatures are looked at, whatever is served.
MOST_SIGNATURES = 100
SERVER = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
BROKEN_HASHES = ("md5", "md4", "md2")
# The extensions that Go understands: another one that is marked critical ends the connection. The
# constraints of policies are left to the clients, because newer ones know them.
KNOWN = {
    ExtensionOID.KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.POLICY_MAPPINGS,
}


def find_chains(served: Sequence[Certificate], authorities: Sequence[Certificate]) -> tuple[list[Chain], str]:
    """Every chain from the first of `served` to an authority, times left aside; or none, and
    why."""
    search = _Search(served[1:], authorities)
    chains = list(search.begin(served[0]))
    return chains, "" if chains else search.explain(served[0])


class _Search:
    """One search; `hints` is what kept it from going on where it could have."""

    def __init__(self, intermediates: Sequence[Certificate], authorities: Sequence[Certificate]) -> None:
        self._intermediates, self._authorities = intermediates, authorities
        self._signatures = 0
        self.hints: list[str] = []

    def begin(self, leaf: Certificate) -> Iterator[Chain]:
        """Who hands the server's own certificate out as the authority trusts it as it is."""
        chains: Iterator[Chain] = iter([(leaf,)]) if leaf in self._authorities else self._extend((leaf,))
        for chain in chains:
            problem = next(filter(None, (find_flaw(certificate) for certificate in chain)), "")
            if problem:
                self.hints.append(problem)
            else:
                yield chain

    def explain(self, leaf: Certificate) -> str:
        if self.hints:
            return self.hints[-1]
        end, seen = leaf, [leaf]
        while above := [
            candidate for candidate in self._intermediates if _names_issuer(end, candidate) and candidate not in seen
        ]:
            end = above[0]
            seen.append(end)
        if end.issuer == end.subject:
            return f'"{describe(end)}" has signed it, which is not among them'
        return f'its issuer "{end.issuer.rfc4514_string()}" is neither among them nor an intermediate in the chain'

    def _extend(self, chain: Chain) -> Iterator[Chain]:
        for is_root, parents in ((True, self._authorities), (False, self._intermediates)):
            for parent in parents:
                if parent in chain or not _names_issuer(chain[-1], parent):
                    continue
                self._signatures += 1
                if self._signatures > MOST_SIGNATURES:
                    return
                problem = find_obstacle(chain, parent, is_root)
                if problem:
                    self.hints.append(problem)
                elif is_root:
                    yield (*chain, parent)
                else:
                    yield from self._extend((*chain, parent))


def describe(certificate: Certificate) -> str:
    """A certificate by its subject."""
    return certificate.subject.rfc4514_string()


def find_obstacle(chain: Chain, parent: Certificate, is_root: bool) -> str:
    """Why `parent` cannot stand above the end of the chain; "" where it can."""
    name, child = f'"{describe(parent)}"', chain[-1]
    basic = _extension(parent, x509.BasicConstraints)
    # An authority of the first version, from before there were extensions, may sign.
    if basic is None and not (is_root and parent.version == x509.Version.v1):
        return f"{name} does not say that it is an authority (no basicConstraints)"
    if basic is not None and not basic.ca:
        return f"{name} says that it is not an authority (basicConstraints)"
    if basic is not None and basic.path_length is not None and len(chain) - 1 > basic.path_length:
        return f"{name} allows only {basic.path_length} intermediates below it"
    usage = _extension(parent, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return f"{name} may not sign certificates (keyUsage)"
    hash_name = _hash_name(child)
    if hash_name in BROKEN_HASHES:
        return f'"{describe(child)}" is signed with {hash_name.upper()}, which no client accepts'
    try:
        verify_signature(child, parent)
    except InvalidSignature:
        return f"another key than that of {name} has signed it, though the name is the same"
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return f'the signature of "{describe(child)}" cannot be read: {error}'
    breach = find_breach(parent, chain[0])
    return f"{name} may not sign for {breach} (nameConstraints)" if breach else ""


def verify_signature(child: Certificate, parent: Certificate) -> None:
    """InvalidSignature where another key has signed it; `cryptography` itself knows
    no SHA-1 any more."""
    key, hash_ = parent.public_key(), child.signature_hash_algorithm
    if not isinstance(hash_, hashes.SHA1):
        child.verify_directly_issued_by(parent)
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(child.signature, child.tbs_certificate_bytes, padding.PKCS1v15(), hash_)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(child.signature, child.tbs_certificate_bytes, ec.ECDSA(hash_))
    else:
        raise UnsupportedAlgorithm("SHA-1 with a key of another kind")


def find_flaw(certificate: Certificate) -> str:
    """Why it cannot stand in a server's chain at all; "" where it can."""
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    if usages is not None and not SERVER & set(usages):
        return f'"{describe(certificate)}" is not for servers (extendedKeyUsage lacks serverAuth)'
    unknown = [
        extension.oid.dotted_string
        for extension in certificate.extensions
        if extension.critical and extension.oid not in KNOWN
    ]
    return f'"{describe(certificate)}" has a critical extension that Go does not know: {unknown[0]}' if unknown else ""


def is_signed_with_sha1(chain: Chain) -> bool:
    """Whether newer clients refuse a signature; nobody looks at that of the authority itself."""
    return any(_hash_name(certificate) == "sha1" for certificate in chain[:-1])


def _hash_name(certificate: Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return algorithm.name if algorithm else ""


def _names_issuer(child: Certificate, parent: Certificate) -> bool:
    """By the bytes, as Go compares them."""
    return child.issuer.public_bytes() == parent.subject.public_bytes()


def _extension(certificate: Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
