"""Handles of the library: a session that is opened, watched and ended by the connection.

There are two kinds. A :class:`kazoo_native.queue.QueueHandle` fetches results from a completion
queue: none of the library's threads ever enters the interpreter. A library without queues is
driven by :class:`kazoo_native.callbacks.CallbackHandle`. Both give the same *records*:

* ``(token, code, value)`` for the completion of the request that was submitted with the token,
* ``(0, type, (state, path))`` for an event.

Values are what kazoo would have made of the reply: True for none, a ZnodeStat, a path,
``(data, stat)``, ``(children, stat)``, ``(acls, stat)``, ``(path, stat)``, and for transactions a
list of ``(code, value)``.
"""

import os
import threading

from zookeeper_native import _binding as native

from . import extensions

READ_ONLY = 1
_NO_CLIENT_ENVIRONMENT_LOG = 2

#: Environment variable with the library's log level, 0 (nothing, the default) to 4.
LOG_LEVEL = "KAZOO_NATIVE_LOG"

_level_lock = threading.Lock()
_level_set = False


class Handle:
    """What both kinds of handles do in the same way. Not safe against a concurrent close."""

    #: What the library has for calls that may wait.
    library = None
    #: The ``zhandle_t``; None when closed.
    pointer = None

    def client_id(self):
        """The session's ``(id, password)``."""
        identity = self.library.zoo_client_id(self.pointer).contents
        return identity.client_id, identity.password()

    def recv_timeout(self):
        """The session timeout in ms, negotiated once there is a session."""
        return self.library.zoo_recv_timeout(self.pointer)

    def set_servers(self, hosts):
        """Has the next attempts to connect use these servers."""
        self.library.zoo_set_servers(self.pointer, hosts.encode())

    def close(self):
        """Ends the session and the handle. May wait for some seconds."""
        self._end(self.library.zookeeper_close)

    def _end(self, function):
        pointer, self.pointer = self.pointer, None
        if pointer is not None:
            function(pointer)
            self._release()

    def _release(self):
        """Frees what belongs to the handle besides the library's part."""


def open_handle(hosts, timeout, session, read_only, keep_order, log):
    """A new handle, which starts to connect at once; None if the library cannot make one.

    ``hosts`` is the library's connect string, ``timeout`` the session timeout in ms, ``session``
    the ``(id, password)`` to go on with or None. ``keep_order`` tries the servers in the order of
    the list. ``log`` is called with the library's messages, if any are wanted.
    """
    library = native.load()
    level = _set_level(library)
    identity = None
    if session is not None:
        identity = native.ClientId(client_id=session[0])
        identity.set_password(session[1])
    extra = extensions.load(library)
    if extra is not None:
        from .queue import QueueHandle as kind
    else:
        from .callbacks import CallbackHandle as kind
    flags = _NO_CLIENT_ENVIRONMENT_LOG | (READ_ONLY if read_only else 0)
    with native.signals_blocked():
        return kind.open(
            extra or library,
            hosts.encode(),
            timeout,
            identity,
            flags,
            keep_order,
            log if level else None,
        )


def missing_features():
    """What the library in use cannot do for lack of extra functions; empty if nothing."""
    if extensions.load(native.load()) is not None:
        return []
    return [
        "fetching results in batches without callbacks",
        "dropping the connection while keeping the session",
        "leaving a session without closing it",
        "the stat of set_acls in one request",
        "client.last_zxid",
        "counting attempts to connect for connection_retry",
    ]


def _set_level(library):
    """Sets the library's log level once, as the environment asks; it counts for the process."""
    global _level_set
    text = os.environ.get(LOG_LEVEL, "").strip() or "0"
    level = int(text) if text in ("0", "1", "2", "3", "4") else 0
    with _level_lock:
        if not _level_set:
            library.zoo_set_debug_level(level)
            _level_set = True
    return level
