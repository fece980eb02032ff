"""Plays on this machine, over the real agent: control flow, results, recap, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mooring.errors import SourceError
from mooring.inventory.inventory import Inventory
from mooring.playbook.playbook import Playbook
from mooring.playbook.tags import TagChoice
from mooring.reporters.json_lines import as_object
from mooring.results import Event, ItemFinished, Outcome, PlayStarted, RunFinished, TaskFinished
from mooring.run.action_files import check_action
from mooring.run.options import Options
from mooring.run.runner import Runner
from mooring.transport.connection.settings import RunOptions
from tests.support.story import INVENTORY, Story, play

RESCUED = {"ok": 3, "changed": 0, "unreachable": 0, "failed": 0, "skipped": 0, "rescued": 1, "ignored": 0}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    text = play(
        f"""\
        - copy: {{content: "n={{{{ n }}}}\\n", dest: "{tmp_path}/{{{{ inventory_hostname }}}}", mode: "0600"}}
          register: copied
        - assert: {{that: [copied.dest == tmp, copied.checksum is defined]}}
          vars: {{tmp: "{tmp_path}/{{{{ inventory_hostname }}}}"}}
        """,
        hosts="all",
    )
    first, second = Story(tmp_path, text), Story(tmp_path, text)
    assert [row["changed"] for row in first.recap.values()] == [1, 1, 1]
    assert [row["changed"] for row in second.recap.values()] == [0, 0, 0]
    assert (tmp_path / "b").read_text() == "n=2\n"
    assert first.status == second.status == 0


def test_check_mode_predicts_and_writes_nothing(tmp_path: Path) -> None:
    story = Story(tmp_path, play(f"- copy: {{content: x, dest: {tmp_path}/new}}"), check=True)
    assert story.outcomes() == [("copy", Outcome.CHANGED)]
    assert not (tmp_path / "new").exists()


def test_handlers_run_once_at_the_end_in_their_own_order(tmp_path: Path) -> None:
    text = play(
        """\
        - {command: "true", notify: [second, topic]}
        - {command: "true", notify: second}
        - {command: "true", changed_when: false, notify: never}
        - {name: middle, debug: }
        """,
        head="""\
        handlers:
          - {name: first, debug: , listen: topic}
          - {name: second, debug: }
          - {name: never, debug: }
        """,
    )
    names = [name for name, _ in Story(tmp_path, text).outcomes()]
    assert names == ["command", "command", "command", "middle", "first", "second"]


def test_meta_flush_handlers_runs_them_at_once(tmp_path: Path) -> None:
    text = play(
        """\
        - {command: "true", notify: h}
        - meta: flush_handlers
        - {name: after, debug: }
        """,
        head="handlers: [{name: h, debug: }]\n",
    )
    assert [name for name, _ in Story(tmp_path, text).outcomes()] == ["command", "h", "after"]


def test_rescue_and_always(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - block:
            - {name: breaks, fail: {msg: boom}}
            - {name: not reached, debug: }
          rescue:
            - debug: {msg: "{{ ansible_failed_task.name }}: {{ ansible_failed_result.msg }}"}
          always:
            - {name: always, debug: }
        - {name: goes on, debug: }
        """),
    )
    assert [name for name, _ in story.outcomes()] == ["breaks", "debug", "always", "goes on"]
    assert "breaks: boom" in story.messages()
    assert story.recap["a"] == RESCUED
    assert story.status == 0


def test_a_failure_in_rescue_fails_the_host_but_always_runs(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - block: [{name: one, fail: }]
          rescue: [{name: two, fail: }]
          always: [{name: three, debug: }]
        - {name: four, debug: }
        """),
    )
    assert [name for name, _ in story.outcomes()] == ["one", "two", "three"]
    assert story.status == 2


def test_a_failed_host_leaves_and_the_others_go_on(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play(
            """\
        - fail:
          when: n == 2
        - {name: goes on, debug: }
        """,
            hosts="all",
        )
        + play("- {name: next, debug: }", hosts="all"),
    )
    assert [name for name, _ in story.outcomes("b")] == ["fail"]
    assert [name for name, _ in story.outcomes("c")] == ["fail", "goes on", "next"]
    assert story.status == 2


def test_ignored_failures(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - {command: "false", ignore_errors: true, register: it}
        - assert: {that: [it is failed, it.rc == 1]}
        """),
    )
    assert story.outcomes()[0][1] is Outcome.IGNORED
    assert (story.recap["a"]["ok"], story.recap["a"]["ignored"], story.status) == (2, 1, 0)


def test_loops_with_conditions_and_labels(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - debug: {msg: "{{ index }}={{ word.name }}"}
          loop: [{name: x1}, {name: y1}, {name: z1}]
          loop_control: {loop_var: word, index_var: index, label: "{{ word.name }}"}
          when: word.name != "y1"
          register: said
        - assert:
            that: ["said.results | length == 3", "said.results[1] is skipped", "said.results[2].msg == '2=z1'"]
        """),
    )
    items = [event.result for event in story.events if isinstance(event, ItemFinished)]
    assert [(item.item, item.outcome.value) for item in items] == [("x1", "ok"), ("y1", "skipped"), ("z1", "ok")]
    assert story.status == 0


def test_retries_until(tmp_path: Path) -> None:
    count = f"echo x >> {tmp_path}/count; test $(wc -l < {tmp_path}/count) -ge 3"
    story = Story(
        tmp_path,
        play(f"""\
        - {{shell: "{count}", register: it, until: it.rc == 0, retries: 5, delay: 0, changed_when: false}}
        - assert: {{that: it.attempts == 3}}
        - {{command: "false", retries: 1, delay: 0, until: false}}
        """),
    )
    assert [outcome for _, outcome in story.outcomes()] == [Outcome.OK, Outcome.OK, Outcome.FAILED]


def test_changed_when_and_failed_when(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - {command: "echo yes", register: it, changed_when: "'no' in it.stdout"}
        - {command: "false", register: it, failed_when: it.rc > 1}
        - {command: "echo bad", register: it, failed_when: "'bad' in it.stdout"}
        """),
    )
    assert [outcome for _, outcome in story.outcomes()] == [Outcome.OK, Outcome.CHANGED, Outcome.FAILED]


def test_include_tasks_with_loop_and_variables(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text('- debug: {msg: "{{ item }} {{ w }}"}\n')
    story = Story(
        tmp_path,
        play("""\
        - include_tasks: "{{ file }}.yml"
          loop: [1, 2]
          vars: {w: "w{{ item }}", file: more}
        """),
    )
    assert [message for message in story.messages() if " w" in message] == ["1 w1", "2 w2"]


def test_hosts_wait_for_what_they_read_of_others(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play(
            """\
        - command: sleep 0.5
          when: n == 1
        - set_fact: {mine: "{{ n * 10 }}"}
        - debug: {msg: "{{ hostvars['a'].mine }} {{ hostvars['c']['mine'] }}"}
        """,
            hosts="all",
        ),
        forks=1,
    )
    assert {story.messages(host)[-1] for host in "abc"} == {"10 30"}
    assert story.status == 0


def test_serial_stops_before_the_next_batch(tmp_path: Path) -> None:
    head = "serial: \"{{ sizes | default([1, '100%']) }}\"\nmax_fail_percentage: 0\n"
    story = Story(tmp_path, play("- fail:\n  when: n == 1\n- debug:", hosts="all", head=head))
    assert story.outcomes("b") == []
    assert story.status == 2
    again = Story(tmp_path, play("- fail:\n  when: n == 1\n- debug:", hosts="all", head=head), extra_vars={"sizes": 3})
    assert len(again.outcomes("b")) == 2


def test_tags_and_limit(tmp_path: Path) -> None:
    text = play("- {name: x, debug: , tags: x}\n- {name: y, debug: }\n- {name: z, debug: , tags: always}", hosts="all")
    story = Story(tmp_path, text, tags=TagChoice(frozenset({"x"})), limit="all:!a")
    assert story.events[0] == PlayStarted("all", ("b", "c"), False)
    assert [name for name, _ in story.outcomes("b")] == ["x", "z"]


def test_an_undefined_variable_fails_the_host_with_the_place(tmp_path: Path) -> None:
    story = Story(tmp_path, play('- debug: {msg: "{{ sizes.big }} {{ nn }}"}', head="vars: {sizes: {}}\n"))
    assert story.status == 2
    assert f"{tmp_path}/p.yml:5:20" in story.messages()[0]


def test_foreign_text_is_never_a_template(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - {command: "echo {{ '{{' }} n }}", register: it}
        - debug: {msg: "{{ it.stdout }}"}
        """),
    )
    assert story.messages()[-1] == "{{ n }}"


def test_environment_reaches_commands(tmp_path: Path) -> None:
    story = Story(
        tmp_path,
        play("""\
        - {command: printenv WHO, environment: {WHO: "me{{ n }}"}, register: it}
        - assert: {that: it.stdout == "me1"}
        """),
    )
    assert story.status == 0


@pytest.mark.parametrize("word", ["end_host", "end_play"])
def test_meta_ends(tmp_path: Path, word: str) -> None:
    story = Story(tmp_path, play(f"- {{name: one, debug: }}\n- meta: {word}\n- {{name: two, debug: }}"))
    assert [name for name, _ in story.outcomes()] == ["one"]
    assert story.status == 0


def test_the_end_of_a_play_is_the_same_for_all_hosts(tmp_path: Path) -> None:
    tasks = """\
        - {name: slow, command: "sleep 0.3", when: n == 2}
        - {name: before, debug: }
        - {meta: end_play, when: n == 2}
        - {name: behind, debug: }
        """
    story = Story(tmp_path, play(tasks, hosts="all"), forks=2)
    assert [[name for name, _ in story.outcomes(host)] for host in "abc"] == [["slow", "before"]] * 3


def test_no_log_marks_the_result(tmp_path: Path) -> None:
    story = Story(tmp_path, play("- {debug: {msg: secret}, no_log: true}"))
    finished = [event for event in story.events if isinstance(event, TaskFinished)]
    assert finished[0].result.no_log


def test_a_host_that_is_lost_in_a_task_leaves_at_once(tmp_path: Path) -> None:
    tasks = """\
        - block:
            - {name: loses a, shell: "kill -9 $PPID", when: n == 1}
          rescue: [{name: no rescue, debug: }]
          always: [{name: always, debug: }]
        - {name: goes on, ping: }
        """
    story = Story(tmp_path, play(tasks, hosts="a:b") + play("- {name: next, ping: }", hosts="a:b"))
    assert story.outcomes("a") == [("loses a", Outcome.UNREACHABLE)]
    assert [name for name, _ in story.outcomes("b")] == ["loses a", "always", "goes on", "next"]
    assert story.status == 4
    assert "ended by signal" in story.messages("a")[0] or "exit status" in story.messages("a")[0]


def test_no_log_hides_what_a_loop_says_wherever_it_says_it(tmp_path: Path) -> None:
    tasks = """\
        - {name: some, debug: {msg: "{{ item }}"}, loop: [word, open], no_log: "{{ item == 'word' }}"}
        - {name: unknown, debug: {msg: word}, no_log: "{{ nowhere }}"}
        - {name: fails, debug: {msg: "{{ 'word' | from_json }}"}, no_log: true, ignore_errors: true}
        """
    story = Story(tmp_path, play(tasks))
    assert story.status == 0
    shown = [json.dumps(as_object(event)) for event in story.events]
    assert [text for text in shown if "word" in text] == []
    assert any("open" in text for text in shown)


def test_keywords_may_be_templates(tmp_path: Path) -> None:
    tasks = """\
        - {name: count, debug: , until: false, retries: "{{ n }}", delay: "{{ n - 1 }}", ignore_errors: "{{ yes_ }}"}
        - {name: check, command: "true", check_mode: "{{ n == 1 }}", register: c}
        - {name: environment, command: printenv A, environment: "{{ [{'A': 'x'}] }}", register: e}
        - {name: bad number, debug: , until: false, retries: "{{ word }}", ignore_errors: true, register: b}
        - {name: bad choice, fail: {msg: x}, ignore_errors: "{{ word }}"}
        """
    story = Story(tmp_path, play(tasks, head='vars: {yes_: "yes", word: some}\n'))
    assert [outcome.value for _, outcome in story.outcomes()] == ["ignored", "skipped", "changed", "ignored", "failed"]
    assert 'retries must be a number, not "some"' in story.messages()[3]


def test_a_file_that_cannot_be_read_fails_the_task_only(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("x")
    tasks = f"""\
        - block:
            - {{name: hide, file: {{path: "{tmp_path}/gone", state: absent}}}}
            - {{name: copy, copy: {{src: "{tmp_path}/gone", dest: "{tmp_path}/there"}}}}
          rescue: [{{name: saved, debug: }}]
        """
    story = Story(tmp_path, play(tasks))
    assert story.outcomes()[1:] == [("copy", Outcome.RESCUED), ("saved", Outcome.OK)]


def test_a_mistake_in_a_later_play_does_not_take_the_recap(tmp_path: Path) -> None:
    text = play("- {name: one, debug: }\n") + play("- debug:", head='serial: "{{ nowhere }}"\n')
    events: list[Event] = []
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    (tmp_path / "p.yml").write_text(text)
    runner = Runner(Inventory.load(str(tmp_path / "inventory.yml"), tmp_path), Options(), RunOptions(), events.append)
    with pytest.raises(SourceError, match="'nowhere' is undefined"):
        runner.run(Playbook.load(tmp_path / "p.yml", check_action))
    assert isinstance(events[-1], RunFinished)
    assert (events[-1].exit_status, events[-1].recap.counts["a"]["ok"]) == (1, 1)
