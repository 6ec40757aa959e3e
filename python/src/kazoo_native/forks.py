"""Clients in the child of a fork."""

import collections
import os
import threading
import weakref

from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.states import KazooState, KeeperState

_connections = weakref.WeakSet()


def watch_over(connection):
    """Has the connection forgotten in children of this process."""
    _connections.add(connection)


def _forget(connection):
    """The child of a fork has neither the library's threads nor this connection's routine.

    Whatever the parent's threads held at the moment of the fork stays locked, so that
    nothing of it is used again: no result is set and no listener called. The client is
    stopped and can be started again.
    """
    connection._open = False
    connection._submitting = threading.Lock()
    routine, connection._connection_routine = connection._connection_routine, None
    connection._handle = connection._socket = None
    if routine is None:
        return
    if hasattr(routine, "kill"):
        routine.kill()  # A greenlet would go on.
    client, handler = connection.client, connection.handler
    if type(handler) is SequentialThreadingHandler:
        handler.__init__()
    client._queue, client._pending = collections.deque(), collections.deque()
    client._data_watchers.clear()
    client._child_watchers.clear()
    client._state, client.state = KeeperState.CLOSED, KazooState.LOST
    client._reset_session()
    client._live = handler.event_object()
    for name in ("_stopped", "_writer_stopped"):
        setattr(client, name, _set_event(handler))
    connection.connection_stopped = _set_event(handler)
    connection.connection_closed = _set_event(handler)
    reader, writer = connection._read_sock, connection._write_sock
    connection._read_sock = connection._write_sock = None
    for sock in (reader, writer):
        if sock is not None:
            sock.close()


def _set_event(handler):
    event = handler.event_object()
    event.set()
    return event


def _in_child():
    for connection in list(_connections):
        _forget(connection)


os.register_at_fork(after_in_child=_in_child)
