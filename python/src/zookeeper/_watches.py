"""Watches: which watcher C's context numbers stand for, and for how long.

A watcher has one number per handle, however often it is registered, so that C takes equal registrations for one and
calls the watcher once per event. The number is kept while C may still use it: while a call that registers is under way,
and from its success until the event. A registration that is repeated before an event cannot be told from one that was
made after an event which is still on its way, so such a watcher is kept until as many events have come as
registrations were made, or until the handle is closed: rather kept too long than missing an event.
"""

from __future__ import annotations

import os
import threading
from collections import Counter

from zookeeper_native._binding import WatcherFn

from ._callbacks import guarded, numbers
from ._errors import NONODE, OK
from ._handles import Handle

SESSION_EVENT = -1
#: Where C keeps watches: those of get and exists, and those of get_children.
DATA, CHILDREN = "data", "children"
_TABLES_OF_EVENT = {1: (DATA,), 2: (DATA, CHILDREN), 3: (DATA,), 4: (CHILDREN,)}

# Reentrant, because a signal handler may call this module while the thread it interrupted holds the lock.
_lock = threading.RLock()
_watches: dict[int, Watch] = {}


def _new_lock() -> None:
    global _lock
    _lock = threading.RLock()


# Whoever held the lock at a fork does not exist in the child.
os.register_at_fork(after_in_child=_new_lock)


class Watch:
    """A watcher that C knows under a number."""

    __slots__ = ("armed", "fired", "handle", "number", "under_way", "watcher")

    def __init__(self, handle: Handle, watcher) -> None:
        self.number = next(numbers)
        self.handle = handle
        self.watcher = watcher
        #: How many events each (path, table) still owes.
        self.armed: Counter = Counter()
        #: Registering calls that have not returned.
        self.under_way = 0
        #: Events that came for nothing armed while calls were under way: they belong to those calls.
        self.fired: Counter = Counter()
        _watches[self.number] = self

    def event(self, kind: int, state: int, path: bytes) -> None:
        """Takes note that C used the number, for the last time if nothing remains armed."""
        with _lock:
            if kind == SESSION_EVENT:
                if state < 0:
                    self.armed.clear()
            else:
                for table in _TABLES_OF_EVENT.get(kind, ()):
                    place = (path, table)
                    if place in self.armed:
                        self.armed[place] -= 1
                        if not self.armed[place]:
                            del self.armed[place]
                    elif self.under_way:
                        self.fired[place] += 1
            self._drop_if_unused()

    def finish(self, place, registered: bool) -> None:
        """Ends a registering call."""
        with _lock:
            self.under_way -= 1
            if registered:
                if self.fired[place] > 0:
                    self.fired[place] -= 1
                else:
                    self.armed[place] += 1
            if not self.under_way:
                self.fired.clear()
            self._drop_if_unused()

    def _drop_if_unused(self) -> None:
        if not self.armed and not self.under_way and self is not self.handle.session_watch:
            _watches.pop(self.number, None)
            self.handle.watches.pop(id(self.watcher), None)


class Registration:
    """A call under way that registers a watch. Without a watcher it stands for no watch at all."""

    __slots__ = ("_exists", "_place", "watch")

    def __init__(self, handle: Handle, watcher, path: bytes, table: str, exists: bool = False) -> None:
        self._place = (path, table)
        #: Whether the watch is also registered if there is no node.
        self._exists = exists
        with _lock:
            watch = handle.watches.get(id(watcher))
            if watch is None:
                watch = handle.watches[id(watcher)] = Watch(handle, watcher)
            watch.under_way += 1
            self.watch = watch

    def finish(self, code: int | None) -> None:
        """Tells the result code of the call, ``None`` if it was not made."""
        self.watch.finish(self._place, code == OK or (self._exists and code == NONODE))


def watch_sessions(handle: Handle, watcher) -> int:
    """The number under which a handle's session events arrive."""
    handle.session_watch = Watch(handle, watcher)
    return handle.session_watch.number


def forget(handle: Handle) -> None:
    """Drops all watches of a closed handle."""
    with _lock:
        for watch in [handle.session_watch, *handle.watches.values()]:
            if watch is not None:
                _watches.pop(watch.number, None)
        handle.watches.clear()
        handle.session_watch = None


@WatcherFn
@guarded
def on_event(address, kind, state, path, number):
    """The one watcher that C knows."""
    watch = _watches.get(number)
    if watch is None:
        return
    handle = watch.handle
    if watch is not handle.session_watch:
        watch.event(kind, state, path)
    elif handle.opening:
        handle.address = address
    if watch.watcher is not None:
        watch.watcher(handle.number, kind, state, path.decode())
