"""Invoke tasks: parse options, call the engine, choose the exit status."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from invoke import Collection, Context, Exit, task

from mooring.command_line import ACTING, Request, RunTask
from mooring.errors import MooringError


def finish(work: Callable[[], int | None], debug: bool = False) -> None:
    """Do the work and end with its exit status; an error that the operator can mend is one message, not a traceback."""
    try:
        status = work()
    except MooringError as error:
        if debug:
            traceback.print_exc()
        raise Exit(str(error), error.exit_status) from None
    except KeyboardInterrupt:
        raise Exit("interrupted", 130) from None
    except BrokenPipeError:
        # Whoever read our output has had enough (`| head`); nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise Exit(code=1) from None
    if status:
        raise Exit(code=status)


def provision(playbook: str, request: Request) -> None:
    """Run one of Mooring's own playbooks, or anybody's."""
    from mooring.provisioning import run_playbook

    finish(lambda: run_playbook(playbook, request), request.debug)


@task(klass=RunTask)
def provision_server(context: Context, *, request: Request) -> None:
    """Install Docker, the registry and nginx on the server host."""
    provision("playbooks/server.yml", request)


@task(klass=RunTask)
def provision_clients(context: Context, *, request: Request) -> None:
    """Make every client host use the registry."""
    provision("playbooks/clients.yml", request)


@task(klass=RunTask, help={"playbook": "the playbook file"}, positional=["playbook"])
def play(context: Context, playbook: str, *, request: Request) -> None:
    """Run any playbook."""
    provision(playbook, request)


@task(klass=RunTask, without=ACTING, help={"junit": "also write the results as JUnit XML to this file"})
def verify(context: Context, junit: str = "", *, request: Request) -> None:
    """Check every host, up to a real pull through the registry."""
    from mooring.verification.session import verify as run

    finish(lambda: run(request, junit), request.debug)


@task(
    klass=RunTask,
    without=(*ACTING, "limit", "forks", "verbose"),
    help={"host": "the host, by its name in the inventory", "image": "the image, as `docker pull` takes it"},
    positional=["host", "image"],
)
def explain(context: Context, host: str, image: str, *, request: Request) -> None:
    """Tell where a pull goes on a host and why, and what is wrong there."""
    from mooring.explain import run

    finish(lambda: run(host, image, request), request.debug)


@task(name="up", help={"fresh": "make the hosts anew that are up already"})
def lab_up(context: Context, fresh: bool = False) -> None:
    """Build what is missing and boot the lab's hosts."""
    from lab import fleet

    finish(lambda: fleet.up(fresh))


@task(name="down")
def lab_down(context: Context) -> None:
    """Stop the lab and remove its hosts, volumes and network; the images stay."""
    from lab import fleet

    finish(fleet.down)


@task(name="status")
def lab_status(context: Context) -> None:
    """The lab's hosts, and how to log in."""
    from lab import fleet

    finish(lambda: print(fleet.status()))


@task(name="ssh", positional=["host"], help={"host": "the host's name, as lab.status shows it"})
def lab_ssh(context: Context, host: str) -> None:
    """Log in to a host of the lab."""
    from lab import fleet

    finish(lambda: fleet.ssh(host))


@task
def demo(context: Context) -> None:
    """The whole story on this machine: lab, server, clients, proof."""
    from lab import demo as story

    finish(lambda: story.run(print))


@task(help={"unit": "only the tests without the lab"})
def test(context: Context, unit: bool = False) -> None:
    """Run the checks and all tests; the lab's tests boot the lab."""
    python = ".venv/bin/python -m"
    if unit:
        context.run(f"{python} pytest -q -n auto --dist loadfile")
        return
    check(context)
    context.run(f"{python} pytest tests/lab")


@task
def check(context: Context) -> None:
    """Lint, types, and the unit tests with their coverage."""
    for command in (
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "coverage erase",
        "coverage run -m pytest -q -n auto --dist loadfile",
        "coverage combine -q",
        "coverage report",
    ):
        context.run(f".venv/bin/{command}")


namespace = Collection(provision_server, provision_clients, play, verify, explain, demo, test, check)
namespace.add_collection(Collection("lab", lab_up, lab_down, lab_status, lab_ssh))
