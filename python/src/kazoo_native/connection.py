"""kazoo's connection handler on the native library.

kazoo's client queues requests and is told of state changes; everything between that and the
servers is this class. Its routine runs where kazoo's would, in a thread or a greenlet: it waits
for the library's records and for requests, and is the only one to set results and to report
states. Requests are submitted by whoever queued them while the session is on, see
:class:`kazoo_native.wakeup.RequestSocket`.
"""

import itertools
import logging
import random
import threading
import time

from kazoo.loggingsupport import BLATHER
from kazoo.protocol.connection import (
    _CONNECTION_DROP,
    _SESSION_EXPIRED,
    STOP_CONNECTING,
    ConnectionHandler,
)
from kazoo.protocol.states import KeeperState
from kazoo.retry import ForceRetryError
from zookeeper_native import library_path

from . import errors, forks, replies, requests
from .handle import missing_features, open_handle
from .requests import CLOSE, SUBMIT
from .wakeup import PeerSocket, RequestSocket, run_blocking

__all__ = ["NativeConnectionHandler", "library_path"]

_SESSION_EVENT = -1
_STATES = {3: KeeperState.CONNECTED, 5: KeeperState.CONNECTED_RO}
_EXPIRED, _AUTH_FAILED = -112, -113

#: How often, in seconds, hosts and password are looked at while there is no connection.
_TICK = 0.1

#: Numbers of requests, never used twice in a process, so that a late completion is known.
_tokens = itertools.count(1)


class _SessionOver(Exception):
    """The session ended in the state ``args[0]``."""


class NativeConnectionHandler(ConnectionHandler):
    """Drives a handle of the native library for one client."""

    is_native = True

    def __init__(self, client, retry_sleeper, logger=None, sasl_options=None):
        super().__init__(client, retry_sleeper, logger=logger, sasl_options=sasl_options)
        self._handle = None
        #: Whether requests may be submitted: the session is on and credentials are sent.
        self._open = False
        # Held while requests move from the client's queue to the library. Only ever tried,
        # never waited for, because that would stop all greenlets.
        self._submitting = threading.Lock()
        #: Completions of requests before this one are forgotten.
        self._first_valid = 0
        #: Attempts to connect that failed before kazoo's retry policy was asked last.
        self._attempts_seen = 0
        self._next_round = 0.0
        #: The hosts and the session that the library knows of.
        self._hosts = self._session = None
        #: Whether the handle has had no connection yet.
        self._fresh = True
        self._verbose = False
        forks.watch_over(self)

    # The client's end of the wake-up.

    @property
    def _write_sock(self):
        return self._writer

    @_write_sock.setter
    def _write_sock(self, sock):
        if sock is not None and not isinstance(sock, RequestSocket):
            sock = RequestSocket(sock, self._submit_from_caller)
        self._writer = sock

    def _submit_from_caller(self):
        """Submits what is queued. False if the connection's routine has to do it."""
        if not self._open or not self._submitting.acquire(False):
            return False
        try:
            return self._open and self._submit_queued()
        finally:
            self._submitting.release()

    def _submit_queued(self):
        """Submits queued requests up to one that is not the library's. The lock is held."""
        client, handle = self.client, self._handle
        queue = client._queue
        while queue:
            try:
                entry = queue.popleft()
            except IndexError:
                break
            request, async_object = entry
            submit = SUBMIT.get(getattr(request, "type", None))
            if submit is None:
                if _is_for_routine(request):
                    queue.appendleft(entry)
                    return False
                if async_object is not None:
                    async_object.set_exception(errors.from_code(errors.UNIMPLEMENTED))
                continue
            token = next(_tokens)
            pending = client._pending
            # First of all: the completion may overtake the return from the call.
            pending.append((request, async_object, token))
            if self._verbose:
                self.logger.debug("Sending request(xid=%s): %s", token, request)
            try:
                code = submit(handle, request, token)
                error = errors.from_code(code) if code else None
            except Exception as exception:
                code, error = None, exception
            if error is None:
                continue
            replies.take_out(pending, (request, async_object, token))
            if code == errors.INVALID_STATE:
                # The session is over; the event that says so fails whatever is queued.
                queue.appendleft(entry)
                self._open = False
                return False
            if async_object is not None:
                async_object.set_exception(error)
        return True

    def _close_gate(self):
        """From its return on no request is submitted."""
        self._open = False
        while not self._submitting.acquire(False):
            self.handler.sleep_func(0)
        self._submitting.release()
        self._first_valid = next(_tokens)

    # The routine.

    def zk_loop(self):
        try:
            if self.client.use_ssl or self.sasl_options is not None:
                self.logger.warning(
                    "Encryption and SASL are not done by the native library; "
                    "this client uses kazoo's own connection."
                )
            super().zk_loop()
        finally:
            # Normally done already; but the retry policy may have given up.
            self._end(abandon=False)

    def _connect_loop(self, retry):
        client = self.client
        if client.use_ssl or self.sasl_options is not None:
            return super()._connect_loop(retry)
        if client._state != KeeperState.CONNECTING:
            client._session_callback(KeeperState.CONNECTING)
        retry.sleep_func = self._pause
        try:
            if self._handle is None:
                self._begin(retry)
            return self._run(retry)
        except _SessionOver as over:
            (state,) = over.args
            retry.reset()
            client._session_callback(state)
            if state == KeeperState.AUTH_FAILED:
                self.logger.warning("AUTH_FAILED closing")
                self._end(abandon=False)
                return STOP_CONNECTING
            self.logger.warning("Session has expired")
            # The server knows of a real expiry; a requested one leaves the session alone.
            self._end(abandon=True)
        except ForceRetryError:
            raise
        except Exception:
            self.logger.exception("Unhandled exception in connection loop")
            self._end(abandon=True)
            raise
        raise ForceRetryError("Reconnecting")

    def _begin(self, retry):
        """Opens a handle for the client's session, or for a new one."""
        client = self.client
        self._hosts = list(client.hosts)
        self._verbose = self.logger.isEnabledFor(logging.DEBUG)
        session = None
        if client._session_id:
            session = client._session_id, client._session_passwd
        self.logger.info("Connecting to %s by the native library", self._hosts)
        self._handle = run_blocking(
            self.handler,
            open_handle,
            self._connect_string(),
            client._session_timeout,
            session,
            bool(client.read_only),
            # The list is shuffled here, if at all.
            True,
            self._log,
        )
        if self._handle is None:
            raise ForceRetryError("No host resolved. Reconnecting")
        self._attempts_seen = 0
        self._next_round = time.monotonic() + self._round()
        self._fresh = True
        self._set_delay(retry)

    def _run(self, retry):
        """Serves the session until the client stops or the retry policy is to be asked."""
        client = self.client
        while True:
            # Another one after a change of the password, none after a fork.
            handle = self._handle
            if handle is None or not self._wait(handle) or handle is not self._handle:
                return STOP_CONNECTING
            for record in handle.drain():
                self._take(record, retry)
                if handle is not self._handle:
                    break
            else:
                client.last_zxid = handle.last_zxid() or client.last_zxid
            if self._serve_queue():
                return self._finish()
            if not self._open and client._state == KeeperState.CONNECTING:
                self._while_disconnected(retry)

    def _wait(self, handle):
        """Waits for records, requests or the next tick. False if there is no way to wait."""
        reader = self._read_sock
        if reader is None:
            return False
        timeout = None if self._open else _TICK
        ready = self.handler.select([handle.fileno(), reader], [], [], timeout)[0]
        if reader in ready:
            # One byte per request, and all of them are served together.
            reader.recv(65536)
        return True

    def _pause(self, seconds):
        """The retry policy's sleep, which ends early when the library has something to say."""
        if self._handle is None:
            self.handler.sleep_func(seconds)
        else:
            self.handler.select([self._handle.fileno()], [], [], seconds)

    def _serve_queue(self):
        """Submits what is queued and obeys the sentinels. True when the client is to stop."""
        client = self.client
        if client._stopped.is_set() and not self._open:
            return True
        while self._open and client._queue:
            if self._submit_from_caller():
                continue
            try:
                request = client._queue[0][0]
            except IndexError:
                break
            if request is _SESSION_EXPIRED:
                self._close_gate()
                raise _SessionOver(KeeperState.EXPIRED_SESSION)
            if request is _CONNECTION_DROP:
                self._drop_connection()
            elif getattr(request, "type", None) == CLOSE:
                # The library's close would fail what is outstanding.
                return not client._pending
            elif self._open:
                self.handler.sleep_func(0)  # Somebody else is submitting.
        return False

    def _finish(self):
        """Closes the session for good."""
        self._close_gate()
        self.logger.info("Closing connection")
        self._end(abandon=False)
        self.client._session_callback(KeeperState.CLOSED)
        return STOP_CONNECTING

    def _drop_connection(self):
        self._lost("Connection dropped: Testing")
        if not self._handle.drop_connection():
            self.logger.warning("%s cannot drop a connection and keep its session", library_path())
            self._connected(KeeperState.CONNECTED)

    def _end(self, abandon):
        """Ends the handle, if there is one: closes its session or leaves it alone."""
        if self._handle is None:
            return
        self._close_gate()
        handle, self._handle = self._handle, None
        self._socket = None
        if abandon and handle.can_abandon:
            run_blocking(self.handler, handle.abandon)
        else:
            run_blocking(self.handler, handle.close)

    # While there is no connection.

    def _while_disconnected(self, retry):
        """Follows changes of hosts and password, and asks the retry policy after each round."""
        client, handle = self.client, self._handle
        if client.hosts != self._hosts:
            self._hosts = list(client.hosts)
            run_blocking(self.handler, handle.set_servers, self._connect_string())
        if self._session_was_changed():
            if handle.can_abandon:
                self._begin_again(retry)
                return
            handle.set_password(client._session_passwd)
            self._session = client._session_id, client._session_passwd
        attempts = handle.failed_attempts()
        if attempts is None:
            failed = time.monotonic() >= self._next_round
        else:
            # A connection in between starts the count anew.
            self._attempts_seen = min(self._attempts_seen, attempts)
            failed = attempts - self._attempts_seen >= len(self._hosts)
        if failed:
            self._attempts_seen = attempts
            self._next_round = time.monotonic() + self._round()
            self._set_delay(retry)
            raise ForceRetryError("Reconnecting")

    def _session_was_changed(self):
        """Whether the program has put another session id or password into the client."""
        client = self.client
        current = client._session_id, client._session_passwd
        return not self._fresh and bool(current[0]) and current != self._session

    def _begin_again(self, retry):
        """Goes on with the session that the client has now."""
        self._end(abandon=True)
        self._begin(retry)

    def _round(self):
        """Seconds after which a library that does not count has tried every server."""
        return max(_TICK, self.client._session_timeout / 60000.0)

    def _set_delay(self, retry):
        """Has the library pause between rounds no longer than the retry policy would."""
        shortest = min(retry._cur_delay * (1 - retry.max_jitter), retry.max_delay)
        self._handle.set_retry_delay(max(1, int(shortest * 1000)))

    def _connect_string(self):
        hosts = list(self._hosts)
        if self.client.randomize_hosts:
            random.shuffle(hosts)
        # The library takes IPv6 addresses without brackets only.
        return ",".join("%s:%s" % (host.strip("[] "), port) for host, port in hosts)

    # Records.

    def _take(self, record, retry):
        token, code, value = record
        if token:
            if token >= self._first_valid:
                replies.completed(self.client, self.logger, self._verbose, token, code, value)
        elif code != _SESSION_EVENT:
            replies.watch_event(self.client, self.logger, code, value[1])
        else:
            self._session_event(value[0], retry)

    def _session_event(self, state, retry):
        # Taken from the event, because the handle's own state runs ahead of its records.
        if state in _STATES:
            if self._handle.can_abandon and self._session_was_changed():
                # It has reconnected faster than the change was noticed.
                self._begin_again(retry)
                return
            retry.reset()
            self._set_delay(retry)
            self._connected(_STATES[state])
        elif state in (_EXPIRED, _AUTH_FAILED):
            self._close_gate()
            expired = state == _EXPIRED
            raise _SessionOver(KeeperState.EXPIRED_SESSION if expired else KeeperState.AUTH_FAILED)
        else:
            self._lost("the library is reconnecting")

    def _connected(self, state):
        client, handle = self.client, self._handle
        client._session_id, client._session_passwd = self._session = handle.client_id()
        client._protocol_version = 0
        self._socket = PeerSocket(handle)
        self.logger.log(
            BLATHER, "Session %#x, timeout %s", client._session_id, handle.recv_timeout()
        )
        client._session_callback(state)
        if self._fresh:
            # Before any request; after later reconnections the library does it by itself. A
            # refusal arrives as an event.
            self._fresh = False
            for scheme, auth in list(client.auth_data):
                requests.add_auth(handle, scheme, auth, next(_tokens))
            self._first_valid = next(_tokens)
        self._open = True

    def _lost(self, reason):
        client = self.client
        self._close_gate()
        self._socket = None
        if client._state != KeeperState.CONNECTING:
            self.logger.warning("Connection dropped: %s", reason)
            client._session_callback(KeeperState.CONNECTING)

    def _log(self, line):
        """Takes the library's messages, on its threads; only called when a level was asked for."""
        self.logger.info("%s", line.decode("utf-8", "replace"))


def _is_for_routine(request):
    special = request is _SESSION_EXPIRED or request is _CONNECTION_DROP
    return special or getattr(request, "type", None) == CLOSE


def warn_of_missing_features():
    """Says what the library in use cannot do."""
    missing = missing_features()
    if missing:
        logging.getLogger(__name__).warning(
            "%s does not offer: %s", library_path(), "; ".join(missing)
        )
