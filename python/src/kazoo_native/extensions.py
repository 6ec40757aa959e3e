"""The functions of ``zookeeper_ext.h`` as the adapter uses them.

A library without them, such as the original, is driven by callbacks instead, see
:mod:`kazoo_native.callbacks`.
"""

import ctypes
import functools

from zookeeper_native import _binding as native

KEEP_HOST_ORDER = 256
NO_SET_WATCHES = 512

#: Kind of an entry: a watcher would have been called.
EVENT = 2
#: What follows an entry's head.
NO_PAYLOAD, DATA, STRING, STRINGS, ACLS, RESULTS = range(6)

_NEEDED = (
    "zoox_init",
    "zoox_cq_create",
    "zoox_cq_fd",
    "zoox_cq_next",
    "zoox_cq_destroy",
    "zoox_aset_acl",
    "zoox_drop_connection",
    "zoox_abandon",
    "zoox_set_retry_delay",
    "zoox_connect_attempts",
    "zoox_last_zxid",
    "zoox_get_peer",
)


class Extensions:
    """A library with the extra functions, loaded twice.

    ``blocking`` releases the interpreter lock in each call, ``quick`` holds it. The quick one is
    for calls that never wait, such as submitting a request: letting the lock go would cost more
    than the call, and with a queue no callback can be waiting for it.
    """

    def __init__(self, library):
        self.blocking = library
        self.quick = native.Library(ctypes.PyDLL(library.path), library.path)


@functools.lru_cache(maxsize=None)
def load(library):
    """The library's extra functions, or None when it does not have all of them."""
    return Extensions(library) if all(map(library.has, _NEEDED)) else None
