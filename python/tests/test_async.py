"""Operations with completions, on both servers."""

import sys
import threading

import pytest
import zookeeper
from helpers import LIMIT_S, OPEN_ACL, Callback, Session
from zookeeper._async import _pending

ASYNC = getattr(zookeeper, "async")


def result(function, *arguments):
    """What a completion was called with after the handle."""
    callback = Callback()
    assert function(*arguments, callback) == zookeeper.OK
    zh, *rest = callback.wait()
    assert zh == arguments[0]
    return tuple(rest)


def test_each_completion_gets_its_results(zh, node):
    path = f"{node}/child"
    assert result(zookeeper.acreate, zh, path, "data", OPEN_ACL, 0) == (0, path)
    assert result(zookeeper.aexists, zh, path, None) == (0, zookeeper.exists(zh, path))
    assert result(zookeeper.aget, zh, path, None) == (0, "data", zookeeper.exists(zh, path))
    rc, stat = result(zookeeper.aset, zh, path, b"new", 0)
    assert (rc, stat) == (0, zookeeper.exists(zh, path))
    assert result(zookeeper.aget_children, zh, node, None) == (0, ["child"])
    assert result(zookeeper.aget_acl, zh, path) == (0, OPEN_ACL, stat)
    assert result(zookeeper.aset_acl, zh, path, 0, OPEN_ACL) == (0,)
    assert result(ASYNC, zh, path) == (0, path)
    assert result(zookeeper.add_auth, zh, "digest", "user:password") == (0,)
    assert result(zookeeper.adelete, zh, path, -1) == (0,)


def test_each_completion_gets_nothing_but_the_code_of_a_failure(zh, node):
    missing = f"{node}/missing"
    no_node = zookeeper.NONODE
    assert result(zookeeper.acreate, zh, node, "", OPEN_ACL, 0) == (zookeeper.NODEEXISTS, None)
    assert result(zookeeper.aexists, zh, missing, None) == (no_node, None)
    assert result(zookeeper.aget, zh, missing, None) == (no_node, None, None)
    assert result(zookeeper.aset, zh, missing, "", -1) == (no_node, None)
    assert result(zookeeper.aget_children, zh, missing, None) == (no_node, [])
    assert result(zookeeper.aget_acl, zh, missing) == (no_node, [], None)
    assert result(zookeeper.aset_acl, zh, missing, -1, OPEN_ACL) == (no_node,)
    assert result(zookeeper.adelete, zh, missing, -1) == (no_node,)


def test_completions_may_be_left_out(zh, node, barrier):
    zookeeper.acreate(zh, f"{node}/a", "", OPEN_ACL)
    zookeeper.acreate(zh, f"{node}/b", "", OPEN_ACL, 0, None)
    zookeeper.aset(zh, f"{node}/a", "new")
    for function in (zookeeper.aexists, zookeeper.aget, zookeeper.aget_children, zookeeper.aget_acl, ASYNC):
        function(zh, node)
    zookeeper.aset_acl(zh, node, -1, OPEN_ACL)
    zookeeper.add_auth(zh, "digest", "user:password", None)
    zookeeper.adelete(zh, f"{node}/b")
    barrier()
    assert zookeeper.get_children(zh, node) == ["a"]
    assert zookeeper.get(zh, f"{node}/a")[0] == "new"


def test_the_refused_submission_calls_nothing_and_keeps_nothing(zh, barrier, callback):
    with pytest.raises(zookeeper.BadArgumentsException):
        zookeeper.aget(zh, "no path", callback, callback)
    barrier()
    assert callback.calls.empty()
    assert not _pending


def test_completions_run_in_request_order(zh, node):
    numbers = []
    done = threading.Event()
    count = 2000
    for number in range(count):

        def complete(zh, rc, value, stat, number=number):
            numbers.append(number)
            if number == count - 1:
                done.set()

        zookeeper.aget(zh, node, None, complete)
    assert done.wait(LIMIT_S)
    assert numbers == list(range(count))


def test_an_exception_in_a_completion_is_printed_and_swallowed(zh, node, barrier, capsys):
    def fail(*arguments):
        raise LookupError("from the completion")

    def leave(*arguments):
        raise SystemExit(3)

    zookeeper.aget(zh, node, None, fail)
    zookeeper.aget(zh, node, None, leave)
    barrier()
    assert "LookupError: from the completion" in capsys.readouterr().err


def test_an_error_hook_that_fails_is_survived(zh, node, barrier, monkeypatch, capsys):
    def hook(*arguments):
        raise RuntimeError("from the hook")

    monkeypatch.setattr(sys, "excepthook", hook)
    zookeeper.aget(zh, node, None, lambda *arguments: 1 / 0)
    barrier()
    assert "from the hook" in capsys.readouterr().err


def test_binary_data_is_reported_instead_of_delivered(zh, node, barrier, callback, capsys):
    zookeeper.set(zh, node, b"\xff")
    zookeeper.aget(zh, node, None, callback)
    barrier()
    assert callback.calls.empty()
    assert "UnicodeDecodeError" in capsys.readouterr().err


def test_calls_that_wait_work_inside_a_completion(zh, node, callback):
    def complete(zh, *arguments):
        callback(zookeeper.get(zh, node)[0], threading.current_thread() is threading.main_thread())

    zookeeper.aexists(zh, node, None, complete)
    assert callback.wait() == ("old", False)


def test_closing_tells_every_completion_under_way(test_server):
    zh = Session(test_server.hosts).handle
    rule = test_server.control("rule drop op=getData")
    callbacks = [Callback() for _ in range(100)]
    for callback in callbacks:
        zookeeper.aget(zh, "/", None, callback)
    assert zookeeper.close(zh) == zookeeper.OK
    test_server.control(f"unrule {rule}")
    for callback in callbacks:
        assert callback.wait() == (zh, zookeeper.CLOSING, None, None)
    assert not _pending


def test_a_completion_may_close_its_handle(server, callback):
    zh = Session(server.hosts).handle
    zookeeper.aexists(zh, "/", None, lambda zh, *rest: callback(zookeeper.close(zh)))
    assert callback.wait() == (zookeeper.OK,)
    with pytest.raises(zookeeper.ZooKeeperException, match="already freed"):
        zookeeper.state(zh)


def test_auth_opens_what_its_acl_guards(zh, node):
    acl = [{"perms": zookeeper.PERM_ALL, "scheme": "auth", "id": ""}]
    assert result(zookeeper.add_auth, zh, "digest", "owner:secret") == (0,)
    path = zookeeper.create(zh, f"{node}/mine", "", acl)
    entry = zookeeper.get_acl(zh, path)[1][0]
    assert (entry["scheme"], entry["id"].split(":")[0]) == ("digest", "owner")
