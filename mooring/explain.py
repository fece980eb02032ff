"""`invoke explain`: where a pull of an image goes on a host, and what is wrong with the host's configuration."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mooring import arguments
from mooring.bundle import Bundle
from mooring.command_line import Request, parse_extra_vars
from mooring.conversion import as_bool
from mooring.daemon.conflicts import Conflict
from mooring.daemon.effective import Effective, Texts, resolve
from mooring.daemon.endpoints import Host, Route, explain, split_image
from mooring.daemon.judge import judge, will_start
from mooring.daemon.registries import as_it_runs, by_files
from mooring.daemon.running import Difference, differences
from mooring.errors import MooringError, UsageError
from mooring.inventory import Host as InventoryHost
from mooring.inventory import Inventory
from mooring.provisioning import connection_options
from mooring.reporters.explanation import write_json, write_text
from mooring.session import Session
from mooring.variables import Precedence, Variables

MODULE = "docker_config"
PATIENCE = 60.0


class ExplainFailed(MooringError):
    """The host was reached, but its configuration could not be read."""

    exit_status = 2


@dataclass(frozen=True)
class Explanation:
    """`now` is the running daemon's route, None where none runs; `later` the one after its next start."""

    host: str
    image: str
    effective: Effective
    now: Route | None
    later: Route
    conflicts: tuple[Conflict, ...]
    differences: tuple[Difference, ...]

    @property
    def will_start(self) -> bool:
        return will_start(list(self.conflicts))

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data, for --json."""
        settings = {
            key: [{"value": one.text, "file": one.origin.path, "line": one.origin.line} for one in values]
            for key, values in self.effective.settings().items()
        }
        return {
            "host": self.host,
            "image": self.image,
            "engine": str(self.effective.engine),
            "now": asdict(self.now) if self.now else None,
            "after_restart": asdict(self.later),
            "will_start": self.will_start,
            "conflicts": [{**asdict(one), "severity": one.severity.value} for one in self.conflicts],
            "differences": [asdict(one) for one in self.differences],
            "settings": settings,
        }


def run(host: str, image: str, request: Request) -> int:
    """Explain on the screen or as JSON; 0, or 2 where the daemon would not start again."""
    split_image(image)  # a wrong name is told before the host is asked
    explanation = build(host, image, read_texts(host, request))
    (write_json if request.json else write_text)(explanation, sys.stdout)
    return 0 if explanation.will_start else 2


def build(host: str, image: str, texts: Texts) -> Explanation:
    """What the host's texts mean for a pull of the image."""
    effective = resolve(texts)
    running = as_it_runs(effective)
    now = explain(image, Host(effective.engine, running, texts.certificates)) if running else None
    later = explain(image, Host(effective.engine, by_files(effective), texts.certificates))
    return Explanation(
        host, image, effective, now, later, tuple(judge(effective)), tuple(differences(effective))
    )  # fmt: skip


def read_texts(name: str, request: Request) -> Texts:
    """Ask the host for its texts; UsageError where no single host is meant, HostUnreachable where it is down."""
    inventory = Inventory.load(request.inventory)
    hosts = inventory.match(name)
    if len(hosts) != 1:
        raise UsageError(f'explain needs one host; "{name}" means {len(hosts)} hosts of {request.inventory}')
    variables = host_variables(inventory, hosts[0], request)
    user = str(variables.get("ansible_become_user") or "root") if as_bool(variables.get("ansible_become")) else None
    session = Session(hosts[0].name, Bundle(), connection_options(request))
    args = arguments.normalize(arguments.find(MODULE, None), {}, None)
    try:
        reply = session.call(variables, user, {"module": MODULE, "args": args, "timeout": PATIENCE})
    finally:
        session.close()
    if reply.get("failed"):
        raise ExplainFailed(f"{hosts[0].name}: {reply.get('msg')}")
    return texts_of(reply)


def host_variables(inventory: Inventory, host: InventoryHost, request: Request) -> Variables:
    """What the inventory and the command line say of a host; no play takes part."""
    magic = {
        "inventory_hostname": host.name,
        "inventory_hostname_short": host.name.split(".")[0],
        "group_names": list(host.group_names),
        "groups": inventory.group_members(),
        "inventory_dir": inventory.directory,
        "inventory_file": inventory.file,
    }
    precedence = Precedence(
        inventory=inventory.layers(host), extra_vars=[parse_extra_vars(request.extra_vars)], magic=[magic]
    )
    return precedence.variables(inventory.templar)


def texts_of(reply: Mapping[str, Any]) -> Texts:
    """The module's reply as the resolver wants it."""
    return Texts(
        unit=reply["unit"],
        files=reply["files"],
        certificates={name: tuple(names) for name, names in reply["certificates"].items()},
        argv=tuple(reply["argv"]),
        info=reply["info"],
        version=reply["version"],
        needs_reload=reply["needs_reload"],
    )
