"""The operations that the original C library lacks, and frames that it would never send."""

import socket
import struct


def i32(n):
    return struct.pack(">i", n)


def i64(n):
    return struct.pack(">q", n)


def text(value):
    if value is None:
        return i32(-1)
    value = value if isinstance(value, bytes) else value.encode()
    return i32(len(value)) + value


def vector(items):
    return i32(len(items)) + b"".join(items)


OPEN = vector([i32(31) + text("world") + text("anyone")])
END = i32(-1) + b"\1" + i32(-1)


def op(kind, *fields):
    """One operation of a multi."""
    return i32(kind) + b"\0" + i32(-1) + b"".join(fields)


class Client:
    """A connection that writes frames as told and reads until its request is answered."""

    def __init__(self, address, session=0, password=bytes(16), read_only=b"\0", timeout=30000):
        self.socket = socket.create_connection(address, timeout=20)
        self.xid = 0
        self.send(i32(0) + i64(0) + i32(timeout) + i64(session) + text(password) + read_only)
        answer = self.read()
        if answer:
            self.session, self.password = struct.unpack(">q", answer[8:16])[0], answer[20:36]

    def send(self, body):
        self.socket.sendall(i32(len(body)) + body)

    def read(self):
        """The next frame's body; empty at the end of the connection."""
        data = b""
        need = 4
        while len(data) < need:
            try:
                piece = self.socket.recv(need - len(data))
            except ConnectionResetError:
                piece = b""
            if not piece:
                return b""
            data += piece
            if len(data) == 4:
                need = 4 + struct.unpack(">i", data)[0]
        return data[4:]

    def call(self, kind, *fields, xid=None):
        """Sends a request and returns its reply's code; events on the way are let pass."""
        if xid is None:
            self.xid += 1
            xid = self.xid
        self.send(i32(xid) + i32(kind) + b"".join(fields))
        while reply := self.read():
            if reply[:4] == i32(xid):
                return struct.unpack(">i", reply[12:16])[0]
        return None

    def close(self):
        self.call(-11)
        self.socket.close()


def newer(note, address):
    """Operations newer than the C library."""
    c = Client(address)
    note("create of a few nodes to work on")
    for path, flags in (("/r", 0), ("/r/a", 1), ("/r/b", 1), ("/r/c", 0)):
        assert c.call(1, text(path), text("data of " + path), OPEN, i32(flags)) == 0
    note("whoAmI, before and after an auth")
    assert c.call(107) == 0
    assert c.call(100, i32(0), text("digest"), text("bob:pw"), xid=-4) == 0
    assert c.call(107) == 0
    note("getEphemerals: by prefix, all, none")
    for prefix in ("/r/a", None, "/nothing"):
        assert c.call(103, text(prefix)) == 0
    note("getAllChildrenNumber")
    assert c.call(104, text("/r")) == 0
    assert c.call(104, text("/none")) == -101
    note("multiRead: each operation fails on its own")
    assert c.call(22, op(4, text("/r"), b"\0"), op(8, text("/none"), b"\1"),
                  op(8, text("/r"), b"\0"), op(4, text("/none"), b"\0"), END) == 0
    assert c.call(22, END) == 0
    note("a write among the reads")
    assert c.call(22, op(4, text("/r"), b"\0"), op(2, text("/r/c"), i32(-1)), END) == -5
    note("multi with create2, createContainer and createTTL")
    assert c.call(14, op(15, text("/r/two"), text(None), OPEN, i32(0)),
                  op(19, text("/r/container"), text(""), OPEN, i32(4)),
                  op(21, text("/r/ttl-"), text("t"), OPEN, i32(6), i64(60000)),
                  op(13, text("/r/two"), i32(0)), END) == 0
    note("multi with nothing in it; multi with a read in it")
    assert c.call(14, END) == 0
    assert c.call(14, op(13, text("/r"), i32(0)), op(3, text("/r"), b"\0"), END) == -5
    note("addWatch: persistent, recursive, no such mode")
    assert c.call(106, text("/r"), i32(0)) == 0
    assert c.call(106, text("/r/c"), i32(1)) == 0
    assert c.call(106, text("/r"), i32(9)) == -5
    note("events of the persistent watches, ahead of the reply")
    assert c.call(1, text("/r/c/new"), text("x"), OPEN, i32(0)) == 0
    assert c.call(5, text("/r/c/new"), text("y"), i32(0)) == 0
    assert c.call(2, text("/r/c/new"), i32(-1)) == 0
    assert c.call(5, text("/r"), text("y"), i32(-1)) == 0
    note("checkWatches and removeWatches of every kind, found or not")
    for kind in (17, 18):
        for which in (1, 2, 3, 4, 5, 9):
            c.call(kind, text("/r"), i32(which))
    note("setWatches and setWatches2: what changed since zxid 1 is reported, the rest is armed")
    some = vector([text("/r"), text("/none")])
    assert c.call(101, i64(1), some, some, some, xid=-8) == 0
    assert c.call(105, i64(1 << 40), some, some, vector([]), vector([text("/r/c")]),
                  vector([text("/r/a"), text("/r/b")]), xid=-8) == 0
    note("deleteContainer: from a client 3.8 refuses it, whatever the node")
    assert c.call(20, text("/r/container")) == -8
    assert c.call(20, text("/none")) == -8
    note("sasl on a server that has none")
    c.call(102, text("token"))
    note("a ping with an xid of its own is answered with xid -2")
    c.send(i32(55) + i32(11))
    c.read()
    note("null strings and vectors, in paths beyond the basic plane too")
    assert c.call(9, text("/\U0001f600")) == 0
    c.call(9, text(None))
    c.call(1, text("/r/d"), text("x"), i32(-1), i32(0))
    c.close()


def odd(note, address):
    """Frames of old and of broken clients."""
    note("a client older than 3.4: neither record has the last byte")
    old = Client(address, read_only=b"")
    old.close()
    note("a client that would take a read-only server, with a null password")
    c = Client(address, password=None, read_only=b"\1")
    note("a second connection resumes its session: the first is closed")
    second = Client(address, c.session, c.password)
    assert c.read() == b""
    note("a wrong password")
    assert Client(address, c.session, b"wrong password!!").session == 0
    note("after the close the session is gone")
    second = Client(address, second.session, c.password)
    second.close()
    assert Client(address, second.session, second.password).session == 0
    assert Client(address, second.session, second.password, read_only=b"").session == 0

    c = Client(address)
    note("BADARGUMENTS: a bad path, bad flags, a bad time to live")
    assert c.call(1, text("/a//b"), text("x"), OPEN, i32(0)) in (-8, -101)
    assert c.call(1, text("/odd/../x"), text("x"), OPEN, i32(0)) in (-8, -101)
    assert c.call(1, text("/odd"), text("x"), OPEN, i32(77)) == -8
    assert c.call(21, text("/odd"), text("x"), OPEN, i32(5), i64(-1)) == -8
    note("MARSHALLINGERROR: bodies that end early, lengths that cannot be; the connection lives on")
    note("(3.8 spends a zxid on such a write)")
    for kind in (1, 2, 5, 7):
        assert c.call(kind, text("/odd")) == -5
    assert c.call(4, text("/")) == -5
    assert c.call(4, i32(-2) + b"/odd\0") == -5
    assert c.call(4, i32(1 << 30) + b"/odd\0") == -5
    note("bytes behind the record are ignored")
    assert c.call(3, text("/"), b"\0", b"tail") == 0
    note("UNIMPLEMENTED: an unknown operation, then the server closes")
    assert c.call(999, text("/odd")) == -6
    assert c.read() == b""
    note("an auth that does not decode closes the connection")
    c = Client(address)
    assert c.call(100, i32(0), xid=-4) is None


SCENES = {"newer": newer, "odd": odd}
