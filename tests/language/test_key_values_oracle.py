"""`key=value` text beside ansible-core's own splitter: in tasks, in the free text of commands, in
--extra-vars.

The cases of the list go the whole way, through a task and through --extra-vars; drawn
ones meet the parser.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.mod_args import ModuleArgsParser
from ansible.parsing.splitter import parse_kv, split_args

from mooring.cli.extra_vars import parse_extra_vars
from mooring.errors import MooringError
from mooring.playbook import key_values
from mooring.playbook.playbook import Playbook
from mooring.playbook.tasks import Task
from mooring.run.action_files import check_action

# Read alike as the arguments of set_fact, which takes any names, and as --extra-vars.
PAIRS = [
    r"regexp=^a\.b",
    r'content="a\nb\n"',
    r"content='a\nb\n'",
    r"content=a\nb\tc",
    r'msg="{{ nope | default("q") }}"',
    r"msg={{ nope | default('q w') }}",
    r"msg={{ nope | default('q') }}/x other={{a}}",
    r"msg=C:\dir",
    r"msg=C:\new\table",
    r'msg="C:\\new"',
    r"msg='it\'s'",
    r'msg="say \"x\""',
    r'msg="a"b',
    r'msg=a"b c"d',
    r"msg='",
    r'msg="open',
    r"msg={{ open",
    r"msg={% if x %}a b{% endif %}",
    r"msg={# a b #}",
    r"msg=a=b=c",
    r"msg= other=x",
    r"msg = x",
    r"a\=b=c",
    "msg=a  other=b",
    "msg='a  b'  other=c",
    "msg='two\nlines' other=x",
    "msg=a \\\n other=b",
    "msg=a\nother=b",
    "msg=a\tother=b",
    r"msg=\x41\u00e4\U0001F600",
    r"msg=\N{BULLET}",
    r"msg=\N{NO SUCH THING}",
    r"msg=größe",
    "msg=''",
    "msg=' x '",
    "msg=yes other=5",
    "msg=x msg=y",
    r"pattern=\d+\s*$",
    r"path=/etc/x.conf line='a b=c' mode=0644",
    "=x",
    "word",
    "msg=a word",
    "",
]
# Free text, of which commands take some pairs for themselves.
FREE = [
    "echo a=b c",
    "echo hi creates=/x",
    "chdir=/tmp ls -l",
    "echo '  two  spaces'   and three",
    'printf "a\\nb\\n"',
    r"grep '^a\.b' x\ y",
    "echo creates=/x removes='/y z' chdir={{ dir }}",
    "echo 'creates=/x'",
    "echo \"{{ 'a' if b else 'c d' }}\"",
    "a \\\n  b \\\n  c",
    "if true; then\n  echo x=1\nfi\n",
    "cat <<EOF\n two\n   lines\nEOF\n",
    "stdin=x stdin_add_newline=no strip_empty_ends=no cat",
    "warn=no ls",
    "echo it's",
    "echo {{ x",
    "FOO=1 bar --x=2",
    "",
]


def read_task(tmp_path: Path, task: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments of a task as Mooring loads it; None where it refuses."""
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([{"hosts": "all", "tasks": [task]}], allow_unicode=True), encoding="utf-8")
    try:
        (step,) = Playbook.load(path, check_action).plays[0].tasks()
    except MooringError:
        return None
    assert isinstance(step, Task)
    return dict(step.args)


def read_theirs(task: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments as Ansible's parser has them; None where it, or the module with its
    arguments, refuses."""
    try:
        _, args, _ = ModuleArgsParser(task).parse()
    except (AnsibleError, UnicodeDecodeError):
        return None
    return {str(name): str(value) for name, value in args.items()}


def is_fit(args: dict[str, Any]) -> bool:
    """Whether set_fact and --extra-vars take it: both want names of variables, and no other
    words."""
    return bool(args) and all(name.isidentifier() and name != "_raw_params" for name in args)


@pytest.mark.parametrize("text", PAIRS)
def test_arguments_of_a_task(text: str, tmp_path: Path) -> None:
    theirs = read_theirs({"set_fact": text})
    mine = read_task(tmp_path, {"set_fact": text})
    # A template that Jinja cannot read is refused when a
    # playbook is loaded, an empty set_fact when it runs.
    assert mine == (theirs if theirs and is_fit(theirs) else {} if text == "" else None)


@pytest.mark.parametrize("text", PAIRS)
def test_extra_vars(text: str) -> None:
    try:
        theirs = {str(name): str(value) for name, value in parse_kv(text).items()}
    except (AnsibleError, UnicodeDecodeError):
        theirs = None
    try:
        mine = parse_extra_vars((text,))
    except MooringError:
        mine = None
    assert mine == (theirs if theirs is not None and (not theirs or is_fit(theirs)) else None)


@pytest.mark.parametrize("module", ["shell", "command"])
@pytest.mark.parametrize("text", FREE)
def test_free_text_of_a_command(text: str, module: str, tmp_path: Path) -> None:
    theirs = read_theirs({module: text})
    if theirs is not None:
        theirs["cmd"] = theirs.pop("_raw_params", "")
    # Both modules refuse `warn` when they run, and an empty command; here the playbook is refused.
    is_refused = theirs is None or "warn" in theirs or not theirs["cmd"]
    assert read_task(tmp_path, {module: text}) == (None if is_refused else theirs)


def test_words_win_over_args(tmp_path: Path) -> None:
    for module, text in (("shell", "ls chdir=/a"), ("copy", "dest=/a src=/b")):
        task = {module: text, "args": {"chdir": "/b"} if module == "shell" else {"dest": "/c", "remote_src": True}}
        theirs = read_theirs(task)
        mine = read_task(tmp_path, task)
        assert theirs is not None
        assert mine is not None
        assert {name: str(value) for name, value in mine.items() if name != "cmd"} == {
            name: value for name, value in theirs.items() if name != "_raw_params"
        }


def test_a_command_in_two_places(tmp_path: Path) -> None:
    """Ansible's module refuses it when it runs: "parameters are mutually exclusive:
    _raw_params|cmd|argv"."""
    assert read_task(tmp_path, {"shell": "ls", "args": {"cmd": "pwd"}}) is None
    assert read_task(tmp_path, {"command": "ls", "args": {"argv": ["pwd"]}}) is None


PARTS = (
    "a", "b", "=", "=", '"', "'", "\\", "\\n", " ", " ", "  ", "\n", "\t", "{{", "}}", "{%", "%}", "{#", "#}", "{", "}",
    "creates=", "chdir=", "warn=", '\\"', "\\'", "\\=", "\\x41", "\\u00e4", "\\N{BULLET}", "\\N{NO}", "\\U00110000",
    "é", "C:\\d", " \\\n", "\\\\", 'x="', '" ',
)  # fmt: skip


def outcome(function: Any, *args: Any) -> Any:
    """What it returns, "refused" where it refuses."""
    try:
        return function(*args)
    except (AnsibleError, ValueError):
        return "refused"


def parse_as_they(text: str, is_command: bool) -> dict[str, str]:
    """Our parser's result in the shape of theirs, which has no key for the rest
    where that is empty."""
    parsed = key_values.parse(text, key_values.COMMAND_KEYS if is_command else None)
    return {**parsed.pairs, **({"_raw_params": parsed.rest} if parsed.rest else {})}


@pytest.mark.parametrize("rounds", [2_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_drawn(rounds: int) -> None:
    seed = random.randrange(10**9)
    draw = random.Random(seed)
    for _ in range(rounds):
        text = "".join(draw.choice(PARTS) for _ in range(draw.randint(0, 14)))
        shown = f"{text!r}, seed {seed}"
        assert outcome(key_values.split, text) == outcome(split_args, text), shown
        for is_command in (False, True):
            theirs = outcome(parse_kv, text, is_command)
            if theirs != "refused" and not theirs.get("_raw_params", "x"):
                del theirs["_raw_params"]
            assert outcome(parse_as_they, text, is_command) == theirs, shown
