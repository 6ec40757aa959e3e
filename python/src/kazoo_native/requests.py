"""kazoo's requests as calls of the library.

``SUBMIT`` maps a request's ``type`` to ``function(target, request, token)``. The target is the
handle to submit to, see :mod:`kazoo_native.handle`; the token comes back with the completion.
All of them return the library's code: 0 when the completion will follow. They raise before the
call when an argument cannot be passed on.
"""

from ctypes import addressof, c_char_p, create_string_buffer, pointer

from kazoo.exceptions import BadArgumentsError
from zookeeper_native import _binding as native


CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, GET_ACL, SET_ACL = 1, 2, 3, 4, 5, 6, 7
GET_CHILDREN, SYNC, GET_CHILDREN2, CHECK, MULTI, CREATE2, RECONFIG = 8, 9, 12, 13, 14, 15, 16
AUTH, CLOSE = 100, -11

#: Room for what the server appends to the path of a sequential node: ten digits, a sign, NUL.
_SEQUENCE_ROOM = 12


def encode_path(path):
    """A path as a C string. BadArgumentsError if the library would see only a part of it."""
    if "\0" in path:
        raise BadArgumentsError("path with a NUL character: %r" % path)
    return path.encode("utf-8", "surrogateescape")


def _text(value):
    """An optional string as a C string; kazoo sends empty ones as null."""
    return encode_path(value) if value else None


def _length(data):
    return -1 if data is None else len(data)


def _acls(entries):
    return native.make_acls(
        (entry.perms, _text(entry.id.scheme), _text(entry.id.id)) for entry in entries
    )


def _create(target, request, token):
    acls = _acls(request.acl)
    return target.library.zoo_acreate(
        target.pointer,
        encode_path(request.path),
        request.data,
        _length(request.data),
        acls,
        request.flags,
        target.completions.string,
        token,
    )


def _create2(target, request, token):
    acls = _acls(request.acl)
    return target.library.zoo_acreate2(
        target.pointer,
        encode_path(request.path),
        request.data,
        _length(request.data),
        acls,
        request.flags,
        target.completions.string_stat,
        token,
    )


def _delete(target, request, token):
    return target.library.zoo_adelete(
        target.pointer, encode_path(request.path), request.version, target.completions.void, token
    )


def _exists(target, request, token):
    return target.library.zoo_aexists(
        target.pointer,
        encode_path(request.path),
        1 if request.watcher else 0,
        target.completions.stat,
        token,
    )


def _get(target, request, token):
    path = request.path
    if "\0" in path:
        raise BadArgumentsError("path with a NUL character: %r" % path)
    return target.library.zoo_aget(
        target.pointer,
        path.encode("utf-8", "surrogateescape"),
        1 if request.watcher else 0,
        target.completions.data,
        token,
    )


def _set(target, request, token):
    return target.library.zoo_aset(
        target.pointer,
        encode_path(request.path),
        request.data,
        _length(request.data),
        request.version,
        target.completions.stat,
        token,
    )


def _get_acl(target, request, token):
    return target.library.zoo_aget_acl(
        target.pointer, encode_path(request.path), target.completions.acl, token
    )


def _set_acl(target, request, token):
    acls = _acls(request.acls)
    return target.set_acl(encode_path(request.path), request.version, acls, token)


def _children(target, request, token):
    return target.library.zoo_aget_children2(
        target.pointer,
        encode_path(request.path),
        1 if request.watcher else 0,
        target.completions.strings_stat,
        token,
    )


def _sync(target, request, token):
    return target.library.zoo_async(
        target.pointer, encode_path(request.path), target.completions.string, token
    )


def _reconfig(target, request, token):
    return target.library.zoo_areconfig(
        target.pointer,
        _text(request.joining),
        _text(request.leaving),
        _text(request.new_members),
        request.config_id,
        target.completions.data,
        token,
    )


def _auth(target, request, token):
    return add_auth(target, request.scheme, request.auth, token)


def add_auth(target, scheme, auth, token):
    """Submits a credential; its completion may overtake those of other requests."""
    data = auth.encode() if isinstance(auth, str) else auth
    return target.library.zoo_add_auth(
        target.pointer, _text(scheme), data, _length(data), target.completions.void, token
    )


def _multi(target, request, token):
    transaction = TransactionCall(request.operations)
    return target.multi(transaction, token)


SUBMIT = {
    CREATE: _create,
    DELETE: _delete,
    EXISTS: _exists,
    GET_DATA: _get,
    SET_DATA: _set,
    GET_ACL: _get_acl,
    SET_ACL: _set_acl,
    GET_CHILDREN: _children,
    GET_CHILDREN2: _children,
    SYNC: _sync,
    MULTI: _multi,
    CREATE2: _create2,
    RECONFIG: _reconfig,
    AUTH: _auth,
}


class TransactionCall:
    """The C arrays of a transaction. They must live until its completion has come."""

    def __init__(self, operations):
        self.types = [operation.type for operation in operations]
        self.count = len(operations)
        self.operations = (native.Op * max(self.count, 1))()
        self.results = (native.OpResult * max(self.count, 1))()
        self._keep = []
        for slot, operation in zip(self.operations, operations):
            self._fill(slot, operation)

    def _fill(self, slot, operation):
        path = encode_path(operation.path)
        kind = slot.type = operation.type
        if kind == CREATE:
            # The library writes the name of the new node here.
            name = create_string_buffer(len(path) + _SEQUENCE_ROOM)
            acls = _acls(operation.acl)
            self._keep += (name, acls)
            arm = slot.create_op
            arm.path = path
            arm.data, arm.datalen = operation.data, _length(operation.data)
            arm.buf, arm.buflen = addressof(name), len(name)
            arm.acl = pointer(acls)
            arm.flags = operation.flags
        elif kind == SET_DATA:
            stat = native.Stat()
            self._keep.append(stat)
            arm = slot.set_op
            arm.path = path
            arm.data, arm.datalen = operation.data, _length(operation.data)
            arm.version = operation.version
            arm.stat = pointer(stat)
        elif kind == DELETE:
            slot.delete_op.path, slot.delete_op.version = path, operation.version
        elif kind == CHECK:
            slot.check_op.path, slot.check_op.version = path, operation.version
        else:
            raise BadArgumentsError("a transaction cannot hold a request of type %r" % kind)

    def outcome(self):
        """``(code, value)`` per operation; valid once the completion has come."""
        return [self._result(*pair) for pair in zip(self.types, self.results)]

    def _result(self, kind, result):
        if result.err != 0:
            return result.err, None
        if kind == CREATE:
            return 0, c_char_p(result.value).value
        if kind == SET_DATA:
            return 0, native.STAT.unpack_from(result.stat[0]) if result.stat else None
        return 0, True
