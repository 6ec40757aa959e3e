"""Handles: the small numbers that programs hold, and what is behind them."""

from __future__ import annotations

import os
import threading

from ._arguments import c_int
from ._errors import ZooKeeperException

#: Most handles that a process can have open at a time.
LIMIT = 16384

# Reentrant, because a signal handler may call this module while the thread it interrupted holds the lock.
_lock = threading.RLock()
_table: list[Handle | None] = []


def _new_lock() -> None:
    global _lock
    _lock = threading.RLock()


# Whoever held the lock at a fork does not exist in the child.
os.register_at_fork(after_in_child=_new_lock)


class Handle:
    """One connection to a cluster, known to C by an address and to the program by a number."""

    __slots__ = ("address", "number", "opening", "pid", "session_watch", "watches")

    def __init__(self, number: int) -> None:
        self.number = number
        #: What C calls it. The first callback may tell before ``zookeeper_init`` has returned.
        self.address: int | None = None
        #: The process whose threads serve it.
        self.pid = os.getpid()
        #: The watch that gets all session events.
        self.session_watch = None
        #: Node watches by the identity of their watcher.
        self.watches: dict = {}
        #: Whether ``zookeeper_init`` is under way.
        self.opening = True


def reserve() -> Handle:
    """A new handle under the lowest free number."""
    with _lock:
        for number, handle in enumerate(_table):
            if handle is None:
                break
        else:
            number = len(_table)
            if number >= LIMIT:
                raise ZooKeeperException(f"too many handles are open, the limit is {LIMIT}")
            _table.append(None)
        handle = _table[number] = Handle(number)
        return handle


def release(handle: Handle) -> None:
    """Frees the handle's number."""
    with _lock:
        if _table[handle.number] is handle:
            _table[handle.number] = None


def find(zh) -> Handle:
    """The handle of a number; ZooKeeperException if there is none, or if it is another process's."""
    number = c_int(zh)
    if not 0 <= number < len(_table):
        raise ZooKeeperException("zhandle out of range")
    handle = _table[number]
    if handle is None or handle.address is None:
        raise ZooKeeperException("zhandle already freed")
    if handle.pid != os.getpid():
        raise ZooKeeperException(
            "zhandle belongs to the parent process, whose threads do not exist after fork: "
            "call zookeeper.init in this process"
        )
    return handle


def take(zh) -> tuple[Handle, int]:
    """The handle of a number and its address, for the one caller who closes it."""
    with _lock:
        handle = find(zh)
        address, handle.address = handle.address, None
        return handle, address


def open_here() -> list[int]:
    """Numbers of the handles that this very process has open."""
    pid = os.getpid()
    return [h.number for h in _table if h is not None and h.pid == pid and h.address is not None]
