"""Root writes where another user may write too: he gets nothing that is not his, on every
interpreter.

Between any two calls of the agent he strikes (striking.py); and in loops of his own, by luck, with
--long many times.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from striking import SOURCES

from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection

NOBODY = 65534
SECRET = "the registry's secret\n"
# On the oldest and the newest Python.
OUTERMOST = True
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to have a neighbour")


@pytest.fixture(scope="module")
def striking(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(SOURCES), interpreter=interpreter) as remote:
        yield remote


class Place:
    """A directory of the neighbour's, and beside it what is root's alone."""

    def __init__(self, top: Path, remote: Remote) -> None:
        self.top, self.remote = top, remote
        self.shared, self.private, self.victim = top / "shared", top / "private", top / "victim"
        for folder in (self.shared, self.private):
            folder.mkdir()
        os.chown(self.shared, NOBODY, NOBODY)
        self.private.chmod(0o700)
        (self.private / "secret").write_text(SECRET)
        (self.private / "secret").chmod(0o600)
        self.victim.mkdir()
        for name in ("precious", "inner"):
            (self.victim / name).write_text("root's own\n")
            (self.victim / name).chmod(0o600)

    def give(self, name: str, text: str = "his\n", mode: int = 0o644) -> Path:
        """A file of the neighbour's."""
        path = self.shared / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        for place in (path, *path.parents[: len(Path(name).parts) - 1]):
            os.chown(place, NOBODY, NOBODY)
        return path

    def picture(self) -> list[tuple[Any, ...]]:
        """All of the victim's, as it is now."""
        paths = [self.victim, *sorted(self.victim.rglob("*"))]
        return [
            (str(path), at.st_uid, at.st_gid, oct(at.st_mode), path.read_text() if path.is_file() else "")
            for path in paths
            for at in [path.lstat()]
        ]

    def play(self, way: str, module: str, args: dict[str, Any], **move: Any) -> dict[str, Any]:
        loaded = importlib.import_module(f"mooring.agent.modules.{module}")
        normalized = arguments.normalize(
            arguments.Signature(module, loaded.ARGS, getattr(loaded, "RULES", {})), args, None
        )
        strike = {"way": way, "module": module, "args": normalized, "uid": NOBODY, "names": [".mooring-"], **move}
        strike.setdefault("folders", [str(self.shared)])
        strike.setdefault("victim", str(self.victim / "precious"))
        return self.remote.call("t_strike", strike)


@pytest.fixture
def place(striking: Remote) -> Iterator[Place]:
    """Not below pytest's own directory, which the neighbour may not enter."""
    top = Path(f"/tmp/mooring-neighbour-{os.getpid()}")
    top.mkdir(mode=0o755)
    yield Place(top, striking)
    shutil.rmtree(top)


def writing(place: Place) -> list[tuple[str, dict[str, Any]]]:
    """Every module that writes a file's content, for a file of the neighbour's and for a new
    one."""
    place.give("his")
    source = str(place.private / "secret")
    shared = str(place.shared)
    return [
        ("copy", {"src": source, "dest": f"{shared}/new", "remote_src": True, "mode": "0600"}),
        ("copy", {"src": source, "dest": f"{shared}/his", "remote_src": True, "owner": "root", "mode": "0600"}),
        ("copy", {"src": source, "dest": f"{shared}/his", "remote_src": True, "backup": True}),
        ("lineinfile", {"path": f"{shared}/his", "line": "x", "owner": str(NOBODY), "mode": "0666"}),
        ("lineinfile", {"path": f"{shared}/made", "line": "x", "create": True, "owner": str(NOBODY)}),
        ("blockinfile", {"path": f"{shared}/his", "block": "x", "backup": True, "owner": str(NOBODY)}),
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_draft_that_is_swapped_for_a_link_gives_nothing_away(place: Place, number: int) -> None:
    module, args = writing(place)[number]
    before = place.picture()
    place.play("swap", module, args)
    assert place.picture() == before


@pytest.mark.parametrize("number", range(2))
def test_nobody_reads_a_secret_before_its_mode_is_right(place: Place, number: int) -> None:
    module, args = writing(place)[number]
    played = place.play("open", module, args)
    assert played["reply"]["changed"], played
    assert SECRET.strip() not in played["loot"]
    assert Path(args["dest"]).read_text() == SECRET
    assert Path(args["dest"]).stat().st_mode & 0o7777 == 0o600


def test_the_line_of_a_secret_is_never_shown_either(place: Place) -> None:
    args = {"path": f"{place.shared}/key", "line": SECRET.strip(), "create": True, "mode": "0600"}
    played = place.play("open", "lineinfile", args)
    assert played["reply"]["changed"]
    assert SECRET.strip() not in played["loot"]


def phases(length: int) -> list[dict[str, int]]:
    """Short moments for a link to stand there, all along a module's work."""
    return [{"begin": begin, "end": begin + kept} for begin in range(1, length) for kept in (1, 2, 4)]


def test_what_is_read_behind_a_link_of_a_moment_does_not_end_up_in_his_file(place: Place) -> None:
    for phase in phases(30):
        place.give("his", mode=0o644)
        place.play("blink", "lineinfile", {"path": f"{place.shared}/his", "line": "x"}, names=["his"], **phase)
        for path in place.shared.iterdir():
            assert path.is_symlink() or "root's own" not in path.read_text(), phase
            path.unlink()


@pytest.mark.parametrize("module", ["file", "copy"])
def test_attributes_go_to_no_link_of_a_moment(place: Place, module: str) -> None:
    before = place.picture()
    args: dict[str, Any] = {"path": f"{place.shared}/his", "mode": "0666", "owner": str(NOBODY), "follow": False}
    if module == "copy":
        args = {"dest": args.pop("path"), "src": f"{place.private}/secret", "remote_src": True, **args}
    for phase in phases(20):
        place.give("his", SECRET if module == "copy" else "his\n", mode=0o644)
        place.play("blink", module, args, names=["his"], **phase)
        assert place.picture() == before, phase
        for path in place.shared.iterdir():
            path.unlink()


@pytest.mark.parametrize("state", ["touch", "directory", "link", "hard"])
def test_what_was_just_made_is_swapped(place: Place, state: str) -> None:
    before = place.picture()
    target = {"touch": "precious", "hard": "precious"}.get(state, "")
    args = {"path": f"{place.shared}/new", "state": state, "owner": str(NOBODY), "mode": "0777"}
    if state in ("link", "hard"):
        args = {"path": f"{place.shared}/new", "state": state, "src": str(place.private / "secret")}
    names = [".mooring-", "new"]
    place.play("swap", "file", args, names=names, victim=str(place.victim / target))
    assert place.picture() == before


def test_directories_on_the_way_are_swapped(place: Place) -> None:
    before = place.picture()
    args = {"path": f"{place.shared}/new/inner", "state": "directory", "owner": str(NOBODY), "mode": "0777"}
    place.play("swap", "file", args, names=["new"], victim=str(place.victim))
    assert place.picture() == before


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("state", ["directory", "absent"])
def test_a_directory_in_a_tree_is_swapped(place: Place, state: str, follow: bool) -> None:
    """The victim's files have the same names as those in the tree."""
    before = place.picture()
    args = {"path": f"{place.shared}/tree", "state": state, "follow": follow}
    if state == "directory":
        args |= {"recurse": True, "owner": str(NOBODY), "mode": "0777"}
    for phase in phases(40):
        for name in ("precious", "inner"):
            place.give(f"tree/sub/{name}", mode=0o600)
        place.play(
            "blink", "file", args, folders=[f"{place.shared}/tree"], names=["sub"], victim=str(place.victim), **phase
        )
        assert place.picture() == before, phase
        shutil.rmtree(place.shared / "tree", ignore_errors=True)


def test_a_link_of_his_in_a_tree_is_not_followed_to_what_is_not_his(place: Place) -> None:
    place.give("tree/file")
    own, others = place.shared / "tree" / "own", place.shared / "tree" / "others"
    place.give("elsewhere", mode=0o600)
    own.symlink_to(place.shared / "elsewhere")
    others.symlink_to(place.victim)
    for link in (own, others):
        os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    before = place.picture()
    args = {"path": f"{place.shared}/tree", "state": "directory", "recurse": True, "mode": "u+rwX,go+r"}
    reply = place.play("open", "file", args)["reply"]
    assert place.picture() == before
    assert any("is a link of nobody to what belongs to somebody else" in line for line in reply["warnings"]), reply
    assert (place.shared / "elsewhere").stat().st_mode & 0o777 == 0o644


def test_a_tree_that_is_copied_over_a_swapped_directory(place: Place) -> None:
    before = place.picture()
    (place.private / "tree" / "sub").mkdir(parents=True)
    for name in ("precious", "inner"):
        (place.private / "tree" / "sub" / name).write_text("new\n")
    args = {"src": f"{place.private}/tree/", "dest": f"{place.shared}/tree/", "remote_src": True, "owner": str(NOBODY)}
    for phase in phases(60):
        place.give("tree/sub/precious")
        place.play(
            "blink", "copy", args, folders=[f"{place.shared}/tree"], names=["sub"], victim=str(place.victim), **phase
        )
        assert place.picture() == before, phase
        shutil.rmtree(place.shared / "tree")


def test_the_guessed_name_of_a_backup_is_taken_by_a_link(place: Place) -> None:
    before = place.picture()
    place.give("his", "his own\n", mode=0o600)
    pid, now = place.remote.hello["pid"], time.time()
    for later in range(-1, 30):
        stamp = time.strftime("%Y-%m-%d@%H:%M:%S", time.localtime(now + later))
        (place.shared / f"his.{pid}.{stamp}~").symlink_to(place.victim / "precious")
    args = {"path": f"{place.shared}/his", "line": "x", "backup": True}
    reply = place.play("open", "lineinfile", args)["reply"]
    assert place.picture() == before
    saved = Path(reply["backup"])
    assert (saved.is_symlink(), saved.read_text()) == (False, "his own\n")
    assert re.fullmatch(rf"his\.{pid}\.[0-9@:-]+\.[0-9a-f]{{16}}~", saved.name)
    assert (saved.stat().st_uid, saved.stat().st_mode & 0o7777) == (NOBODY, 0o600)


def test_a_deep_tree_is_removed_with_few_descriptors(place: Place) -> None:
    """Deeper than Python's stack, and than the number of files that a process may open."""
    subprocess.run(
        [sys.executable, "-c", "import os\nfor _ in range(3000):\n os.mkdir('d')\n os.chdir('d')"],
        cwd=place.shared, check=True,
    )  # fmt: skip
    reply = place.play("open", "file", {"path": f"{place.shared}/d", "state": "absent"}, folders=[])["reply"]
    assert reply["changed"], reply
    assert not (place.shared / "d").exists()


LOOP = """
import os, sys
os.setgid({nobody}); os.setuid({nobody})
folder, victim = sys.argv[1:]
print("ready", flush=True)
while True:
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith(".mooring-") or "~" in name:
            try:
                os.rename(path, path.replace(".mooring-", "aside"))
                os.symlink(victim, path)
            except OSError:
                pass
"""


@pytest.mark.parametrize("module", ["lineinfile", "file", "copy"])
def test_a_link_of_his_is_followed_to_his_own_things_only(place: Place, module: str) -> None:
    link = place.shared / "link"
    args: dict[str, Any] = {"path": str(link), "mode": "0666"}
    args |= {"line": "x"} if module == "lineinfile" else {}
    if module == "copy":
        args = {"dest": str(link), "src": f"{place.private}/secret", "remote_src": True, "follow": True}
    before = place.picture()
    for target in (place.victim / "precious", place.victim / "not there"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
        normalized = {**args, "create": True} if module == "lineinfile" else args
        reply = place.play("open", module, normalized, folders=[])["reply"]
        assert place.picture() == before
        if target.exists() or module != "file":
            assert "is not followed to" in reply["msg"], reply
    link.unlink()
    link.symlink_to(place.give("target"))
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    assert place.play("open", module, args, folders=[])["reply"]["changed"]
    assert link.is_symlink()


def race(place: Place, rounds: int) -> None:
    """He swaps as fast as he can while root writes."""
    before = place.picture()
    place.give("his")
    program = [sys.executable, "-c", LOOP.format(nobody=NOBODY), str(place.shared), str(place.victim / "precious")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as neighbour:
        try:
            assert neighbour.stdout
            assert neighbour.stdout.readline() == "ready\n"
            for number in range(rounds):
                if (place.shared / "his").is_symlink():
                    (place.shared / "his").unlink()
                    place.give("his")
                args = {"path": f"{place.shared}/his", "line": f"line {number}", "owner": str(NOBODY), "backup": True}
                place.play("open", "lineinfile", args, folders=[])
                assert place.picture() == before, number
        finally:
            neighbour.kill()


def test_by_luck(place: Place) -> None:
    race(place, 20)


@pytest.mark.long
def test_by_luck_many_times(place: Place) -> None:
    race(place, 2000)
