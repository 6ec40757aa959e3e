"""What bad arguments and bad handles raise. Nothing of this reaches a server."""

import io

import pytest
import zookeeper
from helpers import OPEN_ACL

ASYNC = getattr(zookeeper, "async")

# Each function that takes a handle, with valid arguments after it.
AFTER_HANDLE = {
    "close": (), "client_id": (), "state": (), "recv_timeout": (), "is_unrecoverable": (),
    "set_watcher": (None,),
    "create": ("/a", "", OPEN_ACL), "delete": ("/a",), "exists": ("/a",), "get": ("/a",), "set": ("/a", ""),
    "set2": ("/a", ""), "get_children": ("/a",), "get_acl": ("/a",), "set_acl": ("/a", -1, OPEN_ACL),
    "acreate": ("/a", "", OPEN_ACL), "adelete": ("/a",), "aexists": ("/a",), "aget": ("/a",),
    "aset": ("/a", ""), "aget_children": ("/a",), "async": ("/a",), "aget_acl": ("/a",),
    "aset_acl": ("/a", -1, OPEN_ACL), "add_auth": ("digest", "a:b", None),
}  # fmt: skip
WITH_PATH = [name for name, arguments in AFTER_HANDLE.items() if arguments[:1] == ("/a",)]
WITH_DATA = ["create", "set", "set2", "acreate", "aset"]
WITH_ACL = {"create": 2, "acreate": 2, "set_acl": 2, "aset_acl": 2}
WITH_CALLBACK = {
    "exists": 1, "get": 1, "get_children": 1, "aexists": 1, "aget": 1, "aget_children": 1,
    "async": 1, "aget_acl": 1, "add_auth": 2, "set_watcher": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def zh():
    """A handle that never connects."""
    zh = zookeeper.init("127.0.0.1:1")
    yield zh
    zookeeper.close(zh)


def call(name, zh, *arguments):
    return getattr(zookeeper, name)(zh, *arguments)


def changed(name, position, value):
    arguments = list(AFTER_HANDLE[name])
    arguments[position:] = [value, *arguments[position + 1 :]]
    return arguments


@pytest.mark.parametrize("name", AFTER_HANDLE)
def test_a_handle_that_never_was_is_out_of_range(name):
    for number in (-1, 16383, 2**31 - 1):
        with pytest.raises(zookeeper.ZooKeeperException) as raised:
            call(name, number, *AFTER_HANDLE[name])
        assert type(raised.value) is zookeeper.ZooKeeperException
        assert raised.value.args == ("zhandle out of range",)


@pytest.mark.parametrize("name", AFTER_HANDLE)
def test_a_closed_handle_is_already_freed(name):
    closed = zookeeper.init("127.0.0.1:1")
    assert zookeeper.close(closed) == zookeeper.OK
    with pytest.raises(zookeeper.ZooKeeperException) as raised:
        call(name, closed, *AFTER_HANDLE[name])
    assert raised.value.args == ("zhandle already freed",)


@pytest.mark.parametrize("name", AFTER_HANDLE)
def test_a_handle_that_is_no_int_is_a_type_error(name):
    for number in (None, "0", 0.0):
        with pytest.raises(TypeError):
            call(name, number, *AFTER_HANDLE[name])
    with pytest.raises(OverflowError):
        call(name, 2**31, *AFTER_HANDLE[name])


@pytest.mark.parametrize("name", WITH_PATH)
def test_a_path_is_a_str_without_nul(name, zh):
    for path in (b"/a", None, 1):
        with pytest.raises(TypeError):
            call(name, zh, *changed(name, 0, path))
    with pytest.raises(ValueError, match="null"):
        call(name, zh, *changed(name, 0, "/a\0b"))
    with pytest.raises(UnicodeEncodeError):
        call(name, zh, *changed(name, 0, "/\udc80"))


@pytest.mark.parametrize("name", WITH_DATA)
def test_data_is_a_str_or_read_only_bytes(name, zh):
    for data in (None, 1, bytearray(b"x"), ["x"]):
        with pytest.raises(TypeError):
            call(name, zh, *changed(name, 1, data))


@pytest.mark.parametrize("name", WITH_ACL)
def test_an_acl_is_a_list_of_dicts_with_three_keys(name, zh):
    position = WITH_ACL[name]
    entry = OPEN_ACL[0]
    not_lists = [None, tuple(OPEN_ACL), entry, "acl"]
    bad_entries = [[None], [{}], [{**entry, "id": 1}], [{**entry, "perms": "r"}], [{**entry, "scheme": "a\0b"}]]
    bad_entries += [[{key: value for key, value in entry.items() if key != left_out}] for left_out in entry]
    for acl in not_lists + bad_entries:
        with pytest.raises(zookeeper.InvalidACLException) as raised:
            call(name, zh, *changed(name, position, acl))
        of_set = "set_acl" in name and acl in not_lists
        assert raised.value.args == ("List of ACLs required in parse_acls" if of_set else "invalid acl",)


@pytest.mark.parametrize("name", WITH_CALLBACK)
def test_a_callback_is_callable_or_none(name, zh):
    with pytest.raises(TypeError):
        call(name, zh, *changed(name, WITH_CALLBACK[name], "no function"))


def test_numbers_have_to_fit_c(zh):
    for name in ("delete", "adelete"):
        with pytest.raises(OverflowError):
            call(name, zh, "/a", 2**31)
        with pytest.raises(TypeError):
            call(name, zh, "/a", "1")
    with pytest.raises(OverflowError):
        zookeeper.get(zh, "/a", None, 2**40)
    with pytest.raises(ValueError):
        zookeeper.get(zh, "/a", None, -1)


def test_init_refuses_what_it_cannot_use():
    for hosts in (None, b"127.0.0.1:1", 1):
        with pytest.raises(TypeError):
            zookeeper.init(hosts)
    for client_id in (1, (1,), (1, "a", "b"), [1, "a"], ("1", "a"), (1, b"a"), (1.0, "a")):
        with pytest.raises(TypeError):
            zookeeper.init("127.0.0.1:1", None, 10000, client_id)
    with pytest.raises(OverflowError):
        zookeeper.init("127.0.0.1:1", None, 10000, (2**63, "a"))
    with pytest.raises(TypeError):
        zookeeper.init("127.0.0.1:1", "no function")


@pytest.mark.parametrize("hosts", ["", "127.0.0.1", "127.0.0.1:port"])
def test_init_raises_for_hosts_that_c_refuses_and_keeps_no_number(hosts):
    before = zookeeper.init("127.0.0.1:1")
    zookeeper.close(before)
    with pytest.raises(zookeeper.ZooKeeperException):
        zookeeper.init(hosts)
    after = zookeeper.init("127.0.0.1:1")
    zookeeper.close(after)
    assert after == before


def test_a_path_that_c_refuses_is_bad_arguments(zh):
    for path in ("", "a", "/a/"):
        with pytest.raises(zookeeper.BadArgumentsException) as raised:
            zookeeper.delete(zh, path)
        assert raised.value.args == ("bad arguments",)
        with pytest.raises(zookeeper.BadArgumentsException):
            zookeeper.adelete(zh, path)


def test_the_log_goes_only_to_files_with_a_descriptor(tmp_path):
    for stream in (None, "file", io.StringIO(), io.BytesIO()):
        with pytest.raises(ValueError):
            zookeeper.set_log_stream(stream)
    readable = tmp_path / "readable"
    readable.touch()
    with open(readable) as stream, pytest.raises(ValueError):
        zookeeper.set_log_stream(stream)
