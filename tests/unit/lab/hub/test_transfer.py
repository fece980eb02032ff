"""A body on its way: the log's line is there before the last byte."""

from __future__ import annotations

import pytest

from lab.hub.messages import Answer
from lab.hub.transfer import CHUNK, BrokenOff, send_body


@pytest.mark.parametrize("size", [1, 2, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_the_end_is_told_before_the_last_byte(size: int) -> None:
    written: list[bytes] = []
    when: list[int] = []
    body = bytes(number % 251 for number in range(size))
    send_body(Answer(200, body=body), written.append, lambda: when.append(len(b"".join(written))), None, None)
    assert b"".join(written) == body
    assert when == [size - 1]


@pytest.mark.parametrize(("size", "sent"), [(10, 4), (4, 4), (3, 3)])
def test_a_drop_lets_so_many_bytes_pass(size: int, sent: int) -> None:
    written: list[bytes] = []
    ends: list[bool] = []
    if size > sent:
        with pytest.raises(BrokenOff) as error:
            send_body(Answer(200, body=bytes(size)), written.append, lambda: ends.append(True), None, 4)
        assert error.value.sent == sent
    else:
        send_body(Answer(200, body=bytes(size)), written.append, lambda: ends.append(True), None, 4)
    assert len(b"".join(written)) == sent
    assert ends == [True] * (size <= sent)


def test_a_client_that_goes_away_is_told_with_what_it_had() -> None:
    written: list[bytes] = []

    def write(piece: bytes) -> None:
        if written:
            raise BrokenPipeError
        written.append(piece)

    with pytest.raises(BrokenOff) as error:
        send_body(Answer(200, body=bytes(2 * CHUNK)), write, lambda: None, None, None)
    assert error.value.sent == CHUNK
