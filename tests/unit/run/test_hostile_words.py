"""What a host says during a run steers nothing here: over the real agent, with replies that were
tampered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mooring.errors import SourceError
from mooring.results import Outcome, TaskFinished, Warned
from mooring.transport import replies
from tests.support.story import Story, play

SECRET = "secret of the control machine"


@pytest.fixture
def tamper(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds to every reply what a hostile host would add, before it is checked."""

    def add(**more: Any) -> None:
        honest = replies.check

        def check(reply: Any) -> dict[str, Any]:
            facts = {**reply.get("ansible_facts", {}), **more.get("ansible_facts", {})}
            return honest({**reply, **more, **({"ansible_facts": facts} if facts else {})})

        monkeypatch.setattr(replies, "check", check)

    return add


def warnings(story: Story) -> list[str]:
    return [event.message for event in story.events if isinstance(event, Warned)]


def test_a_reply_neither_includes_nor_steers(tmp_path: Path, tamper: Any) -> None:
    (tmp_path / "evil.yml").write_text("- debug: {msg: ran}\n")
    tamper(meta="end_host", include=str(tmp_path / "evil.yml"), included_variables={"v": "evil"}, unreachable=True)
    tasks = """\
        - ping:
        - debug: {msg: "{{ v | default('none') }}"}
        """
    story = Story(tmp_path, play(tasks))
    assert story.outcomes() == [("ping", Outcome.OK), ("debug", Outcome.OK)]
    assert story.messages()[-1] == "none"
    assert "include, included_variables, meta, unreachable" in warnings(story)[0]


def test_connection_settings_come_from_the_operator_alone(tmp_path: Path, tamper: Any) -> None:
    """The line is cut after the facts; what the second connection is made with was
    not said by the host."""
    marker = tmp_path / "marker"
    evil = f"-o ProxyCommand='touch {marker}'"
    facts = {
        "ansible_ssh_common_args": evil,
        "ansible_connection": "ssh",
        "extra_ssh": evil,
        "ansible_host": "127.0.0.9",
    }
    tamper(ansible_facts=facts)
    tasks = """\
        - setup: {gather_subset: "!all"}
        - meta: reset_connection
        - ping:
        """
    story = Story(tmp_path, play(tasks))
    assert story.outcomes()[-1] == ("ping", Outcome.OK)
    assert not marker.exists()
    assert "ansible_connection" in warnings(story)[0]


@pytest.mark.parametrize("task", ["set_fact: {ansible_host: x}", "{ping: , register: ansible_connection}"])
def test_no_task_sets_how_a_host_is_reached(tmp_path: Path, task: str) -> None:
    with pytest.raises(SourceError, match="says how a host is reached"):
        Story(tmp_path, play(f"- {task}"))


def test_settings_made_of_facts_are_undefined(tmp_path: Path) -> None:
    tasks = """\
        - {command: "echo x", register: said}
        - meta: reset_connection
        - {ping: , become_user: "{{ said.stdout }} -c id", become: true}
        - ping:
        """
    story = Story(tmp_path, play(tasks, head="vars: {ansible_python_interpreter: '{{ said.stdout }}'}\n"))
    assert story.outcomes()[0][1] is Outcome.FAILED
    assert "'said' is undefined" in story.messages()[0]


@pytest.mark.parametrize("value", ["said.stdout_lines", "{'a': said.stdout}", "said.rc"])
def test_become_user_is_a_name_whatever_kind_a_host_sends(tmp_path: Path, value: str) -> None:
    tasks = f"""\
        - {{command: "sh -c 'echo x; exit 7'", register: said, failed_when: false}}
        - {{ping: , become_user: "{{{{ {value} }}}}", become: true}}
        """
    story = Story(tmp_path, play(tasks))
    assert "become_user holds a host's text that is not a user name" in story.messages()[-1]


def test_a_fact_is_no_variable_of_the_operators(tmp_path: Path, tamper: Any) -> None:
    tamper(
        ansible_facts={"n": 99, "registry_client_registries": [{"ca_file": "/etc/shadow"}], "ansible_os_family": "X"}
    )
    tasks = """\
        - setup: {gather_subset: "!all"}
        - debug: {msg: "{{ n }} {{ ansible_os_family }} {{ registry_client_registries | default('none') }}"}
        - debug: {msg: "{{ hostvars['a'].n }} {{ ansible_facts.n | default('none') }}"}
        """
    story = Story(tmp_path, play(tasks))
    assert story.messages()[-2:] == ["1 X none", "1 none"]
    assert "facts ignored: n, registry_client_registries" in warnings(story)[0]


def test_jinja_of_a_host_comes_back_as_it_is(tmp_path: Path, tamper: Any) -> None:
    (tmp_path / "secret").write_text(SECRET)
    evil = "{{ lookup('file', '%s') }}" % (tmp_path / "secret")
    tamper(ansible_facts={"ansible_evil": evil, "ansible_list": [evil]}, stdout=evil, own={evil: evil})
    tasks = """\
        - {setup: {gather_subset: "!all"}, register: r}
        - {set_fact: {a: "{{ ansible_evil }}", b: "{{ ansible_list | map('trim') | list }}"}}
        - debug: {msg: "{{ a }}{{ b[0] }}{{ r.stdout }}{{ r.own }}{{ v }}"}
          vars: {v: "{{ ansible_evil ~ '' }}"}
        - debug: {msg: "{{ item }}"}
          loop: "{{ ansible_list }}"
        """
    story = Story(tmp_path, play(tasks))
    assert all(outcome in (Outcome.OK, Outcome.CHANGED) for _, outcome in story.outcomes())
    assert SECRET not in str(story.events)
    assert story.messages()[-1] == evil or evil in str(story.events)


@pytest.mark.parametrize(
    "task",
    [
        'debug: {var: "{{ r.stdout }}"}',
        'debug: {var: "{{ r.stdout | trim }}"}',
        'assert: {that: "{{ r.stdout }}"}',
        'assert: {that: ["{{ r.stdout }}"]}',
        'assert: {that: "{{ conditions }}"}',
        '{ping: , when: "{{ r.stdout }}"}',
        '{ping: , register: p, until: "{{ r.stdout }}", retries: 1, delay: 0}',
        '{ping: , failed_when: "{{ r.stdout }}"}',
        '{ping: , changed_when: "{{ r.stdout }}"}',
    ],
)
def test_a_hosts_text_is_no_expression(tmp_path: Path, task: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    evil = f"lookup('file', '{tmp_path}/secret') == 1"
    tasks = f"""\
        - {{shell: 'cat {tmp_path}/said', register: r}}
        - {task}
        """
    (tmp_path / "said").write_text(evil)
    story = Story(tmp_path, play(tasks, head="vars: {conditions: ['{{ r.stdout }}']}\n"))
    assert story.outcomes()[-1][1] is Outcome.FAILED
    assert SECRET not in str([event for event in story.events if isinstance(event, TaskFinished)])


@pytest.mark.parametrize(
    "task",
    [
        'set_fact: {"{{ r.stdout }}": x}',
        'include_vars: {file: v.yml, name: "{{ r.stdout }}"}',
        '{ping: , register: p, until: false, retries: 1, delay: "{{ endless }}"}',
        'pause: {seconds: "{{ endless }}"}',
    ],
)
def test_a_host_names_no_variable_and_no_endless_time(tmp_path: Path, task: str) -> None:
    (tmp_path / "v.yml").write_text("a: 1\n")
    tasks = f"""\
        - {{command: "printf registry_names", register: r}}
        - {{command: "printf inf", register: endless}}
        - {task}
        - debug: {{msg: "{{{{ registry_names }}}}"}}
        """
    tasks = tasks.replace("{{ endless }}", "{{ endless.stdout }}")
    story = Story(tmp_path, play(tasks, head="vars: {registry_names: [own]}\n"))
    assert story.outcomes()[-1][1] is Outcome.FAILED


@pytest.mark.parametrize(
    "task",
    [
        "include_vars: {name}",
        "include_tasks: {name}",
        "copy: {{src: {name}, dest: {folder}/out}}",
        "template: {{src: {name}, dest: {folder}/out}}",
        "debug: {{msg: \"{{{{ lookup('file', path) }}}}\"}}",
    ],
)
def test_a_host_chooses_among_the_operators_files_and_no_others(tmp_path: Path, task: str) -> None:
    (tmp_path / "Debian.yml").write_text("- debug: {msg: included}\n" if "tasks" in task else "v: 1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.yml").write_text("v: 1\n")
    (tmp_path / "out.yml").symlink_to("/etc/passwd")
    outcomes = {"Debian": True, "sub/x": False, "../p": False, f"{tmp_path}/Debian": False, "out": False, "": False}
    # One run for all texts: a refused path fails its block, and the block is rescued by its number.
    lines = ""
    for number, text in enumerate(outcomes):
        line = task.format(name='"{{ path }}"', folder=tmp_path)
        lines += f"- block:\n  - {{command: printf %s '{text}', register: r}}\n  - {line}\n"
        lines += f"  rescue:\n  - debug: {{msg: refused {number}}}\n"
    story = Story(tmp_path, play(lines, head='vars: {path: "{{ r.stdout }}.yml"}\n'))
    assert story.status == 0
    refused = [message for message in story.messages() if message.startswith("refused ")]
    assert refused == [f"refused {number}" for number, works in enumerate(outcomes.values()) if not works]


def test_a_whole_name_is_no_part_of_one(tmp_path: Path) -> None:
    story = Story(
        tmp_path, play("- {command: echo p.yml, register: r}\n- copy: {src: '{{ r.stdout }}', dest: /nowhere}\n")
    )
    assert "the path holds text that a host sent" in story.messages()[-1]


def test_a_bad_vars_file_fails_the_hosts_own_tasks_only(tmp_path: Path, tamper: Any) -> None:
    tamper(ansible_facts={"ansible_os_family": "../../x"})
    head = "vars_files: [\"{{ ansible_os_family | default('none') }}.yml\"]\n"
    (tmp_path / "none.yml").write_text("v: 1\n")
    story = Story(tmp_path, play('- setup: {gather_subset: "!all"}\n- ping:\n', head=head))
    assert story.status == 2
    assert "the path holds text that a host sent" in story.messages()[-1]


def test_the_items_of_an_include_are_no_word_of_the_operators(tmp_path: Path) -> None:
    """A host's words in the loop of an include, and a connection setting made of the item."""
    marker = tmp_path / "marker"
    (tmp_path / "inner.yml").write_text(
        '- meta: reset_connection\n- ping:\n  vars: {ansible_ssh_common_args: "{{ item }}", ansible_connection: ssh}\n'
    )
    tasks = f"""\
        - {{shell: "echo '-o ProxyCommand=\\"touch {marker}\\"'", register: r}}
        - include_tasks: inner.yml
          loop: "{{{{ r.stdout_lines | map('trim') }}}}"
        """
    story = Story(tmp_path, play(tasks))
    assert story.outcomes()[-1][1] is Outcome.FAILED, story.messages()
    assert "'item' is undefined" in story.messages()[-1]
    assert not marker.exists()


def test_the_names_in_a_reply_are_a_hosts_words_too(tmp_path: Path, tamper: Any) -> None:
    tamper(**{"11+22": 1})
    tasks = """\
        - {ping: , register: r}
        - debug: {var: "{{ (r | dict2items | selectattr('value', 'eq', 1) | map(attribute='key') | list)[-1] }}"}
        """
    story = Story(tmp_path, play(tasks))
    assert story.outcomes()[-1][1] is Outcome.FAILED, story.messages()


def test_an_error_of_ours_that_quotes_a_host_is_a_hosts_word(tmp_path: Path) -> None:
    tasks = """\
        - {command: "printf |11+22|", register: q}
        - {pause: {seconds: "{{ q.stdout }}"}, register: w, ignore_errors: true}
        - debug: {var: "{{ w.msg.split('|')[1] }}"}
        """
    story = Story(tmp_path, play(tasks))
    assert story.outcomes()[-1][1] is Outcome.FAILED, story.messages()


def test_a_host_that_names_no_vars_file_ends_no_run(tmp_path: Path, tamper: Any) -> None:
    tamper(ansible_facts={"ansible_q": "Nope"})
    (tmp_path / "none.yml").write_text("v: 1\n")
    head = "vars_files: [\"{{ ansible_q | default('none') }}.yml\"]\n"
    text = play('- setup: {gather_subset: "!all"}\n', head=head) + play("- ping:\n", head=head)
    story = Story(tmp_path, text)
    assert story.status == 2
    assert "no such file" in story.messages()[-1]
