"""Calling the program's functions from the library's threads."""

from __future__ import annotations

import atexit
import os
import sys
import time
from itertools import count

from zookeeper_native._binding import load

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


def _forget_running() -> None:
    global _running
    _running = []


# The threads that ran callbacks at a fork do not exist in the child.
os.register_at_fork(after_in_child=_forget_running)

# How long the end of the process waits for callbacks under way.
_PATIENCE_S = 5


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


@atexit.register
def _end() -> None:
    """Keeps the library's threads out of an interpreter that is going away.

    Sessions are left alone: they end by their timeouts, as when a program is killed. A callback that never returns
    must not hold up the end of the process, therefore the library, which would wait for it, is not asked then. Where it
    cannot be asked CPython itself ends its threads as soon as they come near the interpreter.
    """
    global _ending
    _ending = True
    library = load()
    deadline = time.monotonic() + _PATIENCE_S
    while _running and time.monotonic() < deadline:
        time.sleep(0.001)
    if not _running and library.has("zoox_mute_callbacks"):
        library.zoox_mute_callbacks()
