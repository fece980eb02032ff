"""A body on its way to the client: slowed down or broken off where the knobs say so."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

from lab.hub.messages import Answer

CHUNK = 256 * 1024
_STEPS = 20
"""A slow body comes in so many pieces a second."""


class BrokenOff(Exception):
    """The body did not reach its end; after so many bytes."""

    def __init__(self, sent: int) -> None:
        super().__init__(f"broken off after {sent} bytes")
        self.sent = sent


def send_body(
    answer: Answer,
    write: Callable[[bytes], object],
    finish: Callable[[], None],
    slow: int | None,
    drop_after: int | None,
) -> None:
    """Hands the body to WRITE in pieces, at most SLOW bytes a second and DROP_AFTER bytes in all.

    FINISH is called before the last byte is written: whoever has all of the body finds that it has
    happened. BrokenOff where the body is longer than DROP_AFTER, the client goes away, or what is
    read ends too early.
    """
    is_finished, sent, allowed = False, 0, answer.size if drop_after is None else min(answer.size, drop_after)
    source = answer.stream or io.BytesIO(answer.body)
    piece_size = max(1, slow // _STEPS) if slow else CHUNK
    try:
        while sent < allowed and (piece := source.read(min(piece_size, allowed - sent))):
            if sent + len(piece) == answer.size:
                write(piece[:-1])
                finish()
                is_finished = True
                piece, sent = piece[-1:], sent + len(piece) - 1
            write(piece)
            sent += len(piece)
            if slow:
                time.sleep(len(piece) / slow)
    except OSError as error:
        if is_finished:
            raise
        raise BrokenOff(sent) from error
    if sent < answer.size:
        raise BrokenOff(sent)
