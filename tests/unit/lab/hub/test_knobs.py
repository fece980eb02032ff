"""The file that says how the hub behaves: read at every request, and refused where it
says nothing sensible."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.hub.knobs import KnobError, KnobFile, Knobs, parse_knobs


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "no JSON: "),
        ("", "no JSON: "),
        ("[]", "no JSON object"),
        ('{"slowly": 1}', "no knob 'slowly'; there are rate_limit, "),
        ('{"slow": "1"}', "slow is '1', no int"),
        ('{"answer": true}', "answer is True, no int"),
        ('{"remaining": -1}', "remaining is -1, below 0"),
        ('{"only": "("}', "only is no regular expression: "),
        ('{"private": "x"}', "private is 'x', no list"),
        ('{"accounts": []}', r"accounts is \[\], no dict"),
        ('{"rate_limit": null}', "rate_limit is None, no int"),
    ],
)
def test_what_is_no_knob_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(KnobError, match=complaint):
        parse_knobs(text)


def test_the_file_may_come_change_and_go(tmp_path: Path) -> None:
    path = tmp_path / "knobs.json"
    file = KnobFile(path)
    assert file.read() == (Knobs(), "")
    path.write_text('{"delay": 1, "answer": null, "only": "manifests"}')
    knobs, edition = file.read()
    assert (knobs.delay, knobs.answer) == (1, None)
    assert file.read() == (knobs, edition)
    assert knobs.is_troubled("GET", "registry-1.docker.io", "/v2/x/manifests/1")
    assert not knobs.is_troubled("GET", "auth.docker.io", "/token")
    (tmp_path / "new").write_text(path.read_text())
    (tmp_path / "new").replace(path)
    assert file.read()[1] != edition
    path.unlink()
    assert file.read() == (Knobs(), "")
