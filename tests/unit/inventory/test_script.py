"""Inventory scripts that fail, hang, print too much or something else; what they print rightly is
in tests/language."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from mooring.errors import InventoryError
from mooring.inventory import program, script
from mooring.inventory.inventory import Inventory

META = '"_meta": {"hostvars": {}}'


def write(place: Path, body: str, first: str = "#!/bin/sh\n") -> str:
    path = place / "fleet.sh"
    path.write_text(first + body, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def load(place: Path, body: str) -> Inventory:
    return Inventory.load(write(place, body))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo no such region >&2; exit 3", 'script ended with status 3 (--list) (it said "no such region")'),
        ("exit 1", "script ended with status 1 (--list) (run it by hand with --list)"),
        ("kill -9 $$", "script was ended by SIGKILL"),
        ("", "is not JSON: Expecting value in line 1, column 1 (--list) (it is empty)"),
        ("echo hello", 'is not JSON: Expecting value in line 1, column 1 (--list) (it begins "hello")'),
        ("printf '\\377'", "is not UTF-8 text"),
        ("printf '[%.0s' $(seq 50000)", "nests too deeply"),
        ("printf '{\"a\": '; printf '1%.0s' $(seq 5000); echo }", "a number is too long"),
        ("echo '[]'", "printed a list instead of a mapping"),
        ("echo '{\"web\": null}'", 'group "web": its hosts are null instead of a list'),
        ('echo \'{"web": {"hosts": "a"}}\'', 'group "web": its hosts are a string instead of a list'),
        ("echo '{\"web\": [1]}'", "one of its hosts is a number instead of a name"),
        ('echo \'{"web": ["a b"]}\'', '"a b" cannot be the name of a host'),
        ('echo \'{"web": ["a\\u001b[1m"]}\'', "cannot be the name of a host"),
        ('echo \'{"web": {"vars": [1]}}\'', 'the vars of group "web" are a list instead of a mapping'),
        ('echo \'{"web": {"children": {"a": 1}}}\'', "its children are a mapping instead of a list"),
        ('echo \'{"web": {"children": ["all"]}}\'', "which holds all groups"),
        ('echo \'{"web": {"children": ["web"]}}\'', "within itself"),
        ("echo '{\"\": []}'", "a group without a name"),
        ('echo \'{"web": ["a"], "_meta": {}}\'', '"_meta" of the inventory script has no mapping "hostvars"'),
        ('echo \'{"web": ["a"], "_meta": {"hostvars": {"a": 1}}}\'', 'of host "a" are a number instead of a mapping'),
        ('echo \'{"_meta": {"hostvars": {}, "profile": "x"}}\'', "the profile 'x' of the inventory script"),
        ('echo \'{"web": {"vars": {"x": {"__ansible_vault": "y"}}}}\'', "vault values cannot be read"),
        ('echo \'{"web": {"vars": {"x": "\\ud800"}}}\'', "half of a surrogate pair"),
        ('[ $1 = --list ] && echo \'{"web": ["a"]}\' || exit 4', "script ended with status 4 (--host a)"),
        ("echo '{}'", "the inventory is empty"),
    ],
)
def test_mistakes(body: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as caught:
        load(tmp_path, body)
    assert message in str(caught.value)
    assert str(caught.value.where) == str(tmp_path / "fleet.sh")
    assert "\n" not in str(caught.value)


def test_one_that_does_not_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PATIENCE", 0.3)
    body = f"echo $$ > {tmp_path}/pid; echo waiting >&2; sleep 600 & echo $! >> {tmp_path}/pid; wait"
    with pytest.raises(InventoryError, match=r'did not come to an end within 0.3 seconds .*it said "waiting"'):
        load(tmp_path, body)
    for pid in (tmp_path / "pid").read_text().split():
        assert_is_gone(int(pid))


def test_one_that_closes_its_output_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PATIENCE", 0.3)
    with pytest.raises(InventoryError, match="did not come to an end"):
        load(tmp_path, "exec >&- 2>&-; sleep 600")


def assert_is_gone(pid: int) -> None:
    """No such process, or one that only waits to be counted out."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state in "ZX":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")


def test_one_that_prints_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "LARGEST", 1024 * 1024)
    with pytest.raises(InventoryError, match="script printed more than 1 MB"):
        load(tmp_path, "exec yes")


def test_complaints_are_warnings_on_one_line(tmp_path: Path) -> None:
    body = f"printf 'one\\n\\033[31mtwo\\n' >&2; echo '{{\"web\": [\"a\"], {META}}}'"
    assert load(tmp_path, body).warnings == (f'the inventory script {tmp_path}/fleet.sh said "one; \\x1b[31mtwo"',)


def test_complaints_without_end_are_dropped(tmp_path: Path) -> None:
    body = f'yes | head -c 3000000 >&2; echo \'{{"web": ["a"], {META}}}\''
    (warning,) = load(tmp_path, body).warnings
    assert len(warning) < 500


def test_what_a_finished_script_left_running_is_not_waited_for(tmp_path: Path) -> None:
    """It holds the script's output open, as the master of an SSH connection does."""
    body = f'sleep 600 & echo $! > {tmp_path}/pid; echo \'{{"web": ["a"], {META}}}\''
    assert list(load(tmp_path, body).hosts) == ["a"]
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_it_has_nothing_to_read_and_no_terminal(tmp_path: Path) -> None:
    body = f'read line; ( : < /dev/tty ) 2>/dev/null && exit 1; printf \'{{"web": ["a%s"], {META}}}\' "$line"'
    assert list(load(tmp_path, body).hosts) == ["a"]


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends the script too."""
    pipe = tmp_path / "started"
    os.mkfifo(pipe)

    def interrupt() -> None:
        with pipe.open() as file:
            pids.append(int(file.read()))
        os.kill(os.getpid(), signal.SIGINT)

    pids: list[int] = []
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, f"echo $$ > {pipe}; sleep 600")
    thread.join()
    assert_is_gone(pids[0])


def test_executable_but_no_program(tmp_path: Path) -> None:
    path = write(tmp_path, "read me first\n", first="")
    with pytest.raises(InventoryError, match=r"fleet.sh:1:1: .* \(it is executable, but no program: .* chmod -x\)"):
        Inventory.load(path)


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, "", first="#!/no/such/python3\n")
    with pytest.raises(InventoryError, match=r"cannot be started: .*its first line names /no/such/python3"):
        Inventory.load(path)


def test_slips_in_connection_variables_are_warnings(tmp_path: Path) -> None:
    body = 'echo \'{"web": {"hosts": ["a"], "vars": {"ansible_usr": "x", "ec2-tag": 1}}, "_meta": {"hostvars": {}}}\''
    assert load(tmp_path, body).warnings == (
        f'{tmp_path}/fleet.sh: the vars of group "web": unknown variable "ansible_usr" (did you mean "ansible_user"?)',
    )


def test_a_group_that_patterns_cannot_name(tmp_path: Path) -> None:
    inventory = load(tmp_path, 'echo \'{"a:b": ["h"], "_meta": {"hostvars": {}}}\'')
    assert inventory.hosts["h"].group_names == ("a:b",)
    assert inventory.warnings == (f'{tmp_path}/fleet.sh: group "a:b": patterns cannot name it',)


@pytest.mark.parametrize("answer", ["echo '{}'", "exec sleep 600"])
def test_hosts_that_are_asked_for_one_by_one_have_a_time_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """The quick answers are too many, the other one does not come."""
    monkeypatch.setattr(script, "HOSTS_SECONDS", 0.3)
    monkeypatch.setattr(program, "PATIENCE", 5.0)
    names = ", ".join(f'"h{number}"' for number in range(2000))
    with pytest.raises(InventoryError) as caught:
        load(tmp_path, f"[ $1 = --host ] || {{ echo '{{\"web\": [{names}]}}'; exit; }}\n{answer}")
    message = str(caught.value)
    assert "of its 2000 hosts within 0.3 seconds (--host NAME)" in message
    assert 'let its --list print "_meta"' in message
