"""The end of every task: its exit status, and an error that the operator can mend as one
message."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable

from invoke import Exit

from mooring.errors import MooringError
from mooring.reporters import last_words, streams
from mooring.run.interrupts import answer_first, read_terminal, restore_terminal

INTERRUPTED = 130
# What writing to a disk, and to nothing else, ends in.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def finish(work: Callable[[], int | None], debug: bool = False) -> None:
    """Do the work and end with its exit status; an error that the operator can mend is one message,
    not a traceback."""
    streams.open_missing()
    last_words.take_over()
    terminal = read_terminal()
    answer_first(last_words.acknowledge)
    try:
        status = work()
        streams.flush()
    except MooringError as error:
        if debug:
            last_words.write_traceback(error)
        raise Exit(last_words.message(str(error)), error.exit_status) from None
    except KeyboardInterrupt:
        if terminal is not None:
            restore_terminal(terminal)  # a thread may still be asking for a passphrase there
        _be_left_alone()
        raise Exit("interrupted", INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has had enough (`| head`); nobody is left to tell.
        streams.silence()
        raise Exit(code=1) from None
    except (OSError, RecursionError, MemoryError, UnicodeError) as error:
        if debug:
            last_words.write_traceback(error)
        raise Exit(last_words.message(_explain(error)), 1) from None
    if status == INTERRUPTED:
        _be_left_alone()
    if status:
        raise Exit(code=status)


def _explain(error: Exception) -> str:
    """One line for what the machine could not do, where nothing above knew better."""
    if isinstance(error, OSError):
        if error.filename is None and error.errno in _FULL:
            streams.silence()
            return f"the output cannot be written: {error.strerror}"
        name = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{name}{error.strerror or error} (--debug shows where)"
    if isinstance(error, RecursionError):
        return "something in these files nests too deeply (--debug shows where)"
    return f"{str(error) or type(error).__name__} (--debug shows where)"


def _be_left_alone() -> None:
    """It is over: one Ctrl-C more must not make another exit status, or a traceback, of the
    process's last moment."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
