"""Operations that tell their result to a completion.

Each returns OK when the request is on its way and raises if it cannot be. The completion is kept alive until it was
called, by a thread of the library, exactly once.
"""

from __future__ import annotations

from ctypes import byref

from zookeeper_native._binding import (
    NO_WATCHER,
    AclCompletion,
    DataCompletion,
    StatCompletion,
    StringCompletion,
    StringsCompletion,
    VoidCompletion,
    load,
    read_value,
)

from . import _arguments as arguments
from ._callbacks import guarded, numbers
from ._errors import OK, error
from ._handles import find
from ._watches import CHILDREN, DATA, Registration, on_event

_lib = load()

#: What the library owes a call: completion, number of the handle, registration of a watch.
_pending: dict[int, tuple] = {}


def _completion(kind, decode):
    """A C completion that passes ``decode(*results)`` on to the program's."""

    @guarded
    def complete(code, *results):
        number = results[-1]
        if number is None:
            return
        callback, zh, registration = _pending.pop(number)
        if registration is not None:
            registration.finish(code)
        if callback is not None:
            callback(zh, code, *decode(*results[:-1]))

    return kind(complete)


def _data_result(value, length, stat):
    raw = read_value(value, length)
    return None if raw is None else raw.decode(), arguments.stat_at(stat)


_on_nothing = _completion(VoidCompletion, lambda: ())
_on_path = _completion(StringCompletion, lambda path: (None if path is None else path.decode(),))
_on_stat = _completion(StatCompletion, lambda stat: (arguments.stat_at(stat),))
_on_data = _completion(DataCompletion, _data_result)
_on_names = _completion(StringsCompletion, lambda names: (arguments.strings_at(names),))
_on_acl = _completion(AclCompletion, lambda acl, stat: (arguments.acl_dicts(acl), arguments.stat_at(stat)))


def _submit(handle, function, call_arguments, completion, callback, registration=None) -> int:
    number = None
    if callback is not None or registration is not None:
        number = next(numbers)
        _pending[number] = callback, handle.number, registration
    code = None
    try:
        code = function(handle.address, *call_arguments, completion, number)
    finally:
        if code != OK:
            _pending.pop(number, None)
            if registration is not None:
                registration.finish(None)
    if code != OK:
        raise error(code)
    return OK


def _submit_watched(zh, path, watcher, table, function, completion, callback, exists: bool = False) -> int:
    path = arguments.text(path)
    watcher = arguments.callback(watcher)
    callback = arguments.callback(callback)
    handle = find(zh)
    if watcher is None:
        return _submit(handle, function, (path, NO_WATCHER, None), completion, callback)
    registration = Registration(handle, watcher, path, table, exists)
    call_arguments = path, on_event, registration.watch.number
    return _submit(handle, function, call_arguments, completion, callback, registration)


def acreate(zh, path, value, acl, flags=0, callback=None, /):
    """Creates a node. ``callback(zh, rc, path or None)``"""
    path = arguments.text(path)
    value = arguments.data(value)
    flags = arguments.c_int(flags)
    callback = arguments.callback(callback)
    handle = find(zh)
    acls = arguments.acls(acl)
    call_arguments = path, value, len(value), byref(acls), flags
    return _submit(handle, _lib.zoo_acreate, call_arguments, _on_path, callback)


def adelete(zh, path, version=-1, callback=None, /):
    """Deletes a node without children. ``callback(zh, rc)``"""
    path = arguments.text(path)
    version = arguments.c_int(version)
    callback = arguments.callback(callback)
    return _submit(find(zh), _lib.zoo_adelete, (path, version), _on_nothing, callback)


def aexists(zh, path, watcher=None, callback=None, /):
    """Looks for a node. ``callback(zh, rc, stat dict or None)``"""
    return _submit_watched(zh, path, watcher, DATA, _lib.zoo_awexists, _on_stat, callback, exists=True)


def aget(zh, path, watcher=None, callback=None, /):
    """Reads the data of a node. ``callback(zh, rc, str or None, stat dict or None)``

    Data that is not UTF-8 cannot be delivered: the error is printed and the callback is not called.
    """
    return _submit_watched(zh, path, watcher, DATA, _lib.zoo_awget, _on_data, callback)


def aset(zh, path, value, version=-1, callback=None, /):
    """Sets the data of a node. ``callback(zh, rc, stat dict or None)``"""
    path = arguments.text(path)
    value = arguments.data(value)
    version = arguments.c_int(version)
    callback = arguments.callback(callback)
    return _submit(find(zh), _lib.zoo_aset, (path, value, len(value), version), _on_stat, callback)


def aget_children(zh, path, watcher=None, callback=None, /):
    """Reads the names of a node's children. ``callback(zh, rc, list)``"""
    return _submit_watched(zh, path, watcher, CHILDREN, _lib.zoo_awget_children, _on_names, callback)


def async_(zh, path, callback=None, /):
    """Lets the server catch up with the leader. ``callback(zh, rc, path or None)``"""
    path = arguments.text(path)
    callback = arguments.callback(callback)
    return _submit(find(zh), _lib.zoo_async, (path,), _on_path, callback)


def aget_acl(zh, path, callback=None, /):
    """Reads the ACL of a node. ``callback(zh, rc, list of ACL dicts, stat dict or None)``"""
    path = arguments.text(path)
    callback = arguments.callback(callback)
    return _submit(find(zh), _lib.zoo_aget_acl, (path,), _on_acl, callback)


def aset_acl(zh, path, version, acl, callback=None, /):
    """Replaces the ACL of a node. ``callback(zh, rc)``"""
    path = arguments.text(path)
    version = arguments.c_int(version)
    callback = arguments.callback(callback)
    handle = find(zh)
    acls = arguments.acls(acl, "List of ACLs required in parse_acls")
    call_arguments = path, version, byref(acls)
    return _submit(handle, _lib.zoo_aset_acl, call_arguments, _on_nothing, callback)


def add_auth(zh, scheme, cert, callback, /):
    """Adds an identity to the session. ``callback(zh, rc)`` or None

    The callback runs in the thread that talks to the server: a call in it that waits for the server never returns.
    """
    scheme = arguments.text(scheme, "scheme")
    cert = arguments.data(cert)
    callback = arguments.callback(callback)
    return _submit(find(zh), _lib.zoo_add_auth, (scheme, cert, len(cert)), _on_nothing, callback)
