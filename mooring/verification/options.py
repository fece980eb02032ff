"""What `invoke verify` takes on the command line."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mooring.command_line import Request


@dataclass(frozen=True)
class Options:
    """The options of one verification; `junit` is a file to write, the rest is as in the provisioning tasks."""

    inventory: str = "inventory.yml"
    playbook: str = "playbooks/site.yml"
    limit: str = ""
    extra_vars: tuple[str, ...] = ()
    forks: int = 50
    junit: str = ""
    json: bool = False
    verbose: bool = False
    accept_new_host_keys: bool = False
    ask_pass: bool = False
    ask_become_pass: bool = False
    timeout: int = 10

    def as_request(self) -> Request:
        """The same as the options of a provisioning task."""
        shared = {one.name for one in fields(Request)} & {one.name for one in fields(self)}
        return Request(**{name: getattr(self, name) for name in shared})
