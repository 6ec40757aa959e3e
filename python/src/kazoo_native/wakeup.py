"""What stands where kazoo has sockets: the writing end that wakes the loop, and the peer."""

import socket


class RequestSocket:
    """The writing end of the socket pair to which the client writes one byte per request.

    While requests may be sent, writing hands them to the library right here, in the caller's
    thread: that spares waking the loop. Otherwise the byte goes through and wakes it.
    """

    def __init__(self, sock, submit):
        self._socket = sock
        self._submit = submit

    def send(self, data):
        """As the socket's: the client calls it after each request that it has queued."""
        if self._submit():
            return len(data)
        return self._socket.send(data)

    def __getattr__(self, name):
        return getattr(self._socket, name)


class PeerSocket:
    """The connection that the library holds, with the two methods of sockets that kazoo uses."""

    def __init__(self, handle):
        self._handle = handle

    def getpeername(self):
        """``(address, port)`` of the connected server; OSError without a connection."""
        peer = self._handle.peer()
        if peer is None:
            raise OSError("not connected to a server")
        return peer

    def shutdown(self, how=socket.SHUT_RDWR):
        """Breaks the connection; the session goes on with the next one."""
        self._handle.drop_connection()

    def close(self):
        """The handle closes the connection itself; nothing to do."""


def run_blocking(handler, function, *arguments):
    """Calls what may block for seconds, without stopping the other greenlets of the handler."""
    name = getattr(handler, "name", None)
    if name == "sequential_gevent_handler":
        import gevent

        return gevent.get_hub().threadpool.apply(function, arguments)
    if name == "sequential_eventlet_handler":
        from eventlet import tpool

        return tpool.execute(function, *arguments)
    return function(*arguments)
