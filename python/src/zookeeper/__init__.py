"""ZooKeeper's Python module zkpython, on the native library.

All arguments are positional. Handles are small numbers. Calls that wait raise an exception for every result but OK;
calls that do not wait pass their result to a completion, which runs in a thread of the library, as watchers do.
"""

from __future__ import annotations

from zookeeper_native._binding import load as _load

from . import _async, _errors, _nodes, _session

__version__ = _load().version()

PERM_READ = 1
PERM_WRITE = 2
PERM_CREATE = 4
PERM_DELETE = 8
PERM_ADMIN = 16
PERM_ALL = 31

EPHEMERAL = 1
SEQUENCE = 2

EXPIRED_SESSION_STATE = -112
AUTH_FAILED_STATE = -113
CONNECTING_STATE = 1
ASSOCIATING_STATE = 2
CONNECTED_STATE = 3

CREATED_EVENT = 1
DELETED_EVENT = 2
CHANGED_EVENT = 3
CHILD_EVENT = 4
SESSION_EVENT = -1
NOTWATCHING_EVENT = -2

LOG_LEVEL_ERROR = 1
LOG_LEVEL_WARN = 2
LOG_LEVEL_INFO = 3
LOG_LEVEL_DEBUG = 4

globals().update(_errors.CODES)
ZooKeeperException = _errors.ZooKeeperException
globals().update(_errors.EXCEPTIONS)

_FUNCTIONS = [
    _session.init,
    _session.close,
    _session.client_id,
    _session.state,
    _session.recv_timeout,
    _session.is_unrecoverable,
    _session.set_watcher,
    _session.zerror,
    _session.set_debug_level,
    _session.deterministic_conn_order,
    _session.set_log_stream,
    _nodes.create,
    _nodes.delete,
    _nodes.exists,
    _nodes.get,
    _nodes.set,
    _nodes.set2,
    _nodes.get_children,
    _nodes.get_acl,
    _nodes.set_acl,
    _async.acreate,
    _async.adelete,
    _async.aexists,
    _async.aget,
    _async.aset,
    _async.aget_children,
    _async.async_,
    _async.aget_acl,
    _async.aset_acl,
    _async.add_auth,
]
if _load().has("zookeeper_init_ssl"):
    _FUNCTIONS.append(_session.init_ssl)

for _function in _FUNCTIONS:
    # "async" is a keyword by now: programs reach the function with getattr.
    _function.__name__ = _function.__qualname__ = _function.__name__.rstrip("_")
    _function.__module__ = __name__
    globals()[_function.__name__] = _function
del _function, annotations

__all__ = sorted(name for name in globals() if not name.startswith("_"))
