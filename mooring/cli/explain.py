"""`invoke explain`: where a pull of an image goes on a host, and what is wrong with the host's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mooring.cli.options import Request, parse_extra_vars
from mooring.cli.provision import connection_options
from mooring.engines.docker.boot import Boot, at_boot
from mooring.engines.docker.conflicts import Conflict
from mooring.engines.docker.effective import Effective, Texts, resolve
from mooring.engines.docker.endpoints import Host, explain
from mooring.engines.docker.judge import judge, will_start
from mooring.engines.docker.registries import Registries, as_it_runs, by_files
from mooring.engines.docker.reply import texts_of
from mooring.engines.docker.running import Difference, differences
from mooring.engines.explanation_containers import ENGINES as CONTAINER_ENGINES
from mooring.engines.explanation_containers import ContainerExplanation, choose
from mooring.engines.explanation_containers import build as build_containers
from mooring.engines.explanation_containers import texts_of as container_texts_of
from mooring.engines.route import Route, split_image
from mooring.engines.texts import ContainerTexts
from mooring.errors import MooringError, UsageError
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.workers import Workers, let_all
from mooring.inventory.inventory import Host as InventoryHost
from mooring.inventory.inventory import Inventory
from mooring.playbook import arguments
from mooring.reporters.explanation import write_text
from mooring.reporters.screen import write_json
from mooring.templating.conversion import as_bool
from mooring.templating.variables import Precedence, Variables
from mooring.transport.bundle import Bundle
from mooring.transport.reply_texts import checked
from mooring.transport.session import ABORT_SECONDS, Session

DOCKER, AUTO = "docker", "auto"
ENGINES = (AUTO, DOCKER, *CONTAINER_ENGINES)
MODULE, CONTAINER_MODULE = "docker_config", "container_config"
PATIENCE = 60.0


class ExplainFailed(MooringError):
    """The host was reached, but its configuration could not be read."""

    exit_status = 2

    def __init__(self, message: str, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


@dataclass(frozen=True)
class BootExplanation:
    """The next boot: `route` is None where it is as after a restart, `conflicts` are those that only a boot meets."""

    boot: Boot
    route: Route | None
    conflicts: tuple[Conflict, ...]

    @property
    def differs(self) -> bool:
        return bool(self.boot.reasons or self.route or self.conflicts)

    @property
    def will_start(self) -> bool:
        return self.boot.starts and will_start(judge(self.boot.effective))

    def as_dict(self) -> dict[str, Any]:
        """What --json tells; `route` is null where it is as after a restart."""
        return {
            "starts": self.boot.starts,
            "will_start": self.will_start,
            "reasons": list(self.boot.reasons),
            "route": asdict(self.route) if self.route else None,
            "conflicts": [{**asdict(one), "severity": one.severity.value} for one in self.conflicts],
        }


@dataclass(frozen=True)
class Explanation:
    """`now` is the running daemon's route, None where none runs; `later` the one after its next start, `boot` what is
    other after the next boot, where that is known."""

    host: str
    image: str
    effective: Effective
    now: Route | None
    later: Route
    conflicts: tuple[Conflict, ...]
    differences: tuple[Difference, ...]
    boot: BootExplanation | None = None

    has_daemon = True
    command = "docker pull"
    stopped = "the daemon will not start again"

    @property
    def engine(self) -> str:
        return str(self.effective.engine)

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
            "engine": self.engine,
            "now": asdict(self.now) if self.now else None,
            "after_restart": asdict(self.later),
            "will_start": self.will_start,
            "conflicts": [{**asdict(one), "severity": one.severity.value} for one in self.conflicts],
            "differences": [asdict(one) for one in self.differences],
            "settings": settings,
            "at_boot": self.boot.as_dict() if self.boot else None,
        }


def run(host: str, image: str, request: Request, engine: str = AUTO) -> int:
    """Explain on the screen or as JSON; 0, or 2 where the daemon would not start again."""
    split_image(image)  # a wrong name is told before the host is asked
    if engine not in ENGINES:
        raise UsageError(f'--engine is one of {", ".join(ENGINES)}, not "{engine}"')
    try:
        explanation = ask(host, image, request, engine)
    except SENSELESS as error:
        raise ExplainFailed(f"{host}: {describe(error)}") from None
    if request.json:
        write_json(explanation.as_dict())
    else:
        write_text(explanation)
    return 0 if explanation.will_start else 2


def ask(host: str, image: str, request: Request, engine: str) -> Explanation | ContainerExplanation:
    """The explanation for this engine; "auto" is docker where it is, else the first of the others that is there."""
    if engine in (AUTO, DOCKER):
        try:
            reply = read(host, MODULE, request)
            return build(host, image, texts_of(reply), boot_of(reply))
        except ExplainFailed as failed:
            if engine == DOCKER or not failed.is_missing:
                raise
            without = failed
    texts: ContainerTexts = container_texts_of(read(host, CONTAINER_MODULE, request))
    name = choose(texts) if engine == AUTO else engine
    if not name:
        raise ExplainFailed(f"{without}; nor podman, CRI-O, containerd or BuildKit")
    return build_containers(host, image, texts, name)


def build(host: str, image: str, texts: Texts, boot: Boot | None = None) -> Explanation:
    """What the host's texts mean for a pull of the image."""
    effective = resolve(texts)
    running = as_it_runs(effective)
    now = explain(image, route_host(effective, running)) if running else None
    later = explain(image, route_host(effective, by_files(effective)))
    conflicts = tuple(judge(effective))
    found = None
    if boot is not None:
        after = explain(image, route_host(boot.effective, by_files(boot.effective)))
        known = set(conflicts)
        judged = tuple(one for one in judge(boot.effective) if one not in known)
        found = BootExplanation(boot, after if after != later else None, judged)
    return Explanation(host, image, effective, now, later, conflicts, tuple(differences(effective)), found)


def route_host(effective: Effective, registries: Registries) -> Host:
    """What a route depends on."""
    return Host(effective.engine, registries, effective.texts.certificates, effective.texts.files)


def boot_of(reply: Mapping[str, Any]) -> Boot:
    """The host after its next boot."""
    return at_boot(texts_of(reply), reply.get("state") or {}, reply.get("registries_service") or {})


def read(name: str, module: str, request: Request) -> Mapping[str, Any]:
    """Ask the host for its texts; UsageError where no single host is meant, HostUnreachable where it is down."""
    inventory = Inventory.load(request.inventory)
    hosts = inventory.match(name)
    if len(hosts) != 1:
        raise UsageError(f'explain needs one host; "{name}" means {len(hosts)} hosts of {request.inventory}')
    variables = host_variables(inventory, hosts[0], request)
    user = looking_user(variables)
    session = Session(hosts[0].name, Bundle(), connection_options(request))
    args = arguments.normalize(arguments.find(module, None), {}, None)
    call = {"module": module, "args": args, "timeout": PATIENCE}
    try:
        # In a thread of its own, since nothing interrupts a look-up of a name.
        (answer,) = Workers(1).do(lambda one: one.call(variables, user, call), [session])
        reply = checked(answer)
    except KeyboardInterrupt:
        let_all([session.abort], ABORT_SECONDS)
        raise
    finally:
        session.close()
    if reply.get("failed"):
        raise ExplainFailed(f"{hosts[0].name}: {reply.get('msg')}", bool(reply.get("missing")))
    return reply


def looking_user(variables: Mapping[str, Any]) -> str | None:
    """Whom a look becomes: root as in the playbooks, unless the inventory says otherwise or the login is root's."""
    becomes = variables.get("ansible_become", variables.get("ansible_user") != "root")
    return str(variables.get("ansible_become_user") or "root") if as_bool(becomes) else None


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
