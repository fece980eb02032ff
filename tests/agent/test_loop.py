"""Requests and replies: states, check mode, the second look, failures, progress, content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.agent.modules.copy import ARGS
from mooring.transport.agent_client import Remote


class Bytes:
    """Content made of `count` chunks; `error` is raised instead of the last one."""

    def __init__(self, chunk: bytes, count: int, error: Exception | None = None) -> None:
        self.chunk, self.count, self.error, self.taken = chunk, count, error, 0

    @property
    def size(self) -> int:
        return len(self.chunk) * self.count

    @property
    def sha1(self) -> str:
        return hashlib.sha1(self.chunk * self.count).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        for _ in range(self.count):
            self.taken += 1
            if self.error is not None and self.taken == self.count:
                raise self.error
            yield self.chunk


def test_hello_and_nothing(remote: Remote, interpreter: str) -> None:
    assert remote.hello["pid"] > 0
    reply = remote.call("t_nothing", {"text": "é✓", "number": 1, "list": [None, True, 1.5]})
    assert reply == {"changed": False, "got": {"text": "é✓", "number": 1, "list": [None, True, 1.5]}}


def test_state_is_reached_once(remote: Remote, tmp_path: Path) -> None:
    args = {"path": str(tmp_path / "fé"), "text": "über\n"}
    first = remote.call("t_text_file", args, diff=True)
    assert first["changed"]
    assert first["applied"]
    assert first["now"]["text"] == "über\n"
    assert first["diff"] == [
        {"before": "", "after": 'text: "über\\n"\n', "before_header": "before", "after_header": "after"}
    ]
    assert (tmp_path / "fé").read_text("utf-8") == "über\n"
    second = remote.call("t_text_file", args, diff=True)
    assert not second["changed"]
    assert "diff" not in second


def test_check_mode_predicts_and_writes_nothing(remote: Remote, tmp_path: Path) -> None:
    args = {"path": str(tmp_path / "file"), "text": "new"}
    reply = remote.call("t_text_file", args, check=True)
    assert reply["changed"]
    assert reply["now"] == {"text": "new"}
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("old")
    reply = remote.call("t_text_file", {**args, "state": "absent"}, check=True)
    assert reply["changed"]
    assert reply["now"] is None
    assert (tmp_path / "file").read_text() == "old"


def test_one_shot_module_in_check_mode(remote: Remote) -> None:
    assert remote.call("t_crash", {}, check=True) == {"changed": False, "skipped": True, "msg": "would run"}
    assert remote.call("t_nothing", {}, check=True) == {"changed": False, "got": {}}
    assert remote.call("t_predict", {"sure": True}, check=True) == {"changed": True, "warnings": ["cannot look"]}
    assert remote.call("t_predict", {}, check=True)["skipped"]


def test_second_look_finds_what_did_not_change(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    args = {"path": str(tmp_path / "file"), "text": "new", "state": "broken"}
    reply = remote.call("t_text_file", args)
    assert reply["failed"]
    assert reply["changed"]
    assert reply["msg"] == 'still differs after the change: text is "old", wanted "new"'


def test_always_counts_but_is_not_looked_at_again(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("same")
    args = {"path": str(tmp_path / "file"), "text": "same", "restart": True}
    for _ in range(2):
        reply = remote.call("t_text_file", args)
        assert reply["changed"]
        assert "failed" not in reply


def test_secrets_are_never_told(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    args = {"path": str(tmp_path / "file"), "text": 'the "g%heim" word', "password": '"g%heim"'}
    reply = remote.call("t_text_file", args, diff=True)
    assert "password is ********, wanted ********" in reply["msg"]
    assert "heim" not in str(reply["diff"]) + reply["msg"]
    assert "old-secret" not in str(reply["diff"]) + reply["msg"]


def test_failure_with_values_and_warnings(remote: Remote) -> None:
    expected = {"changed": False, "failed": True, "msg": "it went wrong", "rc": 7, "warnings": ["careful"]}
    assert remote.call("t_fail", {}) == expected


def test_crash_shows_source_lines_and_the_agent_goes_on(remote: Remote) -> None:
    reply = remote.call("t_crash", {"zero": 0})
    assert reply["failed"]
    assert reply["msg"].startswith("ZeroDivisionError: ")
    assert 'File "mooring/agent/modules/t_crash.py"' in reply["exception"]
    assert 'return 1 // args["zero"]  # the line to show' in reply["exception"]
    assert remote.call("t_crash", {"leave": True})["msg"] == "SystemExit: 3"
    assert remote.call("t_no_such", {})["failed"]
    assert not remote.call("t_nothing", {}).get("failed")


@pytest.mark.parametrize(
    ("excess", "reason"),
    [
        ({"size": 33 * 1024 * 1024}, "34.6 MB, and 32 MiB are the limit"),
        ({"many": 1_100_000}, "more than 1000000 values"),
        ({"levels": 70}, "nested deeper than 64 levels"),
        ({"levels": 5000}, "nested|recursion"),
        ({"endless": True}, "JSON compliant|float values"),
    ],
)
def test_a_result_that_no_frame_may_hold_is_a_failure_with_a_remedy(
    remote: Remote, excess: dict[str, int], reason: str
) -> None:
    args = {"size": 1, "many": 1, "levels": 1, "endless": False}
    reply = remote.call("t_excess", {**args, **excess})
    assert re.search(reason, reply["msg"]), reply["msg"]
    assert reply["msg"].endswith("Let it return less, or write to a file on the host")
    assert {name: reply[name] for name in ("failed", "changed", "rc")} == {"failed": True, "changed": True, "rc": 0}
    assert remote.call("t_excess", args)["half"] == "\ufffd"


def test_stray_output_does_no_harm(remote: Remote) -> None:
    assert remote.call("t_noisy", {}) == {"changed": True}
    assert remote.call("t_noisy", {}) == {"changed": True}


def test_content_streams_with_progress(remote: Remote) -> None:
    content = Bytes(bytes(range(256)) * 4000, 6)
    steps: list[tuple[str, int, int]] = []
    reply = remote.call(
        "t_content",
        {"size": content.size},
        content=content,
        on_progress=lambda what, done, total: steps.append((what, done, total)),
    )
    assert (reply["size"], reply["sha1"]) == (content.size, content.sha1)
    assert steps[0][0] == "loading"
    assert steps[-1] == ("loading", content.size, content.size)


@pytest.mark.parametrize("count", [3, 5])
def test_a_large_copy_has_progress(remote: Remote, tmp_path: Path, count: int) -> None:
    """A small one is done before anybody looks."""
    content = Bytes(bytes(1_000_000), count)
    steps: list[tuple[str, int, int]] = []
    call_args = {"dest": str(tmp_path / "big.tar"), "checksum": content.sha1, "size": content.size}
    args = {**{name: spec.get("default") for name, spec in ARGS.items()}, **call_args}
    reply = remote.call("copy", args, content=content, on_progress=lambda *progress: steps.append(progress))
    assert reply["changed"], reply
    assert steps[-1:] == ([("copying big.tar", content.size, content.size)] if count == 5 else [])


def test_content_that_nobody_wants_any_more(remote: Remote) -> None:
    content = Bytes(b"x" * 100_000, 200)
    reply = remote.call("t_content", {"fail_at": 150_000}, content=content)
    assert reply["msg"] == "enough"
    assert content.taken < 200
    assert remote.call("t_nothing", {"after": 1})["got"] == {"after": 1}


def test_content_that_cannot_be_had(remote: Remote) -> None:
    broken = Bytes(b"x" * 1000, 3, OSError("disk on fire"))
    assert remote.call("t_content", {}, content=broken)["msg"] == "cannot read the content: disk on fire"
    assert remote.call("t_content", {})["msg"] == "this task has no content"


def test_requests_sent_ahead_wait_while_content_comes(remote: Remote) -> None:
    content = Bytes(b"abc" * 200_000, 4)
    first = remote.send("t_content", {}, content=content)
    ahead = [remote.send("t_nothing", {"n": n}) for n in range(3)]
    last = remote.send("t_content", {}, content=content)
    assert [remote.receive(number)["got"] for number in reversed(ahead)] == [{"n": 2}, {"n": 1}, {"n": 0}]
    replies: list[dict[str, Any]] = [remote.receive(last), remote.receive(first)]
    assert [reply["sha1"] for reply in replies] == [content.sha1, content.sha1]
