"""Operations on nodes that wait for the server."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_int, string_at

from zookeeper_native._binding import NO_WATCHER, ACLVector, Stat, StringVector, load

from . import _arguments as arguments
from ._errors import NONODE, OK, error
from ._handles import find
from ._watches import CHILDREN, DATA, Registration, on_event

_lib = load()

#: Room for a path that the server chose, its NUL included. The original has no more, and cuts longer paths.
_PATH_SIZE = 256
_DATA_SIZE = 1024 * 1024
# Buffers of that size that nobody uses: allocating and clearing one takes longer than a request.
_free_buffers: list = []


def _check(code: int) -> int:
    if code != OK:
        raise error(code)
    return code


def _watched(handle, path: bytes, watcher, table: str, call, exists: bool = False) -> int:
    """Makes a call that may register a watch: ``call(watcher, context)``."""
    if watcher is None:
        return call(NO_WATCHER, None)
    registration = Registration(handle, watcher, path, table, exists)
    code = None
    try:
        code = call(on_event, registration.watch.number)
    finally:
        registration.finish(code)
    return code


def create(zh, path, value, acl, flags=0, /):
    """Creates a node. Returns its path, which is longer than ``path`` for a sequence node."""
    path = arguments.text(path)
    value = arguments.data(value)
    flags = arguments.c_int(flags)
    handle = find(zh)
    acls = arguments.acls(acl)
    created = ctypes.create_string_buffer(_PATH_SIZE)
    _check(_lib.zoo_create(handle.address, path, value, len(value), byref(acls), flags, byref(created), _PATH_SIZE))
    return created.value.decode()


def delete(zh, path, version=-1, /):
    """Deletes a node without children. Returns OK."""
    path = arguments.text(path)
    version = arguments.c_int(version)
    return _check(_lib.zoo_delete(find(zh).address, path, version))


def exists(zh, path, watcher=None, /):
    """Returns the stat dict of a node, or None if there is no such node. The watch is left in either case."""
    path = arguments.text(path)
    watcher = arguments.callback(watcher)
    handle = find(zh)
    stat = Stat()

    def call(function, context):
        return _lib.zoo_wexists(handle.address, path, function, context, byref(stat))

    code = _watched(handle, path, watcher, DATA, call, exists=True)
    if code == NONODE:
        return None
    _check(code)
    return arguments.stat_dict(stat)


def get(zh, path, watcher=None, buffer_len=_DATA_SIZE, /):
    """Returns the data of a node as str, at most ``buffer_len`` bytes of it, and its stat dict."""
    path = arguments.text(path)
    watcher = arguments.callback(watcher)
    size = arguments.c_int(buffer_len)
    if size < 0:
        raise ValueError("buffer_len must not be negative")
    handle = find(zh)
    stat = Stat()
    length = c_int(size)
    buffer = _buffer(size)
    address = ctypes.addressof(buffer)

    def call(function, context):
        return _lib.zoo_wget(handle.address, path, function, context, address, byref(length), byref(stat))

    try:
        _check(_watched(handle, path, watcher, DATA, call))
        value = string_at(address, length.value) if length.value > 0 else b""
    finally:
        if size == _DATA_SIZE:
            _free_buffers.append(buffer)
    return value.decode(), arguments.stat_dict(stat)


def _buffer(size: int):
    if size == _DATA_SIZE:
        try:
            return _free_buffers.pop()
        except IndexError:
            pass
    return ctypes.create_string_buffer(max(size, 1))


def set(zh, path, value, version=-1, /):
    """Sets the data of a node. Returns OK."""
    path = arguments.text(path)
    value = arguments.data(value)
    version = arguments.c_int(version)
    return _check(_lib.zoo_set(find(zh).address, path, value, len(value), version))


def set2(zh, path, value, version=-1, /):
    """Sets the data of a node. Returns its new stat dict."""
    path = arguments.text(path)
    value = arguments.data(value)
    version = arguments.c_int(version)
    stat = Stat()
    _check(_lib.zoo_set2(find(zh).address, path, value, len(value), version, byref(stat)))
    return arguments.stat_dict(stat)


def get_children(zh, path, watcher=None, /):
    """Returns the names of a node's children."""
    path = arguments.text(path)
    watcher = arguments.callback(watcher)
    handle = find(zh)
    names = StringVector()

    def call(function, context):
        return _lib.zoo_wget_children(handle.address, path, function, context, byref(names))

    _check(_watched(handle, path, watcher, CHILDREN, call))
    try:
        return arguments.strings_at(ctypes.addressof(names))
    finally:
        _lib.deallocate_String_vector(byref(names))


def get_acl(zh, path, /):
    """Returns the stat dict of a node and the list of its ACL dicts."""
    path = arguments.text(path)
    acls = ACLVector()
    stat = Stat()
    _check(_lib.zoo_get_acl(find(zh).address, path, byref(acls), byref(stat)))
    try:
        return arguments.stat_dict(stat), arguments.acl_dicts(ctypes.addressof(acls))
    finally:
        _lib.deallocate_ACL_vector(byref(acls))


def set_acl(zh, path, version, acl, /):
    """Replaces the ACL of a node. Returns OK."""
    path = arguments.text(path)
    version = arguments.c_int(version)
    handle = find(zh)
    acls = arguments.acls(acl, "List of ACLs required in parse_acls")
    return _check(_lib.zoo_set_acl(handle.address, path, version, byref(acls)))
