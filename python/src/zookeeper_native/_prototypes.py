"""Prototypes of the library's functions, as ``name: (result, arguments)``.

``REQUIRED`` is what every ``libzookeeper_mt.so.2`` since 3.8 has. ``OPTIONAL`` is younger, depends on how the library was
built or is an extension (``zoox_...``, ``zookeeper_ext.h``) that the original does not have.
"""

from __future__ import annotations

from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p

from ._types import (
    AclCompletion,
    ACLVector,
    ClientId,
    Config,
    DataCompletion,
    LogCallback,
    Op,
    OpResult,
    Stat,
    StatCompletion,
    StringCompletion,
    StringsCompletion,
    StringsStatCompletion,
    StringStatCompletion,
    StringVector,
    VoidCompletion,
    WatcherFn,
)

_handle = c_void_p
_queue = c_void_p
_path = c_char_p
_data = c_char_p
_context = c_void_p
_stat = POINTER(Stat)
_acls = POINTER(ACLVector)
_strings = POINTER(StringVector)
_client_id = POINTER(ClientId)
_int_out = POINTER(c_int)
_socket_length = POINTER(c_int)
_buffer = c_void_p

_init = [c_char_p, WatcherFn, c_int, _client_id, _context, c_int]
_create = [_handle, _path, _data, c_int, _acls, c_int]
_watched = [_handle, _path, WatcherFn, _context]
_read_into = [_buffer, _int_out, _stat]
_reconfig = [_handle, c_char_p, c_char_p, c_char_p, c_int64]

REQUIRED = {
    # Handles
    "zookeeper_init": (_handle, _init),
    "zookeeper_init2": (_handle, [*_init, LogCallback]),
    "zookeeper_close": (c_int, [_handle]),
    "zoo_set_servers": (c_int, [_handle, c_char_p]),
    "zoo_set_servers_resolution_delay": (c_int, [_handle, c_int]),
    "zoo_cycle_next_server": (None, [_handle]),
    "zoo_get_current_server": (c_char_p, [_handle]),
    "zoo_client_id": (_client_id, [_handle]),
    "zoo_recv_timeout": (c_int, [_handle]),
    "zoo_get_context": (c_void_p, [_handle]),
    "zoo_set_context": (None, [_handle, _context]),
    # The result is only ever compared with NULL or thrown away.
    "zoo_set_watcher": (c_void_p, [_handle, WatcherFn]),
    "zookeeper_get_connected_host": (c_void_p, [_handle, c_void_p, _socket_length]),
    "zoo_state": (c_int, [_handle]),
    "is_unrecoverable": (c_int, [_handle]),
    "zoo_deterministic_conn_order": (None, [c_int]),
    "zerror": (c_char_p, [c_int]),
    # Logging
    "zoo_set_debug_level": (None, [c_int]),
    "zoo_set_log_stream": (None, [c_void_p]),
    "zoo_get_log_callback": (c_void_p, [_handle]),
    "zoo_set_log_callback": (None, [_handle, LogCallback]),
    # Asynchronous operations
    "zoo_acreate": (c_int, [*_create, StringCompletion, _context]),
    "zoo_acreate_ttl": (c_int, [*_create, c_int64, StringCompletion, _context]),
    "zoo_acreate2": (c_int, [*_create, StringStatCompletion, _context]),
    "zoo_acreate2_ttl": (c_int, [*_create, c_int64, StringStatCompletion, _context]),
    "zoo_adelete": (c_int, [_handle, _path, c_int, VoidCompletion, _context]),
    "zoo_areconfig": (c_int, [*_reconfig, DataCompletion, _context]),
    "zoo_aset": (c_int, [_handle, _path, _data, c_int, c_int, StatCompletion, _context]),
    "zoo_async": (c_int, [_handle, _path, StringCompletion, _context]),
    "zoo_aget_acl": (c_int, [_handle, _path, AclCompletion, _context]),
    "zoo_aset_acl": (c_int, [_handle, _path, c_int, _acls, VoidCompletion, _context]),
    "zoo_aexists": (c_int, [_handle, _path, c_int, StatCompletion, _context]),
    "zoo_awexists": (c_int, [*_watched, StatCompletion, _context]),
    "zoo_aget": (c_int, [_handle, _path, c_int, DataCompletion, _context]),
    "zoo_awget": (c_int, [*_watched, DataCompletion, _context]),
    "zoo_agetconfig": (c_int, [_handle, c_int, DataCompletion, _context]),
    "zoo_awgetconfig": (c_int, [_handle, WatcherFn, _context, DataCompletion, _context]),
    "zoo_aget_children": (c_int, [_handle, _path, c_int, StringsCompletion, _context]),
    "zoo_awget_children": (c_int, [*_watched, StringsCompletion, _context]),
    "zoo_aget_children2": (c_int, [_handle, _path, c_int, StringsStatCompletion, _context]),
    "zoo_awget_children2": (c_int, [*_watched, StringsStatCompletion, _context]),
    "zoo_amulti": (
        c_int,
        [_handle, c_int, POINTER(Op), POINTER(OpResult), VoidCompletion, _context],
    ),
    # The header declares a pointer to the function pointer, but takes the function pointer itself.
    "zoo_aremove_watches": (
        c_int,
        [_handle, _path, c_int, WatcherFn, _context, c_int, VoidCompletion, _context],
    ),
    "zoo_aremove_all_watches": (c_int, [_handle, _path, c_int, c_int, VoidCompletion, _context]),
    "zoo_add_auth": (c_int, [_handle, c_char_p, _data, c_int, VoidCompletion, _context]),
    # Building multi requests
    "zoo_create_op_init": (
        None,
        [POINTER(Op), _path, _data, c_int, _acls, c_int, _buffer, c_int],
    ),
    "zoo_delete_op_init": (None, [POINTER(Op), _path, c_int]),
    "zoo_set_op_init": (None, [POINTER(Op), _path, _data, c_int, c_int, _stat]),
    "zoo_check_op_init": (None, [POINTER(Op), _path, c_int]),
    # Synchronous operations
    "zoo_create": (c_int, [*_create, _buffer, c_int]),
    "zoo_create_ttl": (c_int, [*_create, c_int64, _buffer, c_int]),
    "zoo_create2": (c_int, [*_create, _buffer, c_int, _stat]),
    "zoo_create2_ttl": (c_int, [*_create, c_int64, _buffer, c_int, _stat]),
    "zoo_delete": (c_int, [_handle, _path, c_int]),
    "zoo_reconfig": (c_int, [*_reconfig, *_read_into]),
    "zoo_set": (c_int, [_handle, _path, _data, c_int, c_int]),
    "zoo_set2": (c_int, [_handle, _path, _data, c_int, c_int, _stat]),
    "zoo_get_acl": (c_int, [_handle, _path, _acls, _stat]),
    "zoo_set_acl": (c_int, [_handle, _path, c_int, _acls]),
    "zoo_exists": (c_int, [_handle, _path, c_int, _stat]),
    "zoo_wexists": (c_int, [*_watched, _stat]),
    "zoo_get": (c_int, [_handle, _path, c_int, *_read_into]),
    "zoo_wget": (c_int, [*_watched, *_read_into]),
    "zoo_getconfig": (c_int, [_handle, c_int, *_read_into]),
    "zoo_wgetconfig": (c_int, [_handle, WatcherFn, _context, *_read_into]),
    "zoo_get_children": (c_int, [_handle, _path, c_int, _strings]),
    "zoo_wget_children": (c_int, [*_watched, _strings]),
    "zoo_get_children2": (c_int, [_handle, _path, c_int, _strings, _stat]),
    "zoo_wget_children2": (c_int, [*_watched, _strings, _stat]),
    "zoo_multi": (c_int, [_handle, c_int, POINTER(Op), POINTER(OpResult)]),
    "zoo_remove_watches": (c_int, [_handle, _path, c_int, WatcherFn, _context, c_int]),
    "zoo_remove_all_watches": (c_int, [_handle, _path, c_int, c_int]),
    # Records
    "deallocate_String_vector": (c_int, [_strings]),
    "deallocate_ACL_vector": (c_int, [_acls]),
}

OPTIONAL = {
    # Only in versions after 3.8.
    "zoo_version_str": (c_char_p, []),
    # Only in builds with TLS.
    "zookeeper_init_ssl": (_handle, [c_char_p, c_char_p, *_init[1:]]),
    # Extensions (zookeeper_ext.h)
    "zoox_init": (_handle, [POINTER(Config)]),
    "zoox_cq_create": (_queue, []),
    "zoox_cq_fd": (c_int, [_queue]),
    "zoox_cq_next": (c_int64, [_queue, _buffer, c_size_t, _int_out]),
    "zoox_cq_wait": (c_int, [_queue, c_int]),
    "zoox_cq_destroy": (c_int, [_queue]),
    "zoox_aset_acl": (c_int, [_handle, _path, c_int, _acls, StatCompletion, _context]),
    "zoox_set_acl": (c_int, [_handle, _path, c_int, _acls, _stat]),
    "zoox_drop_connection": (c_int, [_handle]),
    "zoox_abandon": (c_int, [_handle]),
    "zoox_mute_callbacks": (None, []),
    "zoox_set_retry_delay": (c_int, [_handle, c_int]),
    "zoox_connect_attempts": (c_int64, [_handle]),
    "zoox_last_zxid": (c_int64, [_handle]),
    "zoox_get_peer": (c_int, [_handle, c_void_p, _socket_length]),
    "zoox_set_request_timeout": (c_int, [_handle, c_int]),
    "zoox_get_request_timeout": (c_int, [_handle]),
    "zoox_with_timeout": (_handle, [_handle, c_int]),
    "zoox_set_session_limit": (c_int, [_handle, c_int]),
    "zoox_set_connect_limit": (c_int, [_handle, c_int]),
    "zoox_set_queue_until_connected": (c_int, [_handle, c_int]),
    "zoox_set_retry_backoff": (c_int, [_handle, c_int, c_int]),
    "zoox_close": (c_int, [_handle, c_int]),
}
