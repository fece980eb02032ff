"""What an inventory is read from: INI files, directories, several sources; and what is
said of each mistake."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mooring.errors import InventoryError, UsageError
from mooring.inventory.inventory import Inventory


def write(place: Path, text: str | bytes, name: str = "hosts") -> str:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[web]\nweb1 port 22\n", ":2:1", 'expected key=value, not "port"'),
        ("[web:vras]\na=1\n", ":1:1", 'a section of the kind "vras" is not known (did you mean "vars"?)'),
        ("[web:foo]\n", ":1:1", "sections are [group], [group:vars] and [group:children]"),
        ("[web servers]\nweb1\n", ":1:1", "names have no spaces"),
        ("a\n  [we b]\n", ":2:3", "this is not a section"),
        ("[web:vars]\nfoo\n[web]\n", ":2:1", 'expected key=value in [web:vars], not "foo"'),
        ("[web:vars]\na=1\n", ":1:1", 'there is no group "web" (write a section [web]'),
        ("[prod:children]\nwbe\n[web]\na\n", ":2:1", 'there is no group "wbe" (did you mean "web"?)'),
        ("[prod:children]\nweb db\n", ":2:1", "expected the name of a group alone"),
        ("[a:children]\nall\n", ":2:1", '"all" is in no other group'),
        ("[a:children]\nb\n[b:children]\na\n", ":4:1", "within itself"),
        ("[a:children]\na\n", ":2:1", "within itself"),
        ("[a!]\nh\n", ":1:1", "cannot be the name of a group"),
        ("[web]\na x='1\n", ":2:1", "a quote has no end"),
        ("a,b\n", ":1:1", "cannot be the name of a host"),
        ("'' x=1\n", ":1:1", "a host needs a name"),
        ("web[1]\n", ":1:1", "is not a range"),
        ("h[1:999999999]\n", ":1:1", "stands for 999,999,999 hosts"),
        ("a ansible_hsot=1\n", ":1:1", 'did you mean "ansible_host"'),
        ("a my-var=1\n", ":1:1", "not the name of a variable"),
        ("a x='{{ y'\n", ":1:1", "template syntax"),
        ("[a:vars]\nx={{ y | defualt(1) }}\n[a]\n", ":2:1", 'did you mean "default"'),
        ("[a:vars]\nx={{ 1 }}\n[a]\n", ":2:1", "Python takes it for a set or mapping that cannot be"),
        ("a x='{(1,): 2}'\n", ":1:1", "cannot be a key of a mapping"),
        ("a x=\"b'\\\\xff'\"\n", ":1:1", "is not UTF-8 text"),
        ("a x=\"'\\\\ud800'\"\n", ":1:1", "half of a surrogate pair"),
        ("a x=" + "-" * 100_000 + "1\n", ":1:1", "nests too deeply"),
        ("[a:vars]\nansible_group_priority=high\n[a]\n", ":2:1", "must be a number"),
        ("[a:vars]\nansible_group_priority=1e999\n[a]\n", ":2:1", "must be a number"),
        (b"a\n[web]\nw\xe9b\n", ":3:2", "not UTF-8 text"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", "", "decrypt it"),
        ("# nothing\n", "", "the inventory is empty"),
        ("all:\n  hosts:\n  - a\n", ":3:3", 'write "name:" instead of "- name"'),
        ("---\nall\n", ":2:1", "a mapping of groups"),
        ("all:\n  hosts: {a: \n", "", "expected the node content"),
        ("web:\n", "", ""),
    ],
)
def test_mistakes(text: str | bytes, place: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    if not message:
        Inventory.load(path)
        return
    with pytest.raises(InventoryError) as caught:
        Inventory.load(path)
    assert message in str(caught.value)
    assert str(caught.value.where).startswith(path + place)


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        ("h.yml", "all:\n\thosts:\n", ":2:1", "tab"),
        ("h.yml", "[web]\na b\n", ":2:1", "expected key=value"),
        ("h.json", '{"all": {"hosts": {', ":1:", ""),
        ("h.ini", "all:\n  hosts:\n    a:\n", ":1:1", "a file of YAML is named .yml"),
        ("h.prod", "---\nall:\n", ":1:1", "a file of YAML is named .yml"),
        ("h.toml", "[web]\na=1\n", "", "TOML inventories are not read (convert it: ansible-inventory"),
        ("h.yml", "plugin: aws_ec2\n", ":1:1", "plugins are not run"),
    ],
)
def test_the_likelier_kind_tells_the_mistake(name: str, text: str, place: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text, name)
    with pytest.raises(InventoryError) as caught:
        Inventory.load(path)
    assert message in str(caught.value)
    assert str(caught.value.where).startswith(path + place)


def test_a_text_knows_its_line(tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, "# one\nweb1 x=text\n"))
    assert str(inventory.hosts["web1"].vars["x"].where) == f"{tmp_path}/hosts:2:1"


def test_a_line_that_yaml_takes_for_a_mapping(tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, 'web1 note="one: two"\n'))
    assert inventory.hosts["web1"].vars == {"note": "one: two"}


def test_a_set_has_the_same_order_each_time(tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, "a x=\"{'c', 'b', 'a', 10, 9}\"\n"))
    assert inventory.hosts["a"].vars["x"] == [9, 10, "a", "b", "c"]


def test_a_directory_without_an_inventory(tmp_path: Path) -> None:
    write(tmp_path, "a: 1", "inv/group_vars/all.yml")
    write(tmp_path, "x", "inv/notes.txt")
    with pytest.raises(InventoryError, match=r"inv: no inventory is in this directory \(files that end in .cfg"):
        Inventory.load(str(tmp_path / "inv"))


def test_a_directory_with_a_file_that_is_none(tmp_path: Path) -> None:
    write(tmp_path, "a\n", "inv/hosts")
    path = write(tmp_path, "read me first\n", "inv/README")
    with pytest.raises(InventoryError) as caught:
        Inventory.load(str(tmp_path / "inv"))
    assert str(caught.value.where) == f"{path}:1:1"


def test_a_directory_that_holds_itself(tmp_path: Path) -> None:
    write(tmp_path, "a\n", "inv/hosts")
    (tmp_path / "inv" / "loop").symlink_to("..")
    with pytest.raises(InventoryError, match="holds itself, by a link"):
        Inventory.load(str(tmp_path / "inv"))


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, message in (("pipe", "is a pipe"), ("nope", "no such file"), ("x" * 300, "File name too long")):
        with pytest.raises(InventoryError, match=message):
            Inventory.load(str(tmp_path / name))
    with pytest.raises(InventoryError, match="no file can have this name"):
        Inventory.load("a\0b")


def test_a_source_that_is_not_there_beside_one_that_is(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="nope: no such file"):
        Inventory.load([write(tmp_path, "a\n"), str(tmp_path / "nope")])


def test_a_long_list() -> None:
    """Longer than a file's name can be, which must not be asked of the disk."""
    names = [f"host{number}.example.com" for number in range(1000)]
    assert list(Inventory.load(",".join(names)).hosts) == names


def test_a_list_with_a_name_that_is_none() -> None:
    with pytest.raises(UsageError, match="cannot be the name of a host"):
        Inventory.load("a b,c")


def test_a_host_and_a_group_of_one_name(tmp_path: Path) -> None:
    assert Inventory.load(write(tmp_path, "[web]\nweb x=1\n")).warnings == ()
    assert Inventory.load(write(tmp_path, "[web]\nweb x=1\na\n")).warnings == (
        'a group with other hosts and a host are both called "web": patterns mean the host',
    )


def test_localhost_has_the_directory_of_the_inventory(tmp_path: Path) -> None:
    inventory = Inventory.load(["b,", write(tmp_path, "a\n")])
    assert inventory.host("localhost").directory == str(tmp_path)
    assert inventory.name == f"b, and {tmp_path}/hosts"


def test_many_blanks_behind_a_section_are_no_work(tmp_path: Path) -> None:
    """Before, each of them was the beginning of a search to the end: 40,000 took 4 s, four times as
    many 16 times."""
    (tmp_path / "hosts").write_text(f"a:\n[b]{' ' * 200_000}x\n")
    begun = time.monotonic()
    with pytest.raises(InventoryError):
        Inventory.load([str(tmp_path / "hosts")], tmp_path)
    assert time.monotonic() - begun < 30
