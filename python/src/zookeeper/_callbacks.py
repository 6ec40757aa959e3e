"""Calling the program's functions from the library's threads."""

from __future__ import annotations

import os
import sys
import time
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


#: One item per callback under way; append and pop are atomic.
_running: list[None] = []
_ending = False
# How long the end of the process waits for callbacks under way.
_PATIENCE_S = 5


def _forget_running() -> None:
    global _running
    _running = []


# The threads that ran callbacks at a fork do not exist in the child.
os.register_at_fork(after_in_child=_forget_running)


def guarded(function):
    """``function`` as C may call it: nothing escapes from it, and it does nothing once the interpreter is ending."""

    def call(*results):
        running = _running
        running.append(None)
        try:
            if not _ending:
                function(*results)
        except BaseException:
            report()
        finally:
            running.pop()

    return call


def stop() -> bool:
    """Lets no callback begin any more. Returns whether those under way have ended within the time for that."""
    global _ending
    _ending = True
    deadline = time.monotonic() + _PATIENCE_S
    while _running and time.monotonic() < deadline:
        time.sleep(0.001)
    return not _running
