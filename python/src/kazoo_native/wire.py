"""Replies as the server's bytes, for request classes that bring their own ``deserialize``."""

from kazoo.protocol import serialization
from kazoo.protocol.serialization import int_struct, stat_struct, write_buffer, write_string

from . import requests


def is_foreign(request):
    """Whether the request's class is not one of kazoo's own."""
    return type(request).__module__ != serialization.__name__


def reply(request, value):
    """The body of the reply that carries ``value``, as the server has sent it."""
    kind = request.type
    if kind == requests.DELETE:
        return b""
    if kind in (requests.CREATE, requests.SYNC):
        return write_string(value)
    if kind == requests.CREATE2:
        return write_string(value[0]) + _stat(value[1])
    if kind in (requests.EXISTS, requests.SET_DATA, requests.SET_ACL):
        return _stat(value)
    if kind in (requests.GET_DATA, requests.RECONFIG):
        return write_buffer(value[0]) + _stat(value[1])
    if kind == requests.GET_CHILDREN:
        return _strings(value)
    if kind == requests.GET_CHILDREN2:
        return _strings(value[0]) + _stat(value[1])
    if kind == requests.GET_ACL:
        acls, stat = value
        entries = (
            int_struct.pack(acl.perms) + write_string(acl.id.scheme) + write_string(acl.id.id)
            for acl in acls
        )
        return int_struct.pack(len(acls)) + b"".join(entries) + _stat(stat)
    raise NotImplementedError("no reply of type %r can be deserialized again" % kind)


def _stat(stat):
    return stat_struct.pack(*stat)


def _strings(strings):
    return int_struct.pack(len(strings)) + b"".join(map(write_string, strings))
