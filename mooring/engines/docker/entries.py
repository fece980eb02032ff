"""The rules about single entries: mirrors and insecure registries, each by version and by the place
where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker import insecure, mirrors, registry_names, signatures
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.endpoints import CERTIFICATES, lone_files
from mooring.engines.docker.registries import by_files
from mooring.engines.origin import Origin
from mooring.records.hub import HUB

FIRST, SIGNATURES = "first-registry", "signatures-and-mirror"
# What keeps pulls from going where they are meant to go although the daemon runs, and what to do
# about it.
MISLEADING = {
    FIRST: "take it out of the added registries, or write it as host.domain[:port] or host:port; then restart docker",
    SIGNATURES: f"set {signatures.OFF} (OPTIONS in /etc/sysconfig/docker) and restart docker, or do without the mirror",
}


def find_bad_mirrors(effective: Effective) -> Iterator[Conflict]:
    """A mirror is scheme://host[:port]; mirrors.py says what which engine has against others."""
    for value in effective.values("registry-mirrors"):
        is_flag = effective.is_flag(value)
        problem = mirrors.find_problem(value.text, effective.engine, is_flag)
        url = mirrors.parse(value.text, effective.engine)
        if not problem:
            if url and not url.host:
                message = f'mirror "{value.text}" names no host'
                yield Conflict("mirror", Severity.USELESS, message, (value.origin,))
            elif url and url.user is not None:  # source of 1.13.1: `ValidateMirror` keeps scheme and host
                message = f'mirror "{value.text}" has a user name, which this engine takes off'
                yield Conflict("mirror", Severity.SURPRISING, message, (value.origin,))
        elif is_flag or mirrors.judges_files(effective.engine):
            yield Conflict("mirror", Severity.STOPS, f'mirror "{value.text}" {problem}', (value.origin,))
        elif mirrors.parse(mirrors.taken(value.text, effective.engine, is_flag), effective.engine) is None:
            message = f'mirror "{value.text}" {problem}; this engine does not say so, and no pull from Docker Hub works'
            yield Conflict("mirror", Severity.ENDS_PULLS, message, (value.origin,))
        elif not value.text.startswith(mirrors.SCHEMES):
            message = f'mirror "{value.text}" {problem}; this engine does not say so and takes https://{value.text}'
            yield Conflict("mirror", Severity.SURPRISING, message, (value.origin,))
        elif problem != mirrors.SLASH:  # which does no harm there
            message = f'mirror "{value.text}" {problem}; this engine does not say so, and asks there all the same'
            yield Conflict("mirror", Severity.SURPRISING, message, (value.origin,))


def find_bad_insecure_entries(effective: Effective) -> Iterator[Conflict]:
    """An insecure entry is host[:port] or a network; insecure.py says what which
    engine makes of others."""
    engine = effective.engine
    for value in effective.values("insecure-registries"):
        is_flag = effective.is_flag(value)
        problem = insecure.find_problem(value.text, engine, is_flag)
        if problem:
            is_hyphen = insecure.has_hyphen(value.text)
            stops = insecure.is_strict(engine) or (is_flag and is_hyphen)
            silent = "; this engine does not say so, and knows no insecure registry at all then, not even 127.0.0.0/8"
            rest = silent if is_hyphen and insecure.drops_all(engine) and not stops else ""
            severity = Severity.STOPS if stops else Severity.USELESS
            message = f'insecure registry "{value.text}" {problem}{rest}'
            yield Conflict("insecure-entry", severity, message, (value.origin,))
        elif "://" in value.text:
            scheme = value.text.partition("://")[0]
            message = f'insecure registry "{value.text}" should have no {scheme}://; the engine takes it off'
            yield Conflict("insecure-entry", Severity.SURPRISING, message, (value.origin,))


def find_bad_names(effective: Effective) -> Iterator[Conflict]:
    """Added and blocked registries: as flags they have no hyphen at an end (source:
    `ValidateIndexName`; so a flag that lacks its value and takes the next flag for it stops the
    engine). `--add-registry=` starts (tried)."""
    for key in ("add-registry", "block-registry") if effective.engine.is_redhat else ():
        for value in effective.values(key):
            if insecure.has_hyphen(value.text) and effective.is_flag(value):
                message = f'--{key} "{value.text}" begins or ends with a hyphen'
                yield Conflict("registry-name", Severity.STOPS, message, (value.origin,))


def find_unusable_names(effective: Effective) -> Iterator[Conflict]:
    """The first added registry decides for all short names: where it cannot stand before one,
    nobody is asked for any; in another place it is passed over (tried on 1.13.1, 7d71120)."""
    first, is_told = by_files(effective).unusable_first, False
    for value in effective.values("add-registry") if effective.engine.is_redhat else ():
        problem = registry_names.find_problem(value.text)
        if insecure.has_hyphen(value.text) and effective.is_flag(value):
            continue  # stops the engine
        if problem and value.text == first and not is_told:
            is_told = True
            message = f'no pull of a short name works: the first added registry "{value.text}" {problem}'
            yield Conflict(FIRST, Severity.ENDS_PULLS, message, (value.origin,))
        elif problem:
            rule = "registry-name" if value.text else "blank-registry"
            message = f'no short name is asked of the added registry "{value.text}": it {problem}'
            yield Conflict(rule, Severity.SURPRISING, message, (value.origin,))


def find_signatures_before_mirrors(effective: Effective) -> Iterator[Conflict]:
    """With signatures verified Docker Hub is asked before a mirror (tried on 1.13.1, 7d71120)."""
    known = by_files(effective)
    if known.verifies_signatures and known.mirrors:
        urls = effective.values("registry-mirrors")
        places = [*(value.origin for value in effective.values(signatures.KEY)[-1:]), *(value.origin for value in urls)]
        message = (
            "signatures are verified, so Docker Hub itself is asked for each manifest first, also where it is blocked: "
            "a mirror serves only images that Docker Hub knows"
        )
        yield Conflict(SIGNATURES, Severity.SURPRISING, message, tuple(dict.fromkeys(places)))


def find_unblocked(effective: Effective) -> Iterator[Conflict]:
    """Without the old protocol 1.13.1 looks at no blocked host (source: `lookupEndpoints`)."""
    known = by_files(effective)
    if known.is_v2_only and known.blocked:
        places = [effective.values(key)[-1].origin for key in ("disable-legacy-registry", "block-registry")]
        message = "with disable-legacy-registry, names that begin with a blocked registry are pulled from it"
        yield Conflict("unblocked", Severity.SURPRISING, message, tuple(places))


def find_lone_files(effective: Effective) -> Iterator[Conflict]:
    """A *.cert without its *.key, or a *.key without its *.cert, ends every pull (source:
    `ReadCertsDirectory`); not of Docker Hub, whose folder is not read, nor with the containerd
    image store."""
    known = by_files(effective)
    for registry, names in sorted(effective.texts.certificates.items()):
        for name in lone_files(names) if registry != HUB and not known.is_insecure(registry) else ():
            message = "it lacks the other half of its pair (*.cert and *.key)"
            place = Origin(f"{CERTIFICATES}/{registry}/{name}")
            if effective.engine.has_containerd_store:
                yield Conflict("lone-certificate", Severity.SURPRISING, message, (place,))
            else:
                message += f", so no pull from {registry} works"
                yield Conflict("lone-certificate", Severity.ENDS_PULLS, message, (place,))


def find_hidden_authorities(effective: Effective) -> Iterator[Conflict]:
    """For an insecure registry certs.d is not read (source: `newTLSConfig`), so its CA and client
    key do not count."""
    known = by_files(effective)
    entries: dict[str, list[Origin]] = {}
    for value in {value.text: value for value in effective.values("insecure-registries")}.values():
        entries.setdefault(value.text.rpartition("://")[2], []).append(value.origin)
    for registry, names in sorted(effective.texts.certificates.items()):
        files = [name for name in names if name.endswith((".crt", ".cert"))]
        if files and known.is_insecure(registry):
            place = Origin(f"{CERTIFICATES}/{registry}/{files[0]}")
            origins = entries.get(registry, [])
            message = f"{registry} is insecure, so this file is not read: nothing is verified, no client key is shown"
            yield Conflict("insecure-and-ca", Severity.SURPRISING, message, (*origins, place))


RULES = (
    find_bad_mirrors,
    find_bad_insecure_entries,
    find_bad_names,
    find_unusable_names,
    find_signatures_before_mirrors,
    find_unblocked,
    find_lone_files,
    find_hidden_authorities,
)
