"""Handles whose results and events are fetched from a completion queue."""

import socket
from ctypes import byref, c_int, create_string_buffer, pointer
from types import SimpleNamespace

from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL, Id
from zookeeper_native import _binding as native
from zookeeper_native._types import ENTRY, QUEUE_ACL, QUEUE_RESULT

from . import extensions
from .extensions import ACLS, DATA, EVENT, NO_PAYLOAD, RESULTS, STRING, STRINGS
from .handle import Handle
from .requests import CREATE, SET_DATA

#: Bytes fetched at once: some hundred small results.
_BATCH = 64 * 1024
#: Where the stat starts among an entry's fields.
_STAT = 12
#: A struct sockaddr_storage.
_ADDRESS = 128

_make_stat = ZnodeStat._make

#: A handle with a queue takes NULL for every completion.
_NO_COMPLETIONS = SimpleNamespace(
    void=native.VoidCompletion(),
    stat=native.StatCompletion(),
    data=native.DataCompletion(),
    string=native.StringCompletion(),
    string_stat=native.StringStatCompletion(),
    strings_stat=native.StringsStatCompletion(),
    acl=native.AclCompletion(),
)


class QueueHandle(Handle):
    """A handle with a queue of its own. ``library`` holds the interpreter lock in its calls."""

    can_abandon = True
    completions = _NO_COMPLETIONS

    @classmethod
    def open(cls, extra, hosts, timeout, identity, flags, keep_order, log):
        """A new handle, or None if the library cannot make one; see ``open_handle``."""
        queue = extra.quick.zoox_cq_create()
        if queue is None:
            return None
        callback = native.LogCallback(lambda line: log(line)) if log else native.LogCallback()
        config = native.Config.of(
            hosts=hosts,
            client_id=pointer(identity) if identity else None,
            recv_timeout=timeout,
            flags=flags
            | extensions.NO_SET_WATCHES
            | (extensions.KEEP_HOST_ORDER if keep_order else 0),
            log_callback=callback,
            queue=queue,
        )
        # Resolves names, so other threads may run meanwhile.
        handle = extra.blocking.zoox_init(byref(config))
        if handle is None:
            extra.quick.zoox_cq_destroy(queue)
            return None
        return cls(extra, handle, queue, callback)

    def __init__(self, extra, handle, queue, callback):
        self.library = extra.quick
        self._blocking = extra.blocking
        self.pointer = handle
        self._queue = queue
        self._callback = callback
        self._descriptor = self.library.zoox_cq_fd(queue)
        self._buffer = create_string_buffer(_BATCH)
        #: Types of the operations of each transaction under way, by token.
        self._transactions = {}

    def fileno(self):
        """Descriptor that is readable while there are records."""
        return self._descriptor

    def drain(self):
        """The records that have come, at most a buffer full."""
        buffer = self._buffer
        end = self.library.zoox_cq_next(self._queue, buffer, len(buffer), None)
        if end > len(buffer):
            # One entry larger than the buffer; the usual size will do again afterwards.
            buffer = create_string_buffer(end)
            end = self.library.zoox_cq_next(self._queue, buffer, len(buffer), None)
        records = []
        at = 0
        while at < end:
            entry = ENTRY.unpack_from(buffer, at)
            records.append(self._record(buffer, at, entry))
            at += entry[0]
        return records

    def _record(self, buffer, at, entry):
        _, kind, _, token, rc, event, state, payload, length, count, has_stat = entry[:11]
        start = at + ENTRY.size
        if kind == EVENT:
            return 0, event, (state, _text(buffer, start, length))
        if payload == RESULTS:
            types = self._transactions.pop(token, ())
            return token, rc, _results(buffer, at, count, types)
        if token in self._transactions:
            del self._transactions[token]
        if rc != 0:
            return token, rc, None
        if payload == DATA:
            data = None if length < 0 else buffer[start : start + length]
            return token, 0, (data, _make_stat(entry[_STAT:]))
        if payload == NO_PAYLOAD:
            return token, 0, _make_stat(entry[_STAT:]) if has_stat else True
        if payload == STRING:
            path = _text(buffer, start, length)
            return token, 0, (path, _make_stat(entry[_STAT:])) if has_stat else path
        if payload == STRINGS:
            # Each name has a NUL after it.
            names = _text(buffer, start, length).split("\0")[:count]
            return token, 0, (names, _make_stat(entry[_STAT:]))
        if payload == ACLS:
            return token, 0, (_acls(buffer, at, count), _make_stat(entry[_STAT:]))
        raise RuntimeError("the native library made an entry of unknown kind %d" % payload)

    def set_acl(self, path, version, acls, token):
        """Submits a set_acl whose completion has the node's stat."""
        return self.library.zoox_aset_acl(
            self.pointer, path, version, acls, self.completions.stat, token
        )

    def multi(self, call, token):
        """Submits a transaction."""
        self._transactions[token] = call.types
        code = self.library.zoo_amulti(
            self.pointer, call.count, call.operations, None, self.completions.void, token
        )
        if code != 0:
            del self._transactions[token]
        return code

    def peer(self):
        """``(address, port)`` of the server at the other end of the connection, or None."""
        address, length = create_string_buffer(_ADDRESS), c_int(_ADDRESS)
        if self.library.zoox_get_peer(self.pointer, address, byref(length)) != 0:
            return None
        family = int.from_bytes(address[:2], "little")
        port = int.from_bytes(address[2:4], "big")
        if family == socket.AF_INET6:
            return socket.inet_ntop(family, address[8:24]), port
        return socket.inet_ntop(socket.AF_INET, address[4:8]), port

    def last_zxid(self):
        """Id of the last transaction that the server has told of; 0 before the first."""
        return self.library.zoox_last_zxid(self.pointer)

    def failed_attempts(self):
        """Attempts to connect that have failed since there was a connection last."""
        return self.library.zoox_connect_attempts(self.pointer)

    def set_retry_delay(self, milliseconds):
        """How long the library pauses after each server has failed once."""
        self.library.zoox_set_retry_delay(self.pointer, milliseconds)

    def drop_connection(self):
        """Breaks the TCP connection and keeps the session. False if that is impossible."""
        self.library.zoox_drop_connection(self.pointer)
        return True

    def set_servers(self, hosts):
        self._blocking.zoo_set_servers(self.pointer, hosts.encode())

    def close(self):
        self._end(self._blocking.zookeeper_close)

    def abandon(self):
        """Ends the handle and leaves the session to its timeout."""
        self._end(self._blocking.zoox_abandon)

    def _release(self):
        queue, self._queue = self._queue, None
        self._descriptor = -1
        self.library.zoox_cq_destroy(queue)


def _text(buffer, at, length):
    return buffer[at : at + length].decode("utf-8", "surrogateescape")


def _acls(buffer, base, count):
    acls = []
    at = base + ENTRY.size
    for _ in range(count):
        perms, scheme, scheme_length, name, name_length, _ = QUEUE_ACL.unpack_from(buffer, at)
        identity = Id(
            _text(buffer, base + scheme, scheme_length), _text(buffer, base + name, name_length)
        )
        acls.append(ACL(perms, identity))
        at += QUEUE_ACL.size
    return acls


def _results(buffer, base, count, types):
    results = []
    at = base + ENTRY.size
    for index in range(count):
        fields = QUEUE_RESULT.unpack_from(buffer, at)
        code, has_stat, path, length = fields[:4]
        kind = types[index] if index < len(types) else None
        value = True
        if kind == CREATE and path:
            value = _text(buffer, base + path, length)
        elif kind == SET_DATA and has_stat:
            value = _make_stat(fields[4:])
        results.append((code, value))
        at += QUEUE_RESULT.size
    return results
