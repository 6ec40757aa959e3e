"""A decoder of the client protocol, written from the protocol's description alone.

It owes nothing to the Rust codec, so the text it prints under each recorded frame is a second
opinion that the Rust tests must reach too.
"""

import struct

STAT = [
    ("czxid", "long"), ("mzxid", "long"), ("ctime", "long"), ("mtime", "long"),
    ("version", "int"), ("cversion", "int"), ("aversion", "int"), ("ephemeral_owner", "long"),
    ("data_length", "int"), ("num_children", "int"), ("pzxid", "long"),
]
ID = [("scheme", "bytes"), ("id", "bytes")]
ACL = [("perms", "int"), ("id", ID)]
CLIENT_INFO = [("scheme", "bytes"), ("user", "bytes")]
PATH = [("path", "bytes")]
WATCHED = PATH + [("watch", "bool")]
VERSIONED = PATH + [("version", "int")]
CREATE = PATH + [("data", "bytes"), ("acl", (ACL,)), ("flags", "int")]
PATHS = ("bytes",)
SET_WATCHES = [("relative_zxid", "long"), ("data", PATHS), ("exist", PATHS), ("child", PATHS)]
JUST_STAT = [("stat", STAT)]
PATH_AND_STAT = PATH + JUST_STAT
DATA_AND_STAT = [("data", "bytes")] + JUST_STAT

CONNECT_REQUEST = [
    ("protocol_version", "int"), ("last_zxid_seen", "long"), ("timeout", "int"),
    ("session_id", "long"), ("password", "bytes"), ("read_only", "optional bool"),
]
CONNECT_RESPONSE = [
    ("protocol_version", "int"), ("timeout", "int"), ("session_id", "long"),
    ("password", "bytes"), ("read_only", "optional bool"),
]
EVENT = [("kind", "int"), ("state", "int"), ("path", "bytes")]

# number: (name, request record, reply record); None is an empty body.
OPS = {
    1: ("create", CREATE, PATH),
    2: ("delete", VERSIONED, None),
    3: ("exists", WATCHED, JUST_STAT),
    4: ("getData", WATCHED, DATA_AND_STAT),
    5: ("setData", PATH + [("data", "bytes"), ("version", "int")], JUST_STAT),
    6: ("getACL", PATH, [("acl", (ACL,))] + JUST_STAT),
    7: ("setACL", PATH + [("acl", (ACL,)), ("version", "int")], JUST_STAT),
    8: ("getChildren", WATCHED, [("children", PATHS)]),
    9: ("sync", PATH, PATH),
    11: ("ping", None, None),
    12: ("getChildren2", WATCHED, [("children", PATHS)] + JUST_STAT),
    13: ("check", VERSIONED, None),
    14: ("multi", "multi", "multi"),
    15: ("create2", CREATE, PATH_AND_STAT),
    16: ("reconfig", [("joining", "bytes"), ("leaving", "bytes"), ("members", "bytes"),
                      ("config_id", "long")], DATA_AND_STAT),
    17: ("checkWatches", PATH + [("kind", "int")], None),
    18: ("removeWatches", PATH + [("kind", "int")], None),
    19: ("createContainer", CREATE, PATH_AND_STAT),
    20: ("deleteContainer", PATH, None),
    21: ("createTTL", CREATE + [("ttl", "long")], PATH_AND_STAT),
    22: ("multiRead", "multiRead", "multiRead"),
    100: ("auth", [("kind", "int"), ("scheme", "bytes"), ("auth", "bytes")], None),
    101: ("setWatches", SET_WATCHES, None),
    102: ("sasl", [("token", "bytes")], [("token", "bytes")]),
    103: ("getEphemerals", [("prefix", "bytes")], [("paths", PATHS)]),
    104: ("getAllChildrenNumber", PATH, [("total", "int")]),
    105: ("setWatches2", SET_WATCHES + [("persistent", PATHS), ("persistent_recursive", PATHS)],
          None),
    106: ("addWatch", PATH + [("mode", "int")], [("err", "int")]),
    107: ("whoAmI", None, [("infos", (CLIENT_INFO,))]),
    -11: ("closeSession", None, None),
}

# What may stand inside.
MULTI = {"multi": (1, 2, 5, 13, 15, 19, 21), "multiRead": (4, 8)}


class Malformed(Exception):
    """The bytes are not the record."""


class Reader:
    def __init__(self, data):
        self.data = data
        self.pos = 0

    def take(self, n):
        if n < 0 or self.pos + n > len(self.data):
            raise Malformed
        self.pos += n
        return self.data[self.pos - n:self.pos]

    def int(self):
        return struct.unpack(">i", self.take(4))[0]

    def long(self):
        return struct.unpack(">q", self.take(8))[0]

    def done(self):
        return self.pos == len(self.data)

    def show(self, kind):
        """Reads a value and returns it as text."""
        if kind is None:
            return ""
        if kind == "int":
            return str(self.int())
        if kind == "long":
            return str(self.long())
        if kind == "optional bool" and self.done():
            return "absent"
        if kind in ("bool", "optional bool"):
            return "true" if self.take(1) != b"\0" else "false"
        if kind == "bytes":
            n = self.int()
            return "null" if n == -1 else quote(self.take(n))
        if isinstance(kind, str) and kind in MULTI:
            return self.show_multi(MULTI[kind])
        if isinstance(kind, tuple):
            n = self.int()
            if n == -1:
                return "null"
            return "[" + ", ".join(self.show(kind[0]) for _ in range(n)) + "]"
        return "{" + ", ".join(f"{name}={self.show(field)}" for name, field in kind) + "}"

    def show_multi(self, allowed):
        parts = []
        while True:
            op, done, err = self.int(), self.take(1) != b"\0", self.int()
            if done:
                return " ".join(parts + ["end"])
            if op == -1:
                if err != self.int():
                    raise Malformed
                parts.append(f"error {err}")
                continue
            if op not in allowed:
                raise Malformed
            name, request, reply = OPS[op]
            record = request if self.direction == ">" else reply
            if err != (-1 if self.direction == ">" else 0):
                raise Malformed
            parts.append(f"{name} {self.show(record)}".strip())


def quote(data):
    chars = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\' else f"\\x{b:02x}" for b in data)
    return '"' + "".join(chars) + '"'


def whole(direction, body, *kinds):
    """Shows the records that fill `body`; raises Malformed if they do not."""
    text, rest = shown(direction, body, *kinds)
    if rest:
        raise Malformed
    return text


def shown(direction, body, *kinds):
    """Shows the records at the front of `body`; returns the text and the bytes behind them."""
    reader = Reader(body)
    reader.direction = direction
    text = " ".join(filter(None, (reader.show(kind) for kind in kinds)))
    return text, body[reader.pos:]


REQUEST_HEADER = [("xid", "int"), ("op", "int")]
REPLY_HEADER = [("xid", "int"), ("zxid", "long"), ("err", "int")]


def request(body):
    """Name, text and xid of a request frame's body.

    The name is preceded by `malformed:` if the body is not the record, and by `padded:` if it
    goes on behind it.
    """
    xid, op = struct.unpack(">ii", body[:8])
    if op not in OPS:
        return "unknown", whole(">", body[:8], REQUEST_HEADER), xid
    name, record, _ = OPS[op]
    try:
        text, rest = shown(">", body, REQUEST_HEADER, record)
        return f"padded:{name}" if rest else name, text, xid
    except Malformed:
        return f"malformed:{name}", whole(">", body[:8], REQUEST_HEADER), xid


def reply(body, name):
    """Text of a reply frame's body to a request of this name, or of an event."""
    err = struct.unpack(">i", body[12:16])[0]
    if name == "event":
        return whole("<", body, REPLY_HEADER, EVENT)
    record = None
    if err == 0:
        record = next(reply for known, _, reply in OPS.values() if known == name)
    return whole("<", body, REPLY_HEADER, record)
