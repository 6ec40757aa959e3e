"""Handles for libraries without completion queues, such as the original.

Completions and watchers run on the library's threads. They copy what they are given, append a
record to a deque and wake the connection's routine through a pipe; they touch no kazoo object.
Every callback object lives as long as the process, and what the library keeps of a request is a
number.
"""

import collections
import itertools
import os
import threading
from types import SimpleNamespace

from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL, Id
from zookeeper_native import _binding as native

from .handle import Handle

#: Handle and, for transactions, the C arrays of each request under way, by token.
_outstanding = {}
#: Handles by the context that their watcher gets.
_watched = {}
_contexts = itertools.count(1)
_order_lock = threading.Lock()


def _finish(token, rc, value):
    handle, transaction = _outstanding.pop(token, (None, None))
    if handle is None:
        return
    if transaction is not None:
        value = [(code, _decoded(value)) for code, value in transaction.outcome()]
    handle.put((token, rc, value))


def _text(value):
    return (value or b"").decode("utf-8", "surrogateescape")


def _decoded(value):
    if isinstance(value, bytes):
        return _text(value)
    return ZnodeStat._make(value) if isinstance(value, tuple) else value


def _stat(address):
    return ZnodeStat._make(native.read_stat(address)) if address else None


@native.WatcherFn
def _on_event(_handle, event, state, path, context):
    handle = _watched.get(context)
    if handle is not None:
        handle.put((0, event, (state, _text(path))))


@native.VoidCompletion
def _on_void(rc, token):
    _finish(token, rc, True)


@native.StatCompletion
def _on_stat(rc, stat, token):
    _finish(token, rc, _stat(stat))


@native.DataCompletion
def _on_data(rc, value, length, stat, token):
    _finish(token, rc, (native.read_value(value, length), _stat(stat)))


@native.StringCompletion
def _on_string(rc, value, token):
    _finish(token, rc, _text(value))


@native.StringStatCompletion
def _on_string_stat(rc, value, stat, token):
    _finish(token, rc, (_text(value), _stat(stat)))


@native.StringsStatCompletion
def _on_strings_stat(rc, strings, stat, token):
    _finish(token, rc, ([_text(name) for name in native.read_strings(strings)], _stat(stat)))


@native.AclCompletion
def _on_acl(rc, acls, stat, token):
    entries = [
        ACL(perms, Id(_text(scheme), _text(name))) for perms, scheme, name in native.read_acls(acls)
    ]
    _finish(token, rc, (entries, _stat(stat)))


class _Submitter:
    """The library's functions as the requests call them: each notes its token first."""

    def __init__(self, library, handle):
        self._library = library
        self._handle = handle

    def __getattr__(self, name):
        function = getattr(self._library, name)
        handle = self._handle

        def submit(*arguments):
            token = arguments[-1]
            _outstanding.setdefault(token, (handle, None))
            code = function(*arguments)
            if code != 0:
                _outstanding.pop(token, None)
            return code

        setattr(self, name, submit)
        return submit


class CallbackHandle(Handle):
    """A handle whose results come by callbacks."""

    can_abandon = False
    completions = SimpleNamespace(
        void=_on_void,
        stat=_on_stat,
        data=_on_data,
        string=_on_string,
        string_stat=_on_string_stat,
        strings_stat=_on_strings_stat,
        acl=_on_acl,
    )

    @classmethod
    def open(cls, library, hosts, timeout, identity, flags, keep_order, log):
        """A new handle, or None if the library cannot make one; see ``open_handle``."""
        handle = cls(library, log)
        # The order is a setting of the process, and read when a handle is made.
        with _order_lock:
            library.zoo_deterministic_conn_order(1 if keep_order else 0)
            handle.pointer = library.zookeeper_init2(
                hosts, _on_event, timeout, identity, handle._context, flags, handle._callback
            )
        if handle.pointer is None:
            handle._release()
            return None
        return handle

    def __init__(self, library, log):
        self._native = library
        self.library = _Submitter(library, self)
        self._callback = native.LogCallback(lambda line: log(line)) if log else native.LogCallback()
        self._records = collections.deque()
        self._signalled = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._context = next(_contexts)
        _watched[self._context] = self

    def put(self, record):
        """Takes a record from one of the library's threads."""
        self._records.append(record)
        if not self._signalled:
            self._signalled = True
            try:
                os.write(self._writer, b"\0")
            except OSError:
                pass  # Full, so the routine is woken anyway; or closed.

    def fileno(self):
        """Descriptor that is readable while there are records."""
        return self._reader

    def drain(self):
        """The records that have come."""
        try:
            os.read(self._reader, 4096)
        except BlockingIOError:
            pass
        # In this order: a record that comes in between signals again.
        self._signalled = False
        records = []
        while self._records:
            records.append(self._records.popleft())
        return records

    def client_id(self):
        identity = self._native.zoo_client_id(self.pointer).contents
        return identity.client_id, identity.password()

    def recv_timeout(self):
        return self._native.zoo_recv_timeout(self.pointer)

    def set_servers(self, hosts):
        self._native.zoo_set_servers(self.pointer, hosts.encode())

    def set_password(self, password):
        """Has the next attempt to connect present this password."""
        self._native.zoo_client_id(self.pointer).contents.set_password(password)

    def set_acl(self, path, version, acls, token):
        """Submits a set_acl and, as its completion has no stat, an exists after it."""
        follow_up = _SetAcl(self, token)
        _outstanding[token] = (follow_up, None)
        code = self._native.zoo_aset_acl(self.pointer, path, version, acls, _on_void, token)
        if code != 0:
            _outstanding.pop(token, None)
            return code
        second = follow_up.token
        _outstanding[second] = (follow_up, None)
        if self._native.zoo_aexists(self.pointer, path, 0, _on_stat, second) != 0:
            _outstanding.pop(second, None)
            follow_up.put((second, -4, None))
        return 0

    def multi(self, call, token):
        """Submits a transaction, whose arrays live until its completion."""
        _outstanding[token] = (self, call)
        code = self._native.zoo_amulti(
            self.pointer, call.count, call.operations, call.results, _on_void, token
        )
        if code != 0:
            _outstanding.pop(token, None)
        return code

    def peer(self):
        """``(address, port)`` of the server at the other end of the connection, or None."""
        server = self._native.zoo_get_current_server(self.pointer)
        if not server:
            return None
        host, _, port = server.decode().rpartition(":")
        return host.strip("[]"), int(port)

    def last_zxid(self):
        """0: this library does not tell."""
        return 0

    def failed_attempts(self):
        """None: this library does not tell."""
        return None

    def set_retry_delay(self, milliseconds):
        """Nothing: this library decides itself."""

    def drop_connection(self):
        """False: this library cannot."""
        return False

    def close(self):
        self._end(self._native.zookeeper_close)

    def _release(self):
        _watched.pop(self._context, None)
        os.close(self._writer)
        os.close(self._reader)


class _SetAcl:
    """Puts the outcomes of a set_acl and of the exists that follows it together."""

    def __init__(self, handle, token):
        self._handle = handle
        self._first = token
        self._code = 0
        #: Tokens of requests are positive; this one cannot clash.
        self.token = token + (1 << 62)

    def put(self, record):
        token, code, value = record
        if token == self._first:
            self._code = code
        else:
            self._handle.put((self._first, self._code or code, value))
