"""C types of the library: records, callback types and their decoding.

Layouts are those of ``zookeeper.h`` and ``zookeeper.jute.h``. Pointers that a callback receives are declared as plain
addresses (``c_void_p``: an ``int``, or ``None`` for NULL) and are valid only until the callback returns; the functions
at the end of this file copy what they point to.
"""

from __future__ import annotations

import struct
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    Union,
    addressof,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_void_p,
    memmove,
    sizeof,
    string_at,
)


class Stat(Structure):
    """``struct Stat``: what the server knows about a node besides its data."""

    _fields_ = [
        ("czxid", c_int64),
        ("mzxid", c_int64),
        ("ctime", c_int64),
        ("mtime", c_int64),
        ("version", c_int32),
        ("cversion", c_int32),
        ("aversion", c_int32),
        ("ephemeralOwner", c_int64),
        ("dataLength", c_int32),
        ("numChildren", c_int32),
        ("pzxid", c_int64),
    ]


#: Field names of :class:`Stat`, in its order.
STAT_FIELDS = tuple(name for name, _ in Stat._fields_)
#: The fields of a :class:`Stat` as signed numbers; ``STAT.unpack_from(stat)`` or ``STAT.unpack(string_at(...))``.
STAT = struct.Struct("@qqqqiiiqiiq")
#: The same with unsigned 64-bit fields.
STAT_UNSIGNED = struct.Struct("@QQQQiiiQiiQ")


class Id(Structure):
    """``struct Id``: who an ACL entry is about."""

    _fields_ = [("scheme", c_char_p), ("id", c_char_p)]


class ACL(Structure):
    """``struct ACL``: permission bits and who has them."""

    _fields_ = [("perms", c_int32), ("id", Id)]


class ACLVector(Structure):
    """``struct ACL_vector``."""

    _fields_ = [("count", c_int32), ("data", POINTER(ACL))]


class StringVector(Structure):
    """``struct String_vector``."""

    _fields_ = [("count", c_int32), ("data", POINTER(c_char_p))]


class ClientId(Structure):
    """``clientid_t``: session id and password. The password is 16 raw bytes, not a C string."""

    _fields_ = [("client_id", c_int64), ("passwd", c_char * 16)]

    def password(self) -> bytes:
        """All 16 bytes; reading the field itself would cut them at the first NUL."""
        return string_at(addressof(self) + ClientId.passwd.offset, ClientId.passwd.size)

    def set_password(self, password: bytes) -> None:
        """Sets all 16 bytes: ``password`` cut or filled up with NULs."""
        size = ClientId.passwd.size
        memmove(addressof(self) + ClientId.passwd.offset, password[:size].ljust(size, b"\0"), size)


class CreateOp(Structure):
    """The ``create_op`` arm of ``zoo_op_t``."""

    _fields_ = [
        ("path", c_char_p),
        ("data", c_char_p),
        ("datalen", c_int),
        ("buf", c_void_p),
        ("buflen", c_int),
        ("acl", POINTER(ACLVector)),
        ("flags", c_int),
        ("ttl", c_int64),
    ]


class DeleteOp(Structure):
    """The ``delete_op`` arm of ``zoo_op_t``."""

    _fields_ = [("path", c_char_p), ("version", c_int)]


class SetOp(Structure):
    """The ``set_op`` arm of ``zoo_op_t``."""

    _fields_ = [
        ("path", c_char_p),
        ("data", c_char_p),
        ("datalen", c_int),
        ("version", c_int),
        ("stat", POINTER(Stat)),
    ]


class CheckOp(Structure):
    """The ``check_op`` arm of ``zoo_op_t``."""

    _fields_ = [("path", c_char_p), ("version", c_int)]


class _OpArms(Union):
    _fields_ = [
        ("create_op", CreateOp),
        ("delete_op", DeleteOp),
        ("set_op", SetOp),
        ("check_op", CheckOp),
    ]


class Op(Structure):
    """``zoo_op_t``: one operation of a multi request."""

    _anonymous_ = ("arms",)
    _fields_ = [("type", c_int), ("arms", _OpArms)]


class OpResult(Structure):
    """``zoo_op_result_t``: what became of one operation of a multi request."""

    _fields_ = [
        ("err", c_int),
        ("value", c_void_p),
        ("valuelen", c_int),
        ("stat", POINTER(Stat)),
    ]


#: ``watcher_fn(zh, type, state, path, context)``. The path arrives as ``bytes``.
WatcherFn = CFUNCTYPE(None, c_void_p, c_int, c_int, c_char_p, c_void_p)
#: ``log_callback_fn(message)``
LogCallback = CFUNCTYPE(None, c_char_p)
#: ``void_completion_t(rc, data)``
VoidCompletion = CFUNCTYPE(None, c_int, c_void_p)
#: ``stat_completion_t(rc, stat, data)``
StatCompletion = CFUNCTYPE(None, c_int, c_void_p, c_void_p)
#: ``data_completion_t(rc, value, value_len, stat, data)``
DataCompletion = CFUNCTYPE(None, c_int, c_void_p, c_int, c_void_p, c_void_p)
#: ``strings_completion_t(rc, strings, data)``
StringsCompletion = CFUNCTYPE(None, c_int, c_void_p, c_void_p)
#: ``strings_stat_completion_t(rc, strings, stat, data)``
StringsStatCompletion = CFUNCTYPE(None, c_int, c_void_p, c_void_p, c_void_p)
#: ``string_completion_t(rc, value, data)``. The value arrives as ``bytes`` or ``None``.
StringCompletion = CFUNCTYPE(None, c_int, c_char_p, c_void_p)
#: ``string_stat_completion_t(rc, value, stat, data)``
StringStatCompletion = CFUNCTYPE(None, c_int, c_char_p, c_void_p, c_void_p)
#: ``acl_completion_t(rc, acl, stat, data)``
AclCompletion = CFUNCTYPE(None, c_int, c_void_p, c_void_p, c_void_p)


class Config(Structure):
    """``struct zoox_config``: what ``zoox_init`` is to make. ``Config.of`` fills in the size."""

    _fields_ = [
        ("size", c_size_t),
        ("hosts", c_char_p),
        ("watcher", WatcherFn),
        ("context", c_void_p),
        ("client_id", POINTER(ClientId)),
        ("recv_timeout", c_int),
        ("flags", c_int),
        ("log_callback", LogCallback),
        ("queue", c_void_p),
        ("tls", c_void_p),
        ("sasl", c_void_p),
    ]

    @classmethod
    def of(cls, **members) -> Config:
        return cls(size=sizeof(cls), **members)


class Entry(Structure):
    """``struct zoox_entry``: the head of an entry of a completion queue."""

    _fields_ = [
        ("size", c_uint32),
        ("kind", c_uint32),
        ("zh", c_void_p),
        ("data", c_void_p),
        ("rc", c_int32),
        ("type", c_int32),
        ("state", c_int32),
        ("payload", c_uint32),
        ("length", c_int32),
        ("count", c_int32),
        ("has_stat", c_uint32),
        ("reserved", c_uint32),
        ("stat", Stat),
    ]


#: An :class:`Entry` as a tuple, its stat as the last eleven items.
ENTRY = struct.Struct("@IIPPiiiIiiII" + "qqqqiiiqiiq")
#: ``struct zoox_acl``
QUEUE_ACL = struct.Struct("@iIIIII")
#: ``struct zoox_result``, its stat as the last eleven items.
QUEUE_RESULT = struct.Struct("@iIII" + "qqqqiiiqiiq")

#: The NULL watcher; ctypes does not take ``None`` where a function pointer is declared.
NO_WATCHER = WatcherFn()


def read_stat(address) -> tuple | None:
    """The fields of the ``Stat`` at ``address`` as signed numbers, or ``None`` for NULL."""
    return None if not address else STAT.unpack(string_at(address, STAT.size))


def read_value(address, length: int) -> bytes | None:
    """A node's data. ``None`` for no data at all (NULL, or a negative length), ``b""`` for empty data."""
    return None if not address or length < 0 else string_at(address, length)


def read_strings(address) -> list[bytes]:
    """The strings of the ``String_vector`` at ``address``; none for NULL."""
    if not address:
        return []
    vector = StringVector.from_address(address)
    return vector.data[: vector.count] if vector.data else []


def read_acls(address) -> list[tuple[int, bytes, bytes]]:
    """``(perms, scheme, id)`` of each entry of the ``ACL_vector`` at ``address``; none for NULL."""
    if not address:
        return []
    vector = ACLVector.from_address(address)
    entries = vector.data[: vector.count] if vector.data else []
    return [(entry.perms, entry.id.scheme or b"", entry.id.id or b"") for entry in entries]


def make_acls(entries) -> ACLVector:
    """An ``ACL_vector`` of ``(perms, scheme, id)`` triples with ``bytes`` names; it owns its entries."""
    entries = list(entries)
    array = (ACL * len(entries))(*(ACL(perms, Id(scheme, identity)) for perms, scheme, identity in entries))
    # The vector keeps the array alive, and the array the strings.
    return ACLVector(len(entries), array)
