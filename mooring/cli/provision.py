"""One provisioning command from its options to its exit status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from mooring.cli.extra_vars import parse_extra_vars
from mooring.cli.options import Request, ask_password, has_terminal, require_inventory, words
from mooring.cli.password_file import read_password
from mooring.errors import MooringError, SourceError, UsageError
from mooring.fleet.wanted_groups import require_groups
from mooring.inventory.inventory import Inventory
from mooring.mistakes import Mistakes
from mooring.playbook.playbook import Play, Playbook
from mooring.playbook.tags import TagChoice
from mooring.records.listing import ListedPlay, ListedTask
from mooring.reporters import Reporter, listing, streams
from mooring.reporters.console import Console
from mooring.reporters.json_lines import JsonLines
from mooring.reporters.last_words import acknowledge, write_beside
from mooring.reporters.together import Together
from mooring.results import Event, Recap, RunFinished, Warned
from mooring.run.action_files import check_action
from mooring.run.options import Options
from mooring.run.retry import RetryFile
from mooring.run.runner import INTERRUPTED, Runner
from mooring.transport.connection import Keys, KeyStore, Passwords, RunOptions


def run_playbook(path: str, request: Request) -> int:
    """Run a playbook as the request says; returns the exit status, MooringError where
    nothing was begun."""
    if request.json and (request.list_hosts or request.list_tasks):
        raise UsageError("--json tells of a run: it does not go with --list-hosts and --list-tasks")
    screen = _Complete(JsonLines()) if request.json else _console(request)
    log = streams.find_log()
    reporter = Together(screen, _console(request, log)) if log else screen
    try:
        return _run(Path(path), request, reporter)
    except (MooringError, KeyboardInterrupt) as error:
        if request.syntax_check and isinstance(error, SourceError):
            error = _tell_all(error, reporter.handle if request.json else None)
        if isinstance(screen, _Complete):
            screen.complete(error)
        raise error
    finally:
        reporter.close()


def _tell_all(error: SourceError, handle: Callable[[Event], None] | None) -> SourceError:
    """Tell all mistakes but the last, which is returned: it ends the command."""
    *others, last = {str(mistake): mistake for mistake in error.all()}.values()
    for mistake in others:
        if handle is not None:
            handle(Warned(str(mistake)))
        else:
            write_beside(str(mistake))
    return last


def _console(request: Request, log: TextIO | None = None) -> Reporter:
    """The screen's reporter, or the log's, which also tells what --quiet leaves out on the
    screen."""
    return Console(log, int(request.verbose) if log else request.verbosity, request.diff)


class _Complete:
    """A reporter for programs: whatever happens, the recap is the last that they are told."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._is_complete = False

    def handle(self, event: Event) -> None:
        """Pass the event on."""
        self._reporter.handle(event)
        self._is_complete = isinstance(event, RunFinished)

    def complete(self, error: MooringError | KeyboardInterrupt) -> None:
        """Tell of the error, and the recap unless it was told already."""
        if self._is_complete:
            return
        if isinstance(error, MooringError):
            self.handle(Warned(str(error)))
            self.handle(RunFinished(Recap(), error.exit_status))
        else:
            self.handle(RunFinished(Recap(), INTERRUPTED, interrupted=True))

    def close(self) -> None:
        """Close the reporter."""
        self._reporter.close()


def _run(path: Path, request: Request, reporter: Reporter) -> int:
    if not path.exists():
        raise UsageError(f"no playbook {path}")
    inventory, playbook = _load(path, request)
    for text in (*inventory.warnings, *playbook.warnings()):
        reporter.handle(Warned(text))
    retry = RetryFile.of(path, " ".join(request.inventory), request.project)
    if request.resume:
        request = replace(request, limit=retry.choose(inventory, request.limit))
    is_whole = request.resume or not (request.tags or request.skip_tags)
    keep = (lambda rollout: None) if request.check else partial(retry.keep, is_whole=is_whole)
    connecting = connection_options(request, reporter.close)
    runner = Runner(inventory, options(request), connecting, reporter.handle, keep, acknowledge)
    if request.list_hosts or request.list_tasks:
        _list(playbook, runner, request)
        return 0
    if request.syntax_check:
        if request.json:
            reporter.handle(RunFinished(Recap(), 0))
        return 0
    require_groups(inventory, playbook.plays)
    if not any(runner.hosts(play) for play in playbook.plays):
        raise UsageError(f'no host of {inventory.name} is meant by "{request.limit or path}"')
    return runner.run(playbook, request.detailed_exitcode)


def _load(path: Path, request: Request) -> tuple[Inventory, Playbook]:
    """Inventory and playbook; the mistakes of both are told together."""
    loaded, mistakes = list[Any](), Mistakes()
    folder = request.project.folder_of(path)
    for load in (
        lambda: _load_inventory(request, folder),
        lambda: Playbook.load(path, check_action, request.project),
    ):
        with mistakes.gather():
            loaded.append(load())
    mistakes.raise_first()
    return loaded[0], loaded[1]


def _load_inventory(request: Request, folder: Path) -> Inventory:
    require_inventory(request)
    return Inventory.load(request.inventory, folder)


def _list(playbook: Playbook, runner: Runner, request: Request) -> None:
    for stream in streams.list_text_streams(request.json):
        if request.list_hosts:
            listing.write_hosts([_list_hosts(play, runner) for play in playbook.plays], stream)
        else:
            listing.write_tasks([_list_tasks(play, runner.options) for play in playbook.plays], stream)


def _list_hosts(play: Play, runner: Runner) -> ListedPlay:
    return ListedPlay(play.hosts, play.name, hosts=tuple(host.name for host in runner.hosts(play)))


def _list_tasks(play: Play, options: Options) -> ListedPlay:
    chosen = [task for task in play.tasks() if options.tags.selects(task.keywords.tags)]
    tasks = (ListedTask(task.title, tuple(sorted(task.keywords.tags)), task.where) for task in chosen)
    return ListedPlay(play.hosts, play.name, tasks=tuple(tasks))


def options(request: Request) -> Options:
    """The options that the runner needs."""
    if request.forks < 1:
        raise UsageError("--forks must be at least 1")
    return Options(
        check=request.check,
        diff=request.diff,
        forks=request.forks,
        tags=TagChoice(words(request.tags), words(request.skip_tags)),
        extra_vars=parse_extra_vars(request.extra_vars),
        limit=request.limit or None,
        verbosity=int(request.verbose),
        become=request.become,
        become_user=request.become_user,
    )


def connection_options(request: Request, clear_screen: Callable[[], None] = lambda: None) -> RunOptions:
    """What holds for all connections where the inventory says nothing else; asks for the passwords
    it is to ask for.

    `clear_screen` takes away what is drawn live before a key's passphrase is asked for in the
    middle of the run.
    """

    def ask(path: str) -> str | None:
        clear_screen()
        try:
            return ask_password(f"Passphrase of {path}")
        except UsageError:  # Ctrl-D: the run goes on without that key
            return None

    password = ask_password("Login password") if request.ask_pass else None
    if request.connection_password_file:
        password = read_password(request.connection_password_file)
    become = ask_password("sudo password") if request.ask_become_pass else None
    if request.become_password_file:
        become = read_password(request.become_password_file)
    return RunOptions(
        accept_new_host_keys=request.accept_new_host_keys,
        passwords=Passwords(password, become),
        timeout=float(request.timeout),
        remote_user=request.remote_user,
        directory=request.project.root,
        keys=Keys(KeyStore(ask if has_terminal() else None)),
    )
