"""Calling the program's functions from the library's threads."""

from __future__ import annotations

import sys
from itertools import count

#: Numbers that stand for Python objects in C's user data. 0 is left out because it would arrive as NULL.
numbers = count(1)


def report() -> None:
    """Prints the exception of a callback, which nobody could catch, and goes on."""
    kind, value, trace = sys.exc_info()
    try:
        sys.excepthook(kind, value, trace)
    except BaseException:
        # An error hook that fails must not keep the library from going on.
        sys.__excepthook__(*sys.exc_info())
