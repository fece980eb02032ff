"""The tasks of a fleet: parse options, call the engine, choose the exit status."""

from __future__ import annotations

from invoke import Collection, Context, task

from mooring.cli.directories import enter
from mooring.cli.finish import finish
from mooring.cli.options import ACTING, Request, RunTask

JSON = "one JSON document instead of text"
EVERYTHING = "show the rules that hold too, and settings that have nothing to do with registries"


def provision(playbook: str, request: Request) -> None:
    """Run a playbook."""
    from mooring.cli.provision import run_playbook

    finish(lambda: run_playbook(playbook, request), request.debug)


@task(klass=RunTask)
def provision_server(context: Context, *, request: Request) -> None:
    """Set up Docker, the registry and nginx on the server."""
    provision(str(request.project.playbook("server.yml")), request)


@task(klass=RunTask)
def provision_clients(context: Context, *, request: Request) -> None:
    """Make every client host use the registry."""
    provision(str(request.project.playbook("clients.yml")), request)


@task(klass=RunTask)
def deprovision_clients(context: Context, *, request: Request) -> None:
    """Remove Mooring's settings from every client host.

    Exactly what provision-clients put in goes; the rest stays.
    """
    provision(str(request.project.playbook("deprovision-clients.yml")), request)


@task(
    klass=RunTask,
    help={
        "with_data": "delete the registry's images and the mirror's caches too; asks for the server's name",
        "name": "the server's name, where nobody is there to type it",
    },
)
def deprovision_server(context: Context, with_data: bool = False, name: str = "", *, request: Request) -> None:
    """Take the registry, its mirror and nginx off the server.

    Containers, network, configuration and firewalld's ports go; images only with --with-data.
    """
    from mooring.cli.removal import remove_server

    finish(lambda: remove_server(request, with_data, name or ""), request.debug)


@task(klass=RunTask, help={"playbook": "the playbook file"}, positional=["playbook"])
def play(context: Context, playbook: str, *, request: Request) -> None:
    """Run any playbook."""
    provision(playbook, request)


@task(
    klass=RunTask,
    without=ACTING,
    help={
        "junit": "also write the results as JUnit XML to this file",
        "json": JSON,
        "verbose": "show the checks that passed and were skipped too",
        "quiet": "show only what failed, and the verdict",
    },
)
def verify(context: Context, junit: str = "", *, request: Request) -> None:
    """Check every host, up to a real pull by every route."""
    from mooring.cli.verify import verify as run

    finish(lambda: run(request, junit), request.debug)


@task(
    klass=RunTask,
    without=(*ACTING, "limit", "forks", "verbose"),
    help={
        "host": "the host, by its name in the inventory",
        "image": "the image, as `docker pull` takes it",
        "engine": "auto, docker, podman, crio, containerd or buildkit; auto is the first of these that is there",
        "json": JSON,
        "quiet": "show only what is wrong, without the addresses",
    },
    positional=["host", "image"],
)
def explain(context: Context, host: str, image: str, engine: str = "auto", *, request: Request) -> None:
    """Explain where a pull goes on a host, and why.

    Also what is wrong there, and whether the engine would start again.
    """
    from mooring.cli.explain import explain as run

    finish(lambda: run(host, image, request, engine), request.debug)


@task(
    klass=RunTask,
    without=[*(name for name in ACTING if name != "detailed_exitcode"), "verbose"],
    help={
        "detailed_exitcode": "exit status 8 when a host is not as it should be",
        "json": JSON,
        "quiet": "show only the hosts that are not as they should be, and their number",
    },
)
def status(context: Context, *, request: Request) -> None:
    """Show the fleet as a table: engines, registries, drift.

    A line for each host: its engine, where its pulls go, what has drifted and what to do.
    """
    from mooring.cli.status import show_status as run

    finish(lambda: run(request), request.debug)


@task(
    klass=RunTask,
    without=ACTING,
    help={
        "hosts": "the hosts, a pattern as in `hosts:` (all servers and clients)",
        "json": JSON,
        "verbose": EVERYTHING,
        "quiet": "show only what is wrong, without settings, and the sum",
    },
    may_follow="hosts",
)
def doctor(context: Context, hosts: str = "", *, request: Request) -> None:
    """Examine hosts: settings, next restart and boot, nginx.

    Every rule on every host, with what to do where one is broken; nginx is asked from outside.
    """
    from mooring.cli.doctor import diagnose as run

    finish(lambda: run(hosts or "", request), request.debug)


@task(
    klass=RunTask,
    without=[*(name for name in ACTING if name not in ("check", "detailed_exitcode")), "verbose"],
    help={
        "lock": "the lock file (images.lock.yml beside tasks.py)",
        "check": "write nothing, show what would be other in the file",
        "detailed_exitcode": "with --check: exit status 8 when the file would be another one",
        "json": JSON,
        "quiet": "show what is other in the file, the hosts that did not tell, and the sum",
    },
)
def images(context: Context, lock: str = "", *, request: Request) -> None:
    """Note in the lock file which images the fleet has.

    Asks each host's docker, podman, containerd and CRI-O what it runs and has, by
    digest; changes no host.
    """
    from mooring.cli.images import show_images as run

    finish(lambda: run(request, lock), request.debug)


@task(
    klass=RunTask,
    without=[*(name for name in ACTING if name not in ("check", "detailed_exitcode")), "forks"],
    help={
        "lock": "the lock file (images.lock.yml beside tasks.py)",
        "to_bundle": "copy into this directory instead, to be carried to where there is no network",
        "from_bundle": "copy from such a directory instead of from the upstreams",
        "only_missing": "with --to-bundle: only what the server's registry lacks",
        "check": "the plan, nothing is written; nothing is asked that a registry counts",
        "detailed_exitcode": "with --check: exit status 8 when something is to be copied",
        "json": JSON,
        "verbose": "show the images that are held already too",
        "quiet": "show what failed or is left and the verdict alone",
    },
)
def sync(
    context: Context,
    lock: str = "",
    to_bundle: str = "",
    from_bundle: str = "",
    only_missing: bool = False,
    *,
    request: Request,
) -> None:
    """Make the registry hold the images of the lock file.

    Digests stay as they are; indexes, attestations and referrers come along. Ends with one line:
    done, left, when it goes on, and how ready the fleet is for an outage of Docker Hub.
    """
    from mooring.cli.sync import Places
    from mooring.cli.sync import sync as run

    places = Places(lock, to_bundle, from_bundle, only_missing)
    finish(lambda: run(request, places), request.debug)


@task(default=True)
def list_tasks(context: Context) -> None:
    """List the tasks with a line each."""
    from mooring.cli.program import TaskProgram

    TaskProgram("invoke").run(["invoke"])


@task(
    positional=["directory"],
    help={"directory": "a new or an empty directory; in one that init made before, only what is missing is made"},
)
def init(context: Context, directory: str) -> None:
    """Make a directory for your own fleet."""
    from mooring.cli.init import init as run

    enter(context)
    finish(lambda: run(directory))


namespace = Collection(
    provision_server,
    provision_clients,
    deprovision_clients,
    deprovision_server,
    play,
    verify,
    explain,
    doctor,
    status,
    images,
    sync,
    init,
    list_tasks,
)
