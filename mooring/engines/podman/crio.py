"""What CRI-O adds in files of its own: crio.conf and its drop-ins."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines import toml
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.registries import Registries, is_network
from mooring.engines.origin import Origin, Placed
from mooring.engines.podman.effective import Effective
from mooring.engines.texts import CRIO, ContainerTexts
from mooring.engines.toml import Toml, get

MAIN, FOLDER = "/etc/crio/crio.conf", "/etc/crio/crio.conf.d"


def files(texts: ContainerTexts) -> list[Toml]:
    """crio.conf and every file of its folder, in the order in which they are read
    (crio.conf.d(5))."""
    text = texts.files.get(MAIN)
    documents = [toml.parse(text, MAIN)] if text is not None else []
    return documents + [toml.parse(text, path) for path, text in texts.below(FOLDER, "")]


def image_setting(texts: ContainerTexts, key: str) -> list[Placed]:
    """The entries of a list below [crio.image]; the last file that has it counts."""
    setting: list[Placed] = []
    for file in files(texts):
        values = get(file.values, "crio", "image", key)
        if isinstance(values, list):
            setting = [Placed(str(value), file.origin("crio", "image", key)) for value in values]
    return setting


def is_insecure(host: str, effective: Effective) -> bool:
    """Whether CRI-O's own list names the image's registry; entries are hosts or networks."""
    if effective.engine.name != CRIO:
        return False
    entries = tuple(entry.text for entry in image_setting(effective.texts, "insecure_registries"))
    return host in entries or (any(map(is_network, entries)) and Registries(insecure=entries).is_insecure(host))


def find_bad_files(effective: Effective) -> Iterator[Conflict]:
    """CRI-O does not start with a file that is no TOML."""
    if effective.engine.name == CRIO:
        for file in files(effective.texts):
            if file.error:
                message = f"it cannot be read: {file.error}"
                yield Conflict("bad-toml", Severity.STOPS, message, (Origin(file.path),))


def find_registries(effective: Effective) -> Iterator[Conflict]:
    """`registries` has no effect, registries.conf has its place (cri-o PR #8161);
    `insecure_registries` still counts, for whole hosts and for mirrors as well, and
    is deprecated there."""
    if effective.engine.name != CRIO:
        return
    for entry in image_setting(effective.texts, "registries"):
        message = f'"{entry.text}" in registries has no effect: use unqualified-search-registries of registries.conf'
        yield Conflict("crio-registries", Severity.USELESS, message, (entry.origin,))
    for entry in image_setting(effective.texts, "insecure_registries"):
        message = f'"{entry.text}" in insecure_registries is deprecated: use insecure = true of registries.conf'
        yield Conflict("crio-insecure", Severity.SURPRISING, message, (entry.origin,))


RULES = (find_bad_files, find_registries)
