"""The functions of ``zookeeper_ext.h`` that the adapter uses, and the entries of its queue.

A library without them, such as the original, is driven by callbacks instead, see
:mod:`kazoo_native.callbacks`.
"""

import ctypes
import functools
import struct
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p

from zookeeper_native import _binding as native

KEEP_HOST_ORDER = 256
NO_SET_WATCHES = 512

EVENT = 2

NO_PAYLOAD, DATA, STRING, STRINGS, ACLS, RESULTS = range(6)

_STAT = "qqqqiii4xqiiq"
#: Head of an entry: size, kind, handle, data, rc, type, state, payload, length, count,
#: has_stat, reserved; then the fields of the stat.
ENTRY = struct.Struct("@IIPPiiiIiiII" + _STAT)
#: An ACL entry: permissions, scheme's offset and length, id's offset and length, reserved.
ACL_ENTRY = struct.Struct("@iIIIII")
#: Result of one operation: code, has_stat, path's offset and length; then the stat.
RESULT_ENTRY = struct.Struct("@iIII" + _STAT)


class Config(ctypes.Structure):
    """``struct zoox_config``."""

    _fields_ = [
        ("size", c_size_t),
        ("hosts", c_char_p),
        ("watcher", c_void_p),
        ("context", c_void_p),
        ("client_id", POINTER(native.ClientId)),
        ("recv_timeout", c_int),
        ("flags", c_int),
        ("log_callback", native.LogCallback),
        ("queue", c_void_p),
        ("tls", c_void_p),
        ("sasl", c_void_p),
    ]


_PROTOTYPES = {
    "zoox_init": (c_void_p, [POINTER(Config)]),
    "zoox_cq_create": (c_void_p, []),
    "zoox_cq_fd": (c_int, [c_void_p]),
    "zoox_cq_next": (c_int64, [c_void_p, c_void_p, c_size_t, POINTER(c_int)]),
    "zoox_cq_destroy": (c_int, [c_void_p]),
    "zoox_aset_acl": (
        c_int,
        [c_void_p, c_char_p, c_int, POINTER(native.ACLVector), native.StatCompletion, c_void_p],
    ),
    "zoox_drop_connection": (c_int, [c_void_p]),
    "zoox_abandon": (c_int, [c_void_p]),
    "zoox_set_retry_delay": (c_int, [c_void_p, c_int]),
    "zoox_connect_attempts": (c_int64, [c_void_p]),
    "zoox_last_zxid": (c_int64, [c_void_p]),
    "zoox_get_peer": (c_int, [c_void_p, c_void_p, POINTER(c_int)]),
}


class Extensions:
    """A library with the extra functions, loaded twice.

    ``blocking`` releases the interpreter lock in each call, ``quick`` holds it. The quick one is
    for calls that never wait, such as submitting a request: letting the lock go would cost more
    than the call, and with a queue no callback can be waiting for it.
    """

    def __init__(self, library):
        self.blocking = _with_prototypes(library.cdll, library)
        self.quick = _with_prototypes(ctypes.PyDLL(library.path), None)


def _with_prototypes(cdll, library):
    if library is None:
        library = native.Library(cdll, cdll._name)
    for name, (result, arguments) in _PROTOTYPES.items():
        function = cdll[name]
        function.restype, function.argtypes = result, arguments
        setattr(library, name, function)
    return library


@functools.lru_cache(maxsize=None)
def load(library):
    """The library's extra functions, or None when it does not have all of them."""
    if all(hasattr(library.cdll, name) for name in _PROTOTYPES):
        return Extensions(library)
    return None
