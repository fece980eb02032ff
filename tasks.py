"""Invoke tasks: parse options, call the engine, choose the exit status."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoke import Collection, Context, Exit, task

from mooring.command_line import Request, helps, takes_options
from mooring.errors import MooringError

ROOT = Path(__file__).parent


def finish(work: Callable[[], int], debug: bool = False) -> None:
    """Do the work and end with its exit status; an error that the operator can mend is one message, not a traceback."""
    try:
        status = work()
    except MooringError as error:
        if debug:
            traceback.print_exc()
        raise Exit(str(error), error.exit_status) from None
    except KeyboardInterrupt:
        raise Exit("interrupted", 130) from None
    if status:
        raise Exit(code=status)


def provision(playbook: str, request: Request) -> None:
    """Run one of Mooring's own playbooks, or anybody's."""
    from mooring.provisioning import run_playbook

    finish(lambda: run_playbook(playbook, request), request.debug)


@task(help=helps(), iterable=["extra_vars"])
@takes_options
def provision_server(context: Context, *, request: Request) -> None:
    """Install Docker, the registry and nginx on the server host."""
    provision("playbooks/server.yml", request)


@task(help=helps(), iterable=["extra_vars"])
@takes_options
def provision_clients(context: Context, *, request: Request) -> None:
    """Make every client host use the registry."""
    provision("playbooks/clients.yml", request)


@task(help=helps(playbook="the playbook file"), iterable=["extra_vars"], positional=["playbook"])
@takes_options
def play(context: Context, playbook: str, *, request: Request) -> None:
    """Run any playbook."""
    provision(playbook, request)
