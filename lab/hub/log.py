"""The hub's own log: one JSON object per request and line, written before the client
has the last byte."""

from __future__ import annotations

import datetime
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lab.hub.messages import Answer, Request


class RequestLog:
    """Appends to the file at PATH, or to standard output without one; emptying the file from
    outside is fine."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else sys.stdout
        self._lock = threading.Lock()

    def write(self, line: dict[str, Any]) -> None:
        """Appends LINE."""
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def describe(request: Request, answer: Answer, began: float, sent: int, is_complete: bool) -> dict[str, Any]:
    """The line: SENT are bytes of body, BEGAN is a moment of time.monotonic()."""
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds"),
        "client": request.client,
        "host": request.host,
        "method": request.method,
        "path": request.path,
        "query": request.target.partition("?")[2],
        "status": answer.status,
        "bytes": sent,
        "is_complete": is_complete,
        "seconds": round(time.monotonic() - began, 3),
        "authorization": request.credentials[0],
        "account": answer.account,
        "range": request.headers.get("Range", ""),
        "agent": request.headers.get("User-Agent", ""),
        "counted": answer.counted,
        "remaining": answer.remaining,
    }
