"""What is said beside a reporter: a command's last word, tracebacks, and a
question at the terminal.

Every command needs these, so that nothing heavy is imported here; what they say is made visible as
on any screen.
"""

from __future__ import annotations

import getpass
import logging
import os
import select
import sys
import threading
import traceback

from mooring.reporters import visible

LONGEST, MOST = 2000, 300


def message(text: str) -> str:
    """A text for those who print it themselves, such as Invoke: visible, its
    further lines indented."""
    return "\n".join(visible.paragraph(text, LONGEST, MOST))


def write_beside(text: str) -> None:
    """A text that does not belong to the output, to standard error."""
    sys.stderr.write(message(text) + "\n")
    sys.stderr.flush()


def write_traceback(error: BaseException) -> None:
    """An error's traceback, to standard error."""
    write_beside("".join(traceback.format_exception(error)).rstrip())


def ask_secret(question: str) -> str:
    """What somebody types at a terminal, unseen."""
    return getpass.getpass(visible.line(question, LONGEST))


def ask(question: str) -> str:
    """What somebody types at a terminal, a line; EOFError where there is none."""
    sys.stderr.write(visible.line(question, LONGEST))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def end_line() -> None:
    """Begin a new line behind a question that nobody answered."""
    sys.stderr.write("\n")


def acknowledge() -> None:
    """Say at once that the command is ending. For handlers of signals: it waits for nobody, and no
    other writer."""
    try:
        descriptor = sys.stderr.fileno()
        if select.select([], [descriptor], [], 0)[1]:
            # A terminal has shown ^C in the midst of a line.
            os.write(descriptor, b"\nstopping ...\n" if os.isatty(descriptor) else b"stopping ...\n")
    except (OSError, ValueError):
        return


def _end_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        write_traceback(args.exc_value)


def take_over() -> None:
    """Python's own ways to the screen lead through here too: tracebacks of what nobody caught, and
    libraries' logs."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = lambda kind, error, trace: write_traceback(error)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _end_thread
    # paramiko logs what a server sent; we tell it ourselves.
    logging.lastResort = logging.NullHandler()
