"""Operations that wait, on both servers."""

import pytest
import zookeeper
from helpers import OPEN_ACL, Session

STAT_KEYS = [
    "czxid", "mzxid", "ctime", "mtime", "version", "cversion", "aversion", "ephemeralOwner", "dataLength",
    "numChildren", "pzxid",
]  # fmt: skip


def test_create_returns_the_path(zh, node):
    assert zookeeper.create(zh, f"{node}/child", "", OPEN_ACL) == f"{node}/child"
    assert zookeeper.get_children(zh, node) == ["child"]
    path = zookeeper.create(zh, f"{node}/n-", "", OPEN_ACL, zookeeper.SEQUENCE)
    assert path == f"{node}/n-0000000001"


def test_a_created_path_is_cut_at_255_bytes(zh, node):
    path = f"{node}/{'x' * 300}"
    assert zookeeper.create(zh, path, "", OPEN_ACL) == path[:255]
    assert zookeeper.exists(zh, path) is not None


def test_failures_raise_the_exception_of_their_code(zh, node):
    missing = f"{node}/missing"
    with pytest.raises(zookeeper.NodeExistsException) as raised:
        zookeeper.create(zh, node, "", OPEN_ACL)
    assert raised.value.args == ("node exists",)
    with pytest.raises(zookeeper.NoNodeException):
        zookeeper.get(zh, missing)
    with pytest.raises(zookeeper.NoNodeException):
        zookeeper.delete(zh, missing)
    with pytest.raises(zookeeper.BadVersionException):
        zookeeper.set(zh, node, "new", 7)
    with pytest.raises(zookeeper.BadArgumentsException):
        zookeeper.create(zh, missing, "", OPEN_ACL, -1)
    with pytest.raises(zookeeper.InvalidACLException):
        zookeeper.create(zh, missing, "", [])
    zookeeper.create(zh, f"{node}/e", "", OPEN_ACL, zookeeper.EPHEMERAL)
    with pytest.raises(zookeeper.NoChildrenForEphemeralsException):
        zookeeper.create(zh, f"{node}/e/child", "", OPEN_ACL)
    with pytest.raises(zookeeper.NotEmptyException):
        zookeeper.delete(zh, node)


def test_exists_is_a_stat_dict_or_none(zh, node):
    stat = zookeeper.exists(zh, node)
    assert list(stat) == STAT_KEYS
    assert all(type(value) is int for value in stat.values())
    assert (stat["version"], stat["dataLength"], stat["ephemeralOwner"]) == (0, 3, 0)
    assert zookeeper.exists(zh, f"{node}/missing") is None


def test_the_64_bit_fields_of_a_stat_are_unsigned(zh, node):
    import ctypes

    from zookeeper._arguments import stat_at, stat_dict
    from zookeeper_native._binding import Stat

    stat = Stat(ephemeralOwner=-1, version=-1)
    for decoded in (stat_dict(stat), stat_at(ctypes.addressof(stat))):
        assert (decoded["ephemeralOwner"], decoded["version"]) == (2**64 - 1, -1)
    zookeeper.create(zh, f"{node}/e", "", OPEN_ACL, zookeeper.EPHEMERAL)
    owner = zookeeper.exists(zh, f"{node}/e")["ephemeralOwner"]
    assert owner == zookeeper.client_id(zh)[0] % 2**64


def test_set_and_set2_write_what_get_reads(zh, node):
    assert zookeeper.set(zh, node, "new") == zookeeper.OK
    assert zookeeper.get(zh, node)[0] == "new"
    stat = zookeeper.set2(zh, node, b"newer")
    assert stat == zookeeper.get(zh, node)[1]
    assert stat["version"] == 2
    assert zookeeper.set2(zh, node, "newest", 2)["version"] == 3


@pytest.mark.parametrize("data", ["", "text", "gr\u00fc\u00dfe \U0001f418", "with\0nul", "x" * (1023 * 1024)])
def test_text_comes_back_as_it_was_written(zh, node, data):
    for written in (data, data.encode(), memoryview(data.encode())):
        zookeeper.set(zh, node, written)
        assert zookeeper.get(zh, node)[0] == data


def test_data_is_cut_to_the_buffer(zh, node):
    zookeeper.set(zh, node, "0123456789")
    assert zookeeper.get(zh, node, None, 4)[0] == "0123"
    assert zookeeper.get(zh, node, None, 0)[0] == ""
    assert zookeeper.get(zh, node, None, 4)[1]["dataLength"] == 10


def test_binary_data_is_written_but_cannot_be_read_as_text(zh, node):
    zookeeper.set(zh, node, b"\xff\x00\xfe")
    with pytest.raises(UnicodeDecodeError):
        zookeeper.get(zh, node)
    assert zookeeper.exists(zh, node)["dataLength"] == 3


def test_a_node_without_data_reads_as_the_empty_text(zh, node, callback):
    from zookeeper._handles import find
    from zookeeper_native._binding import load, make_acls

    acl = make_acls([(31, b"world", b"anyone")])
    path = f"{node}/null"
    rc = load().zoo_create(find(zh).address, path.encode(), None, -1, acl, 0, None, 0)
    assert rc == zookeeper.OK
    assert zookeeper.get(zh, path)[0] == ""
    zookeeper.aget(zh, path, None, callback)
    assert callback.wait()[:3] == (zh, zookeeper.OK, None)


def test_acls_are_lists_of_dicts(zh, node):
    stat, acl = zookeeper.get_acl(zh, node)
    assert acl == OPEN_ACL
    assert stat["aversion"] == 0
    new = [{"perms": zookeeper.PERM_READ | zookeeper.PERM_ADMIN, "scheme": "world", "id": "anyone"}]
    assert zookeeper.set_acl(zh, node, 0, new) == zookeeper.OK
    stat, acl = zookeeper.get_acl(zh, node)
    assert (stat["aversion"], acl) == (1, new)
    with pytest.raises(zookeeper.NoAuthException):
        zookeeper.set(zh, node, "new")
    with pytest.raises(zookeeper.BadVersionException):
        zookeeper.set_acl(zh, node, 0, OPEN_ACL)
    with pytest.raises(zookeeper.InvalidACLException):
        zookeeper.set_acl(zh, node, -1, [])
    zookeeper.set_acl(zh, node, -1, OPEN_ACL)


def test_delete_checks_the_version(zh, node):
    path = zookeeper.create(zh, f"{node}/child", "", OPEN_ACL)
    with pytest.raises(zookeeper.BadVersionException):
        zookeeper.delete(zh, path, 3)
    assert zookeeper.delete(zh, path, 0) == zookeeper.OK
    assert zookeeper.exists(zh, path) is None


def test_a_call_lets_other_threads_run(test_server):
    import threading

    zh = Session(test_server.hosts).handle
    test_server.control("rule hold op=exists")
    done = []
    thread = threading.Thread(target=lambda: done.append(zookeeper.exists(zh, "/")))
    thread.start()
    # Reaching the next line at all takes the interpreter lock while the call waits.
    test_server.control("clear")
    thread.join(30)
    assert done and done[0]["numChildren"] >= 1
    zookeeper.close(zh)
