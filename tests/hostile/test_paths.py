"""Host text in a path of the control machine: at most a part of one name, and the file lies where
Ansible searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.hostile.malice import add_facts
from tests.hostile.payloads import SECRET, TAINT, expect_law, secret_file
from tests.hostile.recorded import CLIENT
from tests.hostile.yard import AT_ONCE, Yard, expect_honest

# Every way in which a playbook names a file of the control machine, here with a fact in the name.
PLAY = """
- hosts: all
  roles: [own]
  tasks:
    - name: include_vars
      include_vars: "{{ ansible_os_family }}.yml"
    - name: include_vars file
      include_vars: {file: "{{ ansible_os_family }}.yml", name: kept}
    - name: include_tasks
      include_tasks: "{{ ansible_os_family }}.yml"
    - name: template
      template: {src: "{{ ansible_os_family }}.j2", dest: /tmp/x}
    - name: copy
      copy: {src: "{{ ansible_os_family }}.txt", dest: /tmp/x}
    - name: lookup
      debug: {msg: "{{ lookup('file', ansible_os_family ~ '.txt') }}"}
    - name: docker_image
      docker_image: {name: "x:1", source: load, archive: "{{ ansible_os_family }}.tar"}
"""
TASKS = ("include_vars", "include_vars file", "include_tasks", "template", "copy", "lookup", "docker_image")
FOLDERS = {"vars": ".yml", "tasks": ".yml", "templates": ".j2", "files": ".txt"}
# What a secret file is, where both are YAML; of other files it does not matter.
KINDS = {"vars": "vars", "tasks": "tasks"}
TEXTS = {
    ".yml": {"vars": "word: {0}\n", "tasks": "- {{name: told, debug: {{msg: '{0}'}}}}\n"},
    ".j2": {"templates": "{0}\n"},
    ".txt": {"files": "{0}\n"},
}


def lay_files(yard: Yard) -> None:
    """Beside the playbook and in a role: Debian's files, others below, and links that lead
    out, all readable."""
    secrets = Path(secret_file(yard)).parent
    role = yard.checkout / "roles" / "own"
    for folder, suffix in FOLDERS.items():
        form = TEXTS[suffix][folder]
        for kind in KINDS if suffix != ".yml" else [folder]:
            (secrets / f"{kind}-{TAINT}{suffix}").write_text(form.format(SECRET))
        for base in (yard.checkout / "playbooks", role):
            place = base / folder
            (place / "sub").mkdir(parents=True)
            (place / f"Debian{suffix}").write_text(form.format("own"))
            (place / "sub" / f"{TAINT}{suffix}").write_text(form.format("below"))
            (place / f"{TAINT} x{suffix}").write_text(form.format("spaced"))
            (place / f"link-{TAINT}{suffix}").symlink_to(secrets / f"{KINDS.get(folder, 'vars')}-{TAINT}{suffix}")
            (place / f"out-{TAINT}").symlink_to(secrets)
    (role / "tasks" / "main.yml").write_text("- name: of the role\n  include_vars: '{{ ansible_os_family }}.yml'\n")


def names(yard: Yard) -> dict[str, str]:
    """What hosts say in place of their family."""
    secrets = Path(secret_file(yard)).parent
    outside = {
        f"{word}-{kind}": f"{start}/{kind}-{TAINT}"
        for kind in KINDS
        for word, start in {"absolute": secrets, "upwards": "../../../secret", "through": f"out-{TAINT}"}.items()
    }
    return {
        **outside,
        "below": f"sub/{TAINT}",
        "link": f"link-{TAINT}",
        "dots": "..",
        "dot": f"./sub/../sub/{TAINT}",
        "nul": f"Debian\0{TAINT}",
        "space": f"{TAINT} x",
        "home": f"~/{TAINT}",
        "wide": f"{TAINT}\u2024\u2024\u2215x",
        "line": f"Debian\n{TAINT}",
        "empty": "",
        "long": TAINT * 1000,
    }


def test_a_name_that_leads_elsewhere_fails_that_hosts_task_alone(yard: Yard) -> None:
    lay_files(yard)
    yard.add("honest", answers={**CLIENT, "copy": {"changed": True}})
    names_in_yard = names(yard)
    for name, value in names_in_yard.items():
        malice = add_facts({"ansible_os_family": value})
        yard.add(name, malice, {**CLIENT, "copy": {"changed": True}})
    run = yard.play(PLAY.replace("  roles: [own]\n", "  ignore_errors: true\n  roles: [own]\n"), "--forks", "60")
    expect_law_of_paths(run, yard)
    ended = {
        (event["host"], event["task"]): event["outcome"] for event in run.events if event["event"] == "task_finished"
    }
    assert run.recap["honest"]["ignored"] == 1, run.transcript  # the archive, which is not there
    assert [task for task in TASKS if ended["honest", task] not in ("ok", "changed")] == ["docker_image"], (
        run.transcript
    )
    for name in names_in_yard:
        for task in ("own : of the role", *TASKS):
            assert ended.get((name, task)) == "ignored", (name, task, ended.get((name, task)))


def expect_law_of_paths(run: Any, yard: Yard) -> None:
    """The law, but for names within the folders, which are looked for (and are not there)."""
    assert run.status in (0, 2), run.transcript
    for path in run.noted("path"):
        assert str(yard.place / "secret") not in path, path
    assert not [entry for entry in run.noted("path") if TAINT in entry], run.noted("path")
    assert SECRET not in run.out, run.transcript
    for name in yard.hosts:
        assert SECRET not in yard.requests_of(name), name


def test_a_part_of_a_name_is_taken(yard: Yard) -> None:
    """The family may stand in the middle of a name; what is around it is the
    operator's, separators too."""
    lay_files(yard)
    folder = yard.checkout / "playbooks" / "vars" / "of"
    folder.mkdir()
    (folder / "Debian-12.5_x86.yml").write_text("word: parts\n")
    (folder / "Debian-12.5").mkdir()
    (folder / f"{TAINT}_x86.yml").write_text("word: elsewhere\n")
    yard.add("honest", answers=CLIENT)
    yard.add("upwards", add_facts({"ansible_distribution_version": f"12.5/../{TAINT}"}), CLIENT)
    text = """
- hosts: all
  tasks:
    - include_vars: "of/{{ ansible_os_family }}-{{ ansible_distribution_version }}_x86.yml"
    - {name: word, debug: {msg: "{{ word }}"}}
"""
    run = yard.play(text)
    expect_honest(run)
    assert run.messages("honest", "word") == ["parts"]
    assert run.recap["upwards"]["failed"] == 1, run.transcript
    expect_law(run, yard)


def test_a_name_is_a_hosts_also_after_filters_loops_and_set_fact(yard: Yard) -> None:
    """What is computed from a mixed text still knows which part is whose."""
    lay_files(yard)
    yard.add("honest", answers=CLIENT)
    for name, value in names(yard).items():
        yard.add(name, add_facts({"ansible_os_family": value}), CLIENT)
    text = """
- hosts: all
  tasks:
    - set_fact: {kept: "{{ ansible_os_family }}"}
    - {name: set, include_vars: "{{ kept }}.yml", ignore_errors: true}
    - {name: loop, include_vars: "{{ item }}.yml", loop: ["{{ ansible_os_family }}"], ignore_errors: true}
    - {name: filter, include_vars: "{{ [kept] | first | replace('~', '/') }}.yml", ignore_errors: true}
    - {name: format, include_vars: "{{ '%s.yml' | format(kept) }}", ignore_errors: true}
    - {name: join, include_vars: "{{ [kept, 'yml'] | join('.') }}", ignore_errors: true}
    - {name: var, include_vars: "{{ through }}.yml", vars: {through: "{{ kept | trim }}"}, ignore_errors: true}
"""
    run = yard.play(text, "--forks", "60")
    expect_honest(run)
    ended = {event["task"] for event in run.finished("ok") if event["host"] == "honest"}
    assert {"set", "loop", "filter", "format", "join", "var"} <= ended, run.transcript
    for name in names(yard):
        assert run.recap[name]["ignored"] == 6, (name, run.transcript)
    expect_law_of_paths(run, yard)


def test_what_no_host_said_is_not_taken_for_a_hosts(yard: Yard) -> None:
    """The result of an action of the control machine is what it was given: the operator's
    text, or a host's."""
    lay_files(yard)
    yard.add("honest", answers={**CLIENT, "copy": {"changed": True}})
    text = """
- hosts: all
  tasks:
    - {debug: {msg: Debian.txt}, register: own}
    - {debug: {msg: "{{ ansible_os_family }}.txt"}, register: half}
    - {debug: {msg: "{{ ansible_os_family }}"}, register: said}
    - {name: own, copy: {src: "{{ own.msg }}", dest: /tmp/x}, register: copied}
    - {name: half, copy: {src: "{{ half.msg }}", dest: /tmp/x}}
    - {name: said, copy: {src: "{{ said.msg }}", dest: /tmp/x}, ignore_errors: true}
"""
    run = yard.play(text)
    ended = {event["task"]: event["outcome"] for event in run.events if event["event"] == "task_finished"}
    assert (ended["own"], ended["half"], ended["said"]) == ("changed", "changed", "ignored"), run.transcript


def test_files_of_keys_and_certificates_take_no_text_of_a_host(yard: Yard) -> None:
    """Not even a plain name: what is trusted, and what is secret, is the operator's to name."""
    folder = yard.checkout / "playbooks" / "files"
    folder.mkdir()
    (folder / f"{TAINT}.pem").write_text(SECRET)
    yard.add("honest", answers=CLIENT, site="own")
    variants = {"ca_file": "ca", "certificate_file": "certificate", "key_file": "key"}
    for name in variants:
        yard.add(name.replace("_", "-"), add_facts({"ansible_hostname": TAINT}), CLIENT, file_of_registry=name)
    text = """
- hosts: all
  tasks:
    - name: moor
      registry_client:
        registries: ["{{ {'name': 'r.example.com', file_of_registry: ansible_hostname ~ '.pem'} }}"]
      when: file_of_registry is defined
"""
    run = yard.play(text, *AT_ONCE)
    expect_law_of_paths(run, yard)
    for name in variants:
        assert run.recap[name.replace("_", "-")]["failed"] == 1, run.transcript
        assert not [
            request for request in yard.hosts[name.replace("_", "-")].requests if request.module == "docker_settings"
        ]


def test_what_is_no_certificate_or_key_is_not_sent_as_one(yard: Yard) -> None:
    """Also where the operator names it: a slip must not give a private key away as ca.crt."""
    files = yard.checkout / "playbooks" / "files"
    files.mkdir()
    (files / "plain.txt").write_text(SECRET)
    (files / "key.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n")
    cases = {
        "ca-text": ("ca_file", "plain.txt"),
        "ca-key": ("ca_file", "key.pem"),
        "key-text": ("key_file", "plain.txt"),
        "certificate-key": ("certificate_file", "key.pem"),
    }
    for name, (argument, path) in cases.items():
        yard.add(name, answers=CLIENT, given={"name": "r.example.com", argument: path})
    yard.add("honest", answers=CLIENT, given={"name": "r.example.com", "insecure": True})
    run = yard.play("- hosts: all\n  tasks:\n  - registry_client: {registries: ['{{ given }}']}\n")
    expect_honest(run)
    for name, (_, path) in cases.items():
        assert run.recap[name]["failed"] == 1, run.transcript
        assert SECRET not in yard.requests_of(name), name
        assert path in run.messages(name, "registry_client")[0]
    assert SECRET not in run.out
