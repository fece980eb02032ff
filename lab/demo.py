"""The whole story on one machine: boot the lab, provision the server and the clients, prove it."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab import fleet
from mooring.cli.options import Request
from mooring.cli.provision import run_playbook
from mooring.cli.verify import verify

EPILOGUE = """\
The lab is up and every client pulls through the registry. Try it:

  ./invoke lab.ssh client-debian
  sudo docker pull busybox                                   # by the mirror, and by Docker Hub's stand-in behind it
  sudo docker tag busybox registry.example.com/mine:1
  sudo docker push registry.example.com/mine:1

  ./invoke lab.ssh client-el7
  sudo docker pull registry.example.com/mine:1               # by its full name
  sudo docker pull mine:1                                    # by its short name: add-registry

Run again as often as you like: ./invoke provision-server, provision-clients, verify (each with --help).
What the hosts are: ./invoke lab.status. Stop the lab: ./invoke lab.down"""


def run(say: Callable[[str], None]) -> int:
    """All steps in turn; the exit status of the first that fails, 0 when all is well."""
    began = time.monotonic()
    steps: list[tuple[str, Callable[[], int]]] = [
        ("provision-server", lambda: run_playbook("playbooks/server.yml", Request())),
        ("provision-clients", lambda: run_playbook("playbooks/clients.yml", Request())),
        ("verify", lambda: verify(Request())),
    ]
    say("demo: lab.up")
    fleet.up()
    for name, step in steps:
        say(f"demo: {name}")
        status = step()
        if status:
            say(f"demo: {name} ended with status {status}")
            return status
    say(f"\n{EPILOGUE}\n(all of it took {time.monotonic() - began:.0f} s)")
    return 0
