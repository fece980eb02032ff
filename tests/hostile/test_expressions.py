"""A host's text is never evaluated: not as a template, not as an expression, wherever
a playbook puts it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hostile.malice import Edit, add_facts
from tests.hostile.payloads import SECRET, TAINT, expect_law, reading, template
from tests.hostile.recorded import CLIENT
from tests.hostile.yard import Yard, expect_honest

# Where text of a host may stand. Each task may fail for
# that host, and must not do what the text says.
PLAY = """
- hosts: all
  vars:
    through: "{{ r.stdout | default('') }}"
    whole: "{{ r }}"
    listed: ["{{ r.stdout }}", {"{{ r.stdout }}": "{{ r.stdout }}"}]
  environment: {WORD: "{{ ansible_distribution | default('') }}"}
  tasks:
    - {name: said, command: said, register: r, changed_when: false}
    - {name: debug var, debug: {var: "{{ r.stdout }}"}}
    - {name: debug var through, debug: {var: "{{ through }}"}}
    - {name: debug var plain, debug: {var: r.stdout}}
    - {name: debug msg, debug: {msg: "{{ r.stdout }} {{ listed }} {{ whole }} {{ r.nested }} {{ through }}"}}
    - {name: assert, assert: {that: "{{ r.stdout }}"}}
    - {name: assert list, assert: {that: ["{{ r.stdout }}", "{{ through }}"]}}
    - {name: assert through, assert: {that: through}}
    - {name: when, debug: {msg: x}, when: "{{ r.stdout }}"}
    - {name: when through, debug: {msg: x}, when: through}
    - {name: until, ping: , until: "{{ r.stdout }}", retries: 1, delay: 0}
    - {name: changed, ping: , changed_when: "{{ r.stdout }}"}
    - {name: failed, ping: , failed_when: "{{ through }}"}
    - {name: loop, debug: {msg: "{{ item }}"}, loop: "{{ r.stdout_lines }}", loop_control: {label: "{{ item }}"}}
    - {name: items, debug: {msg: "{{ item }}"}, loop: "{{ r.nested.list }}"}
    - {name: keys, debug: {msg: "{{ item.key }} {{ item.value }}"}, loop: "{{ r.nested | dict2items }}"}
    - {name: vars, debug: {msg: "{{ mine }}"}, vars: {mine: "{{ r.stdout }}", other: "{{ mine }}"}}
    - {name: set, set_fact: {kept: "{{ r.stdout }}", kept_too: {deep: ["{{ ansible_distribution }}"]}}}
    - {name: kept, debug: {msg: "{{ kept }} {{ kept_too }}"}}
    - {name: kept that, assert: {that: kept}}
    - {name: named, command: "echo {{ kept }}"}
    - {name: "named {{ r.stdout }}", debug: {msg: "{{ ansible_distribution }}"}}
    - {name: looked up, debug: {msg: "{{ lookup('vars', 'kept') }} {{ lookup('env', r.stdout) }}"}}
    - {name: filtered, debug: {msg: "{{ [r.stdout] | map('default', 'x') | join(' ') | trim }}"}}
    - {name: copied, copy: {content: "{{ r.stdout }} {{ r.nested | to_json }}", dest: /tmp/x}}
    - {name: rendered, template: {src: own.j2, dest: /tmp/x}}
    - {name: fail, fail: {msg: "{{ r.stdout }}"}}
    - {name: serial, pause: {seconds: "{{ r.stdout }}"}}
    - {name: notified, command: x, notify: "{{ r.stdout }}"}
    - {name: delegated, debug: {msg: "{{ hostvars['hostile'].kept | default('') }} {{ hostvars.hostile.r.stdout }}"}}
    - {name: facts of others, debug: {msg: "{{ hostvars.hostile.ansible_distribution }} {{ hostvars.hostile.listed }}"}}
    - {name: hosts that, assert: {that: "{{ hostvars['hostile'].r.stdout }}"}}
"""
TEMPLATE = (
    "{{ r.stdout }} {{ listed }} {% for one in r.nested.list %}{{ one }}{% endfor %} {{ hostvars.hostile.kept }}\n"
)


def saying(text: str) -> Edit:
    """Replies that hold the text everywhere."""
    nested = {"list": [text, [text], {text: text}], text: {text: [text]}}

    def change(request: Any, reply: Any) -> Any:
        if request.module == "setup":
            return add_facts({"ansible_distribution": text, "ansible_nested": nested}).change(request, reply)
        return {**reply, "stdout": text, "stdout_lines": [text, text], "msg": text, "stderr": text, "nested": nested}

    return Edit(change)


def never_failing(text: str) -> str:
    """The play with every task's failure ignored."""
    return (
        text.replace("}\n    - {name", ", ignore_errors: true}\n    - {name").rstrip()[:-1] + ", ignore_errors: true}\n"
    )


@pytest.mark.parametrize("kind", ["template", "expression", "true"])
def test_a_hosts_text_is_not_evaluated_wherever_it_stands(yard: Yard, kind: str) -> None:
    honest = {**CLIENT, "command": {"rc": 0, "stdout": "honest", "nested": {"list": ["a"]}}, "copy": {"changed": True}}
    texts = {
        "template": template(yard) + "{% set x = 1 %}{# #}",
        "expression": reading(yard),
        "true": f"'{TAINT}' == '{TAINT}'",
    }
    yard.add("hostile", saying(texts[kind]), honest)
    yard.add("honest", answers=honest)
    folder = yard.checkout / "playbooks" / "templates"
    folder.mkdir()
    (folder / "own.j2").write_text(TEMPLATE)
    run = yard.play(never_failing(PLAY))
    expect_law(run, yard)
    assert "honest" in run.recap, run.transcript
    assert run.recap["honest"]["unreachable"] == 0
    ended = {
        (event["host"], event["task"]): event["outcome"] for event in run.events if event["event"] == "task_finished"
    }
    assert ("hostile", "facts of others") in ended, run.transcript
    for task in ("assert", "assert list", "when", "until", "changed"):
        assert ended["hostile", task] == "ignored", (task, run.transcript)
    for task in (
        "assert through",
        "when through",
        "kept that",
    ):  # a text that is there counts as true, and is not evaluated
        assert ended["hostile", task] == "ok", (task, run.transcript)
    assert ended["honest", "hosts that"] == "ignored", run.transcript
    for task in ("debug msg", "loop", "items", "keys", "vars", "set", "kept", "filtered", "copied", "rendered"):
        assert ended["hostile", task] in ("ok", "changed"), (task, run.transcript)
    assert ended["honest", "delegated"] == "ok", run.transcript
    sent = [request.content.decode() for request in yard.hosts["hostile"].requests if request.module == "copy"]
    assert len(sent) == 2, sent
    assert all(texts[kind] in sent_text for sent_text in sent), "the text goes back as it came"


def test_what_a_host_names_is_no_expression_for_the_honest_one(yard: Yard) -> None:
    """The operator's own expressions still are: `debug: var: "{{ name }}"` where the name
    is the operator's."""
    yard.add("honest", answers={**CLIENT, "command": {"rc": 0, "stdout": "honest"}}, which="r.stdout")
    text = """
- hosts: all
  vars: {holds: "r.rc == 0"}
  tasks:
    - {name: said, command: x, register: r}
    - {name: by name, debug: {var: "{{ which }}"}}
    - {name: holds, assert: {that: "{{ holds }}"}}
"""
    run = yard.play(text)
    expect_honest(run)
    assert run.messages("honest", "by name") == ["honest"], run.transcript
    assert SECRET not in run.out
