"""Invoke tasks of the lab: `lab.up` and the like, and the demo that is told in it."""

from __future__ import annotations

from invoke import Collection, Context, task

from mooring.cli.finish import finish


@task(
    name="up",
    help={
        "fresh": "make the hosts anew that are up already",
        "all": "the opt-in hosts too: podman, containerd, Docker 26 and 28",
    },
)
def lab_up(context: Context, fresh: bool = False, all_: bool = False) -> None:
    """Build what is missing and boot the lab's hosts."""
    from lab import fleet

    finish(lambda: fleet.up(fresh, all_))


@task(name="down", help={"opt-in": "only the hosts that `lab.up --all` adds"})
def lab_down(context: Context, opt_in: bool = False) -> None:
    """Remove the lab's hosts, volumes and network, not images."""
    from lab import fleet

    finish(lambda: fleet.down(opt_in))


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


@task(name="registry-v1")
def lab_registry_v1(context: Context) -> None:
    """Make the image of the registry of Docker 1.5 and older."""
    from lab import fleet, registry_v1

    def make() -> None:
        registry_v1.ensure_archive(fleet.to_stderr)

    finish(make)


@task
def demo(context: Context) -> None:
    """Play the whole story here: lab, server, clients, proof."""
    from lab import demo as story

    finish(lambda: story.run(print))


namespace = Collection("lab", lab_up, lab_down, lab_status, lab_ssh, lab_registry_v1)
