"""The end of what foreign data can do where many hosts are looked at: one host's words must not end
the look at others.

Replies are checked before they are read (replies.py, reply_shapes.py), and what they hold is parsed
by functions that know all its forms. What comes through all the same is one of these; it is told as
the failure of the host that said it.
"""

from __future__ import annotations

SENSELESS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
LONGEST = 200


def describe(error: Exception) -> str:
    """One line for the operator."""
    words = " ".join(str(error).split())[:LONGEST]
    return f"the host's answer makes no sense ({type(error).__name__}: {words})"
