"""Every operation gives what it gives on kazoo's own connection."""

import uuid

import pytest
from kazoo import exceptions
from kazoo.client import KazooClient
from kazoo.exceptions import (
    BadArgumentsError,
    BadVersionError,
    NoNodeError,
    NodeExistsError,
    RolledBackError,
    RuntimeInconsistency,
)
from kazoo.protocol.states import ZnodeStat
from kazoo.security import make_digest_acl

import kazoo_native
from kazoo_native import errors, wire


@pytest.fixture
def stock(any_server):
    """A client on kazoo's own connection to the same server."""
    kazoo_native.uninstall()
    client = KazooClient(any_server.hosts)
    kazoo_native.install()
    client.start(20)
    yield client
    client.stop()
    client.close()


@pytest.fixture
def native(any_server, connect):
    client = connect(any_server)
    assert client._connection.is_native
    return client


def plain(value):
    """A value without what differs from run to run: transactions, times and owners."""
    if isinstance(value, ZnodeStat):
        fields = value._asdict()
        for name in ("czxid", "mzxid", "pzxid", "ctime", "mtime", "ephemeralOwner"):
            fields[name] = bool(fields[name])
        return fields
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    return repr(value) if isinstance(value, Exception) else value


def transaction(client, base):
    request = client.transaction()
    request.create(base + "/t", b"1")
    request.create(base + "/s-", b"", sequence=True)
    request.set_data(base + "/t", b"2", version=0)
    request.check(base + "/t", 1)
    request.delete(base + "/t")
    return request.commit()


def failing_transaction(client, base):
    request = client.transaction()
    request.create(base + "/t", b"1")
    request.delete(base + "/missing")
    request.check(base, -1)
    return request.commit()


OPERATIONS = [
    ("create", lambda c, p: c.create(p + "/a", b"data")),
    ("create without data", lambda c, p: (c.create(p + "/a", None), c.get(p + "/a"))),
    ("create with empty data", lambda c, p: (c.create(p + "/a", b""), c.get(p + "/a"))),
    ("binary data", lambda c, p: (c.create(p + "/a", bytes(range(256))), c.get(p + "/a"))),
    ("sequence", lambda c, p: [c.create(p + "/a-", sequence=True) for _ in range(3)]),
    ("ephemeral", lambda c, p: (c.create(p + "/e", ephemeral=True), c.exists(p + "/e"))),
    ("include_data", lambda c, p: c.create(p + "/a", b"1", include_data=True)),
    ("ensure_path", lambda c, p: c.ensure_path(p + "/x/y/z")),
    ("makepath", lambda c, p: c.create(p + "/x/y/z", makepath=True)),
    ("exists", lambda c, p: (c.exists(p), c.exists(p + "/no"))),
    ("get", lambda c, p: c.get(p)),
    ("get of a missing node", lambda c, p: c.get(p + "/no")),
    ("set", lambda c, p: (c.set(p, b"1"), c.set(p, None), c.get(p))),
    ("set of another version", lambda c, p: c.set(p, b"", version=7)),
    ("delete", lambda c, p: (c.create(p + "/a"), c.delete(p + "/a"))),
    (
        "delete of a full node",
        lambda c, p: (c.create(p + "/a/b", makepath=True), c.delete(p + "/a")),
    ),
    (
        "recursive delete",
        lambda c, p: (c.ensure_path(p + "/a/b"), c.delete(p + "/a", recursive=True)),
    ),
    ("children", lambda c, p: (c.create(p + "/é"), c.get_children(p))),
    ("children with stat", lambda c, p: c.get_children(p, include_data=True)),
    ("get_acls", lambda c, p: c.get_acls(p)),
    (
        "set_acls",
        lambda c, p: (c.set_acls(p, [make_digest_acl("u", "p", all=True)]), c.get_acls(p)),
    ),
    ("an empty ACL", lambda c, p: c.set_acls(p, [])),
    ("sync", lambda c, p: c.sync(p)),
    ("transaction", transaction),
    ("failing transaction", failing_transaction),
    ("a bad path", lambda c, p: c.create(p + "/\x01")),
    ("add_auth", lambda c, p: c.add_auth("digest", "user:password")),
    ("server_version", lambda c, p: c.server_version()),
    ("command", lambda c, p: c.command(b"ruok")),
]


@pytest.mark.parametrize("name, operation", OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_gives_the_same_as_on_kazoos_connection(name, operation, native, stock):
    outcomes = []
    for client in (native, stock):
        base = "/kazoo-%s" % uuid.uuid4().hex
        client.create(base, b"base")
        try:
            outcome = plain(operation(client, base))
        except exceptions.KazooException as error:
            outcome = type(error)
        outcomes.append(repr(outcome).replace(base, "BASE"))
    assert outcomes[0] == outcomes[1]


def test_paths_are_under_the_chroot(any_server, connect):
    root = "/root-%s" % uuid.uuid4().hex
    connect(any_server).ensure_path(root)
    client = connect(any_server.hosts + root)
    assert client.create("/a", b"1") == "/a"
    events = []
    client.get("/a", watch=events.append)
    commit = client.transaction()
    commit.create("/b")
    assert commit.commit() == ["/b"]
    assert sorted(client.get_children("/")) == ["a", "b"]


def test_a_failed_transaction_tells_what_became_of_each_operation(server, connect):
    client = connect(server)
    request = client.transaction()
    request.create("/a")
    request.create("/a")
    request.delete("/a")
    kinds = [type(result) for result in request.commit()]
    assert kinds == [RolledBackError, NodeExistsError, RuntimeInconsistency]
    assert client.exists("/a") is None


def test_a_path_with_nul_is_refused_before_it_is_cut(server, connect):
    client = connect(server)
    for call in (client.create, client.get, client.delete, client.exists, client.sync):
        with pytest.raises(BadArgumentsError):
            call("/a\0b")
    request = client.transaction()
    request.create("/a\0b")
    with pytest.raises(BadArgumentsError):
        request.commit()
    assert client.get_children("/") == ["zookeeper"]


def test_a_megabyte_of_data_comes_back(server, connect):
    client = connect(server)
    data = bytes(range(256)) * 4000
    client.create("/big", data)
    results = [client.get_async("/big") for _ in range(4)]
    assert all(result.get()[0] == data for result in results)


def test_results_of_many_threads_find_their_way(server, connect):
    client = connect(server)
    import threading

    wrong = []

    def work(name):
        client.create("/" + name, name.encode())
        for _ in range(200):
            if client.get("/" + name)[0] != name.encode():
                wrong.append(name)

    threads = [threading.Thread(target=work, args=("n%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(client.get_children("/")) == 9


def test_a_request_class_of_its_own_deserializes_itself(server, connect):
    from kazoo.protocol.serialization import GetData

    class Upper(GetData):
        @classmethod
        def deserialize(cls, data, offset):
            value, stat = GetData.deserialize(data, offset)
            return value.upper(), stat.version

    client = connect(server)
    client.create("/a", b"text")
    result = client.handler.async_result()
    client._call(Upper("/a", None), result)
    assert result.get() == (b"TEXT", 0)


def test_a_request_of_an_unknown_type_fails_alone(server, connect):
    class Unknown:
        type = 4711

    client = connect(server)
    result = client.handler.async_result()
    client._call(Unknown(), result)
    with pytest.raises(exceptions.UnimplementedError):
        result.get()
    assert client.exists("/") is not None


@pytest.mark.parametrize("code", range(-130, 0))
def test_every_code_is_an_exception_of_kazoo(code):
    error = errors.from_code(code)
    assert isinstance(error, exceptions.KazooException)
    if code in (-4, -7, -9, -15, -116, -117):
        assert isinstance(error, exceptions.ConnectionLoss)
    elif code in exceptions.EXCEPTIONS:
        assert type(error) is exceptions.EXCEPTIONS[code]


def test_errors_keep_their_classes(server, connect):
    client = connect(server)
    client.create("/a")
    with pytest.raises(NoNodeError):
        client.get("/b")
    with pytest.raises(BadVersionError):
        client.delete("/a", version=5)
    assert not wire.is_foreign(type("Q", (), {"__module__": "kazoo.protocol.serialization"})())
