"""Playbooks and roles: what is loaded, and what is refused before any host is touched."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from mooring.errors import SourceError
from mooring.playbook.playbook import Playbook
from mooring.playbook.tasks import Block
from mooring.run.action_files import check_action


def load(folder: Path, text: str, **files: str) -> Playbook:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_j2", ".j2")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(content))
    (folder / "p.yml").write_text(dedent(text))
    return Playbook.load(folder / "p.yml", check_action)


def test_roles_run_before_tasks_and_dependencies_before_roles(tmp_path: Path) -> None:
    book = load(
        tmp_path,
        """\
        - hosts: all
          pre_tasks: [{name: first, debug: }]
          tasks: [{name: last, debug: }]
          roles:
            - role: web
              web_port: 81
              tags: w
        """,
        roles__web__tasks__main_yml="- {name: serve, debug: , tags: [x], when: a}\n",
        roles__web__defaults__main_yml="web_port: 80\n",
        roles__web__meta__main_yml="dependencies: [db]\n",
        roles__db__tasks__main_yml="- {name: store, debug: }\n",
    )
    play = book.plays[0]
    assert [task.title for task in play.tasks()] == ["first", "db : store", "web : serve", "last"]
    serve = list(play.tasks())[2]
    assert serve.keywords.tags == {"w", "x"}
    assert serve.keywords.when == ("a",)
    assert serve.role.params == {"web_port": 81}
    assert serve.role.defaults == {"web_port": 80}


def test_blocks_hand_their_keywords_down(tmp_path: Path) -> None:
    book = load(
        tmp_path,
        """\
        - hosts: all
          become: true
          tasks:
            - when: a
              vars: {x: 1}
              block:
                - debug:
                  when: b
                  vars: {x: 2}
                  become: false
              rescue:
                - debug:
        """,
    )
    block = book.plays[0].sections[1][0]
    assert isinstance(block, Block)
    inner, rescue = block.body[0], block.rescue[0]
    assert inner.keywords.when == ("a", "b")
    assert inner.keywords.vars == ({"x": 1}, {"x": 2})
    assert inner.keywords.become is False
    assert rescue.keywords.become is True


def test_import_tasks_stands_for_the_tasks_of_the_file(tmp_path: Path) -> None:
    book = load(
        tmp_path,
        "- hosts: all\n  tasks:\n    - import_tasks: more.yml\n      when: a\n      tags: t\n",
        more_yml="- {name: one, debug: , when: b}\n- {name: two, debug: }\n",
    )
    tasks = list(book.plays[0].tasks())
    assert [(task.name, task.keywords.when) for task in tasks] == [("one", ("a", "b")), ("two", ("a",))]
    assert all(task.keywords.tags == {"t"} for task in tasks)


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("- debg: {msg: x}", 'p.yml:3:7: unknown module or keyword "debg" (did you mean "debug"?)'),
        ("- debug: {mgs: x}", 'p.yml:3:15: debug has no argument "mgs" (did you mean "msg"?)'),
        ("- {debug: , wen: x}", 'p.yml:3:17: unknown key "wen" in the task (did you mean "when"?)'),
        ("- {debug: , run_once: true}", 'p.yml:3:17: Ansible\'s keyword "run_once" is not supported'),
        (
            "- {ansible.builtin.include_role: {name: x}}",
            'p.yml:3:8: Ansible\'s keyword "include_role" is not supported (list it under roles)',
        ),
        ("- {debug: , with_items: [1]}", 'p.yml:3:17: "with_items" is not supported (use loop)'),
        ("- {debug: {msg: '{{ x'}}", "p.yml:3:21: "),
        ("- {debug: {msg: '{{ x | bol }}'}}", 'p.yml:3:21: '),
        ("- {debug: , when: a b}", "p.yml:3:23: "),
        ("- {template: {src: none.j2, dest: /x}}", 'p.yml:3:7: no such file: "none.j2"'),
        ("- {copy: {src: none, dest: /x}}", 'p.yml:3:7: no such file: "none"'),
        ("- {include_tasks: none.yml}", 'p.yml:3:7: no such file: "none.yml"'),
        ("- {import_tasks: '{{ x }}.yml'}", "p.yml:3:7: import_tasks cannot be a template (use include_tasks)"),
        ("- {name: nothing}", "p.yml:3:7: the task names no module"),
        ("- debug: , ", "p.yml:3:14: "),
        ("- {command: echo a, become_method: su}", 'p.yml:3:7: become_method "su" is not supported (use sudo)'),
        ("- {debug: , become: yess}", 'p.yml:3:25: "become" must be yes or no, not "yess" (did you mean "yes"?)'),
        ("- {debug: , no_log: '{{ x'}", "p.yml:3:25: template syntax"),
        ("- {debug: , retries: many}", 'p.yml:3:26: "retries" must be a number, not "many"'),
        ("- {debug: , delay: true}", 'p.yml:3:24: "delay" must be a number, not "True"'),
        ("- {debug: , register: a-b}", 'p.yml:3:27: "a-b" is not a valid variable name'),
        ("- {debug: , loop: [1], loop_control: {lop_var: a}}", 'p.yml:3:43: unknown key "lop_var" in loop_control ('),
        ("- {debug: , loop: [1], loop_control: {index_var: 1a}}", 'p.yml:3:54: "1a" is not a valid variable name'),
        ("- {debug: , loop: [1], loop_control: {label: '{{ x | nope }}'}}", "p.yml:3:50: unknown filter 'nope'"),
        ("- {debug: , loop: {a: 1}}", "p.yml:3:23: loop needs a list (use dict2items)"),
        ("- {debug: , tags: '{{ x }}'}", "p.yml:3:23: tags must be plain words"),
        ("- {debug: , environment: text}", 'p.yml:3:30: "environment" must be a mapping'),
        ("- {debug: , copy: {content: a, dest: b}}", "p.yml:3:17: the task names two modules, debug and copy"),
        ("- {debug: , listen: x}", 'p.yml:3:17: "listen" is for handlers (a task notifies)'),
        ("- {debug: {var: a b}}", "p.yml:3:21: template syntax"),
        ("- {set_fact: {a-b: 1}}", 'p.yml:3:7: "a-b" is not a valid variable name'),
        ("- {include_tasks: p.yml, become: true}", 'p.yml:3:30: include_tasks takes no "become"'),
        ("- {import_tasks: {file: p.yml, fiel: x}}", 'p.yml:3:36: unknown key "fiel" in import_tasks ('),
        ("- {block: [{debug: }], rescu: []}", 'p.yml:3:28: unknown key "rescu" in the block (did you mean "rescue"?)'),
        ("- {block: [{debug: }], wen: x}", 'p.yml:3:28: unknown key "wen" in the block (did you mean "when"?)'),
        ("- {meta: flush_handler}", 'p.yml:3:8: meta: free_form cannot be "flush_handler" (did you mean "flush_h'),
    ],
)  # fmt: skip
def test_mistakes_in_tasks_have_their_place(tmp_path: Path, tasks: str, message: str) -> None:
    with pytest.raises(SourceError) as error:
        load(tmp_path, f"- hosts: all\n  tasks:\n    {tasks}\n")
    assert str(error.value).startswith(f"{tmp_path}/{message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- tasks: []\n", 'p.yml:1:3: the play does not say "hosts"'),
        ("- hosts: all\n  task: []\n", 'p.yml:2:3: unknown key "task" in the play (did you mean "tasks"?)'),
        ("hosts: all\n", "p.yml:1:1: a playbook is a list of plays"),
        ("- hosts: all\n  roles: [nope]\n", 'p.yml:2:11: no role "nope"'),
        ("- hosts: all\n  strategy: free\n", 'p.yml:2:3: Ansible\'s keyword "strategy" is not supported'),
        ("- hosts: all\n  vars: {a-b: 1}\n", 'p.yml:2:10: "a-b" is not a valid variable name'),
        ("- hosts: all\n  when: x\n", "p.yml:2:3: a play takes no conditions"),
        ("- hosts: all\n  serial: [1, some]\n", 'p.yml:2:15: serial must be a number or a percentage, not "some"'),
        ("- hosts: all\n  max_fail_percentage: few\n", "p.yml:2:24: max_fail_percentage must be a percentage"),
        ("- hosts: all\n  vars_files: none.yml\n", 'p.yml:2:15: no such file: "none.yml"'),
        ("- hosts: all\n  vars_files: [[a, b]]\n", "p.yml:1:3: vars_files must be names of files"),
        ("- hosts: all\n  vars: {x: '{{ a b }}'}\n", "p.yml:2:13: template syntax"),
        ("- hosts: all\n  become: perhaps\n", 'p.yml:2:11: "become" must be yes or no'),
        ("- hosts:\n", 'p.yml:1:3: "hosts" names nobody'),
        ("- hosts: all\n  roles: [{rol: r}]\n", 'p.yml:2:11: the role has no name (did you mean "role"?)'),
        ("- import_playbook: none.yml\n", 'p.yml:1:3: no such playbook: "none.yml"'),
        ("- import_playbok: p.yml\n", 'p.yml:1:3: the play does not say "hosts" (did you mean "import_playbook"?)'),
        ("- import_playbook: p.yml\n", "p.yml:1:3: the playbook imports itself"),
    ],
)
def test_mistakes_in_plays_have_their_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError) as error:
        load(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path}/{message}")


def test_a_broken_template_file_is_found_while_loading(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"t\.j2:2"):
        load(
            tmp_path,
            "- hosts: all\n  tasks:\n    - template: {src: t.j2, dest: /x}\n",
            templates__t_j2="fine\n{% if %}\n",
        )


def test_a_mistake_in_an_included_file_is_found_while_loading(tmp_path: Path) -> None:
    play = "- hosts: all\n  tasks:\n    - include_tasks: more.yml\n"
    with pytest.raises(SourceError, match=r'more\.yml:2:11: debug has no argument "mgs"'):
        load(tmp_path, play, more_yml="- include_tasks: more.yml\n- debug: {mgs: hi}\n")


def test_a_slip_in_a_roles_entry_is_no_parameter(tmp_path: Path) -> None:
    role = {"roles__web__tasks__main_yml": "- debug:\n", "roles__web__defaults__main_yml": "tag: x\n"}
    with pytest.raises(
        SourceError, match=r"p\.yml:2:23: unknown keyword \"tgas\" in the role \(did you mean \"tags\"\?"
    ):
        load(tmp_path, "- hosts: all\n  roles: [{role: web, tgas: x}]\n", **role)
    book = load(tmp_path, "- hosts: all\n  roles: [{role: web, tag: x, other: y}]\n", **role)
    assert book.plays[0].roles[0].params == {"tag": "x", "other": "y"}


def test_a_roles_meta_and_variables_are_checked(tmp_path: Path) -> None:
    play, tasks = "- hosts: all\n  roles: [web]\n", {"roles__web__tasks__main_yml": "- debug:\n"}
    with pytest.raises(
        SourceError, match=r'meta/main\.yml:1:1: unknown key "dependancies".*did you mean "dependencies"'
    ):
        load(tmp_path, play, roles__web__meta__main_yml="dependancies: [db]\n", **tasks)
    with pytest.raises(SourceError, match=r"vars/main\.yml:1:4: template syntax"):
        load(tmp_path, play, roles__web__meta__main_yml="", roles__web__vars__main_yml="x: '{{ a b }}'\n", **tasks)


def test_files_that_import_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"more\.yml:1:3: .*more\.yml imports itself"):
        load(tmp_path, "- hosts: all\n  tasks: [import_tasks: more.yml]\n", more_yml="- import_tasks: more.yml\n")
    load(
        tmp_path,
        "- hosts: all\n  tasks: [include_tasks: ever.yml]\n",
        ever_yml="- {include_tasks: ever.yml, when: x}\n",
    )


def chain(folder: Path, count: int) -> None:
    """Files and roles that lead from each to the next, `count` of them."""
    for number in range(count):
        (folder / f"tasks{number}.yml").write_text(f"- import_tasks: tasks{number + 1}.yml\n")
        (folder / f"play{number}.yml").write_text(f"- import_playbook: play{number + 1}.yml\n")
        (folder / "roles" / f"r{number}" / "meta").mkdir(parents=True)
        (folder / "roles" / f"r{number}" / "meta" / "main.yml").write_text(f"dependencies: [r{number + 1}]\n")
    (folder / "tasks.yml").write_text("- hosts: all\n  tasks:\n    - import_tasks: tasks0.yml\n")
    (folder / "roles.yml").write_text("- hosts: all\n  roles: [r0]\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tasks.yml", "tasks30.yml:1:3: files import each other more than 30 levels deep"),
        ("play0.yml", "play31.yml:1:3: playbooks import each other more than 30 levels deep"),
        ("roles.yml", "main.yml:1:16: roles depend on each other more than 50 levels deep"),
    ],
)
def test_files_that_lead_to_each_other_without_end(name: str, message: str, tmp_path: Path) -> None:
    chain(tmp_path, 200)
    with pytest.raises(SourceError) as error:
        Playbook.load(tmp_path / name, check_action)
    assert message in str(error.value)


def test_handlers_that_are_not_there_are_warned_of(tmp_path: Path) -> None:
    book = load(
        tmp_path,
        """
        - hosts: all
          tasks: [{debug: , notify: [nobody, restart]}, {debug: , notify: "{{ x }}"}]
          handlers: [{name: restart, debug: , notify: restrat}]
        """,
    )
    first, second = book.warnings()
    assert first.startswith(f'{tmp_path}/p.yml:3:30: no handler is called "nobody"')
    assert second.startswith(f'{tmp_path}/p.yml:4:47: no handler is called "restrat" (did you mean "restart"?)')
