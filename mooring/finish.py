"""The end of every task: its exit status, and an error that the operator can mend as one message."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from invoke import Exit

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
