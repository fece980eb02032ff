"""What a play is made of (its files of variables, its batches) does not end for all where one
host's facts are odd."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hostile.payloads import TAINT
from tests.hostile.recorded import CLIENT, FACTS
from tests.hostile.yard import Yard, expect_honest

PLAYS = """
- hosts: all
  tasks: [{name: first, debug: {msg: x}}]
- hosts: all
  gather_facts: false
  vars_files: ["{{ ansible_os_family }}.yml"]
  tasks: [{name: told, debug: {msg: "{{ word }}"}}]
"""
ALONE = """
- hosts: all
  vars_files: ["{{ ansible_os_family }}.yml"]
  tasks: [{name: told, debug: {msg: "{{ word }}"}}]
"""
BATCHES = """
- hosts: all
  tasks: [{name: first, debug: {msg: x}}]
- hosts: all
  gather_facts: false
  serial: "{{ SERIAL }}"
  tasks: [{name: told, debug: {msg: own}}]
"""


def saying(facts: dict[str, Any]) -> dict[str, Any]:
    return {**CLIENT, "setup": {"ansible_facts": {**FACTS, "ansible_os_family": None, **facts}}}


# The first host of a play is the one with whose variables the play's own values are rendered.
ODD: dict[str, dict[str, Any]] = {
    "a-null": {},
    "a-mapping": {"ansible_os_family": {TAINT: 1}},
    "a-path": {"ansible_os_family": f"../{TAINT}"},
    "a-name": {"ansible_os_family": TAINT},
}


@pytest.mark.parametrize("text", [PLAYS, ALONE], ids=["known before", "gathered by itself"])
@pytest.mark.parametrize("name", [*ODD, "a-nothing"])
def test_vars_files_by_a_fact(yard: Yard, text: str, name: str) -> None:
    facts = {"ansible_facts": {}} if name == "a-nothing" else saying(ODD[name])["setup"]
    (yard.checkout / "playbooks" / "Debian.yml").write_text("word: own\n")
    yard.add(name, answers={**CLIENT, "setup": facts})
    yard.add("honest", answers=CLIENT)
    run = yard.play(text)
    expect_honest(run)
    assert run.messages("honest", "told") == ["own"], run.transcript
    assert run.recap[name]["failed"] == 1, run.transcript
    assert run.status == 2, run.transcript


@pytest.mark.parametrize("value", [TAINT, None, {"a": 1}])
@pytest.mark.parametrize("written", ["ansible_batch | default(1)", "hostvars['a-batch'].ansible_batch | default(1)"])
def test_serial_is_the_operators(yard: Yard, value: Any, written: str) -> None:
    yard.add("a-batch", answers=saying({"ansible_batch": value}))
    yard.add("honest", answers=CLIENT)
    run = yard.play(BATCHES.replace("SERIAL", written))
    expect_honest(run)
    assert run.messages("honest", "told") == ["own"], run.transcript
    assert run.status == 0, run.transcript
