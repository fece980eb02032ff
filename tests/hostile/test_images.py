"""`invoke images` with hosts that lie: the honest ones' images are noted, and the lock file
can be read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mooring.service.lock_file import LockedImage, SourcelessImage, read_lock_file
from tests.hostile.host import Request
from tests.hostile.kinds import CUT, SAID, WRONG, gone
from tests.hostile.malice import Edit, Malice, Reply, Say
from tests.hostile.payloads import TAINT, expect_law, template
from tests.hostile.recorded import CLIENT, NGINX
from tests.hostile.yard import TRACE, Yard

MODULE = "container_images"
FORGED = "\n\x1b[2J\u202ePLAY RECAP\nhonest : ok=1"


def images(*entries: dict[str, Any], **more: Any) -> Malice:
    """A reply of the right shape with these images."""
    whole = [{"id": f"sha256:{'3' * 64}", "tags": [], "digests": [], "running": True, **entry} for entry in entries]
    engines = [{"name": "docker", "platform": "linux/amd64", "images": whole, **more}]
    return Edit(lambda request, reply: {"engines": engines, "problems": []}, MODULE)


def bent() -> Iterator[tuple[str, Malice]]:
    """Values of the wrong kind at each place of the reply."""

    def bend(at: int, value: Any) -> Edit:
        def change(request: Request, reply: Reply) -> Reply:
            engine = reply["engines"][0]
            places = (reply, engine, engine["images"][0])
            for place in places[at:][:1]:
                place.update(dict.fromkeys([key for key in place if key != "changed"], value))
            return reply

        return Edit(change, MODULE)

    for at in range(3):
        yield from ((f"bent-{at}-{number}", bend(at, value)) for number, value in enumerate(WRONG))


def malices(yard: Yard) -> dict[str, Malice]:
    words = [FORGED, template(yard), TAINT, f"../../{TAINT}", f"registry.example.com/{TAINT}", "x" * 100_000]
    hosts = {
        f"words-{number}": images({"tags": [word, f"{word}:1"], "digests": [f"{word}@{NGINX}", word], "id": word})
        for number, word in enumerate(words)
    }
    hosts |= {
        f"named-{number}": images({"tags": [f"{word}:1"]}, platform=word, name=word)
        for number, word in enumerate(words)
    }
    hosts["flood"] = images({"tags": [f"nginx:{number}" for number in range(300)],
                             "digests": [f"nginx@sha256:{number:064x}" for number in range(300)]})  # fmt: skip
    hosts["many"] = images(*({"tags": [f"x{number}:1"], "id": f"sha256:{number:064x}"} for number in range(30_000)))
    hosts["problem"] = Edit(lambda request, reply: {**reply, "problems": [FORGED] * 500}, MODULE)
    hosts["failed"] = Edit(lambda request, reply: {"failed": True, "msg": FORGED}, MODULE)
    hosts |= {f"said-{name}": Say(gone(pieces), MODULE) for name, pieces in {**SAID, **CUT}.items()
              if "length" not in name and "many" not in name}  # fmt: skip
    return {**hosts, **dict(bent())}


def test_hosts_that_lie(yard: Yard) -> None:
    for name in ("honest1", "honest2"):
        yard.add(name, answers=CLIENT)
    yard.add("server", answers=CLIENT, group="server")
    for name, malice in malices(yard).items():
        yard.add(name, malice, CLIENT)
    run = yard.invoke("images", "--json", "--forks", "40")
    assert TRACE not in run.out + run.err, run.transcript
    expect_law(run, yard)
    document = json.loads(run.out)
    states = {note["host"]: note["state"] for note in document["hosts"]}
    assert sorted(states) == sorted(yard.hosts)
    assert {states[name] for name in ("honest1", "honest2", "server")} == {"asked"}
    assert {states[name] for name in ("flood", "many", "failed", "said-no-json", "bent-0-6")} <= {
        "failed",
        "unreachable",
    }
    lock = read_lock_file(yard.checkout / "images.lock.yml")
    nginx = next(image for image in lock.images if image.key == ("docker.io/library/nginx", "1.25", NGINX))
    assert {"honest1", "honest2", "server"} <= set(nginx.running)
    app = next(image for image in lock.without_source if image.id == f"sha256:{'2' * 64}")
    assert {"honest1", "honest2", "server"} <= set(app.idle)
    assert isinstance(nginx, LockedImage)
    assert isinstance(app, SourcelessImage)
    check = yard.invoke("images", "--check", "--forks", "40")
    expect_law(check, yard)
    assert "\x1b" not in check.out
    assert not any(line.startswith(("PLAY RECAP", "honest :")) for line in check.out.splitlines()), check.transcript
    # A host that lies may tell another lie; of the others nothing is other than before.
    changes = [line for line in check.out.splitlines() if line.startswith(("~ ", "+ ", "- "))]
    assert not [line for line in changes if "honest" in line or "server" in line], check.transcript
