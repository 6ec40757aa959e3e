"""Handles from init to close, the settings of the library, and the end of the process."""

from __future__ import annotations

import atexit
import ctypes
import io
from operator import index

from zookeeper_native._binding import ClientId, load, signals_blocked

from . import _arguments as arguments
from . import _callbacks as callbacks
from . import _handles as handles
from . import _watches as watches
from ._errors import OK, ZooKeeperException, message
from ._handles import find

_lib = load()

_DEFAULT_RECV_TIMEOUT_MS = 10000


def init(hosts, watcher=None, recv_timeout=_DEFAULT_RECV_TIMEOUT_MS, client_id=None, /):
    """Opens a handle to a cluster, ``"host:port,host:port/chroot"``. Returns before it is connected.

    ``recv_timeout`` is the session timeout in milliseconds; ``client_id`` is (session id, password) of a session to
    go on with.
    """
    return _open(_lib.zookeeper_init, (arguments.text(hosts, "hosts"),), watcher, recv_timeout, client_id)


def init_ssl(hosts, cert, watcher=None, recv_timeout=_DEFAULT_RECV_TIMEOUT_MS, client_id=None, /):
    """The same with TLS; ``cert`` is ``"ca,certificate,key,password"``."""
    first = arguments.text(hosts, "hosts"), arguments.text(cert, "cert")
    return _open(_lib.zookeeper_init_ssl, first, watcher, recv_timeout, client_id)


def _open(function, first_arguments, watcher, recv_timeout, client_id) -> int:
    watcher = arguments.callback(watcher)
    recv_timeout = arguments.c_int(recv_timeout)
    session = None if client_id is None else _session(client_id)
    handle = handles.reserve()
    address = None
    try:
        context = watches.watch_sessions(handle, watcher)
        with signals_blocked():
            address = function(
                *first_arguments,
                watches.on_event,
                recv_timeout,
                None if session is None else ctypes.byref(session),
                context,
                0,
            )
    finally:
        handle.opening = False
        handle.address = address
        if address is None:
            watches.forget(handle)
            handles.release(handle)
    if address is None:
        raise ZooKeeperException("could not internally initialize zookeeper handle")
    return handle.number


def _session(client_id) -> ClientId:
    if not isinstance(client_id, tuple) or len(client_id) != 2:
        raise TypeError("the client id must be a tuple of session id and password")
    number, password = client_id
    number = index(number)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("the session id is out of the range of 64 bits")
    if not isinstance(password, str):
        raise TypeError(f"the password must be str, not {type(password).__name__}")
    session = ClientId(number)
    session.set_password(password.encode("utf-8", "surrogateescape"))
    return session


def close(zh, /):
    """Closes a handle and its session. Returns the result code.

    Waits for the callbacks under way, unless it is called by one of them.
    """
    handle, address = handles.take(zh)
    try:
        return _lib.zookeeper_close(address)
    finally:
        watches.forget(handle)
        handles.release(handle)


def client_id(zh, /):
    """Returns (session id, password) of the handle's session.

    The password is binary; bytes that are no UTF-8 come as surrogate escapes and go back the same way through init.
    """
    session = _lib.zoo_client_id(find(zh).address)
    if not session:
        raise ZooKeeperException("the handle has no session")
    password = session.contents.password().rstrip(b"\0")
    return session.contents.client_id, password.decode("utf-8", "surrogateescape")


def state(zh, /):
    """Returns the state of a handle, one of the ..._STATE constants, or another number while it is not connected."""
    return _lib.zoo_state(find(zh).address)


def recv_timeout(zh, /):
    """Returns the session timeout in milliseconds, as negotiated once connected."""
    return _lib.zoo_recv_timeout(find(zh).address)


def is_unrecoverable(zh, /):
    """Returns whether the session is lost for good, so that only closing remains."""
    return _lib.is_unrecoverable(find(zh).address) != OK


def set_watcher(zh, watcher, /):
    """Replaces the watcher of session events."""
    watcher = arguments.callback(watcher)
    handle = find(zh)
    if handle.session_watch is not None:
        handle.session_watch.watcher = watcher


def zerror(code, /):
    """Returns the text of a result code."""
    return message(arguments.c_int(code))


def set_debug_level(level, /):
    """Sets how much the library logs, one of the LOG_LEVEL_... constants, for the whole process."""
    _lib.zoo_set_debug_level(arguments.c_int(level))


def deterministic_conn_order(yes_or_no, /):
    """Sets whether new handles try their servers in the given order, for the whole process."""
    _lib.zoo_deterministic_conn_order(arguments.c_int(yes_or_no))


_libc = ctypes.CDLL(None, use_errno=True)
_libc.fdopen.restype = ctypes.c_void_p
_libc.fdopen.argtypes = [ctypes.c_int, ctypes.c_char_p]

# Kept, because the library goes on writing to the file's descriptor.
_log_stream = None


def set_log_stream(stream, /):
    """Lets the library log to an open file, for the whole process."""
    global _log_stream
    if not isinstance(stream, io.IOBase):
        raise ValueError("a file object with a file descriptor is needed")
    descriptor = stream.fileno()
    c_stream = _libc.fdopen(descriptor, b"w")
    if not c_stream:
        raise ValueError("the file cannot be written to")
    _lib.zoo_set_log_stream(c_stream)
    _log_stream = stream


@atexit.register
def _end() -> None:
    """Keeps the library's threads out of an interpreter that is going away: they would crash it.

    Sessions are left alone: they end by their timeouts, as when a program is killed. Only a library that cannot be muted
    has to have its handles closed. A callback that never returns must not hold up the end of the process, and the
    library would wait for it.
    """
    if not callbacks.stop():
        return
    if _lib.has("zoox_mute_callbacks"):
        _lib.zoox_mute_callbacks()
        return
    for number in handles.open_here():
        close(number)
