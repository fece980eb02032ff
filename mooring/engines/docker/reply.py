"""The reply of `docker_config` as the resolver takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.engines.docker.effective import Texts


def texts_of(reply: Mapping[str, Any]) -> Texts:
    """The module's reply as the resolver wants it."""
    return Texts(
        unit=reply["unit"],
        files=reply["files"],
        certificates={name: tuple(names) for name, names in reply["certificates"].items()},
        argv=tuple(reply["argv"]),
        info=reply["info"],
        version=reply["version"],
        needs_reload=reply["needs_reload"],
        started_with=unchanged(reply),
        is_replaced=bool(reply.get("replaced")),
    )


def unchanged(reply: Mapping[str, Any]) -> dict[str, str]:
    """The texts with which the running daemon was started; none where no daemon
    runs, or nobody knows."""
    newer = reply.get("newer")
    if newer is None or not reply["argv"]:
        return {}
    return {path: text for path, text in reply["files"].items() if text is not None and path not in newer}
