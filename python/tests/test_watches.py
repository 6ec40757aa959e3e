"""Watches, on both servers."""

import gc
import weakref

import pytest
import zookeeper
from helpers import LIMIT_S, OPEN_ACL, Callback, Session
from zookeeper._watches import _watches

CHANGED, DELETED, CREATED, CHILD = (
    zookeeper.CHANGED_EVENT,
    zookeeper.DELETED_EVENT,
    zookeeper.CREATED_EVENT,
    zookeeper.CHILD_EVENT,
)
CONNECTED = zookeeper.CONNECTED_STATE


@pytest.fixture(params=["waiting", "not waiting"])
def watch(request, zh, barrier):
    """A function that leaves a watch by a call of either kind."""

    def leave(name, path, watcher):
        if request.param == "waiting":
            try:
                getattr(zookeeper, name)(zh, path, watcher)
            except zookeeper.NoNodeException:
                pass
        else:
            getattr(zookeeper, f"a{name}")(zh, path, watcher)
            barrier()

    return leave


def test_a_watch_fires_once_with_type_state_and_path(zh, node, watch, callback, barrier):
    watch("get", node, callback)
    zookeeper.set(zh, node, "new")
    assert callback.wait() == (zh, CHANGED, CONNECTED, node)
    zookeeper.set(zh, node, "newer")
    barrier()
    assert callback.calls.empty()


def test_each_kind_of_watch_sees_its_events(zh, node, watch):
    created, deleted, children = Callback(), Callback(), Callback()
    path = f"{node}/child"
    watch("exists", path, created)
    watch("get_children", node, children)
    zookeeper.create(zh, path, "", OPEN_ACL)
    assert created.wait() == (zh, CREATED, CONNECTED, path)
    assert children.wait() == (zh, CHILD, CONNECTED, node)
    watch("get", path, deleted)
    zookeeper.delete(zh, path)
    assert deleted.wait() == (zh, DELETED, CONNECTED, path)


def test_a_failed_call_leaves_no_watch(zh, node, watch, callback, barrier):
    path = f"{node}/child"
    before = len(_watches)
    watch("get", path, callback)
    watch("get_children", path, callback)
    assert len(_watches) == before
    zookeeper.create(zh, path, "", OPEN_ACL)
    barrier()
    assert callback.calls.empty()


def test_several_watchers_of_a_node_all_fire(zh, node, watch):
    callbacks = [Callback() for _ in range(5)]
    for callback in callbacks:
        watch("get", node, callback)
    zookeeper.set(zh, node, "new")
    for callback in callbacks:
        assert callback.wait() == (zh, CHANGED, CONNECTED, node)


def test_one_watcher_fires_once_per_event_however_often_it_is_registered(zh, node, watch, callback, barrier):
    for name in ("get", "exists", "get", "get_children"):
        watch(name, node, callback)
    zookeeper.set(zh, node, "new")
    assert callback.wait() == (zh, CHANGED, CONNECTED, node)
    barrier()
    assert callback.calls.empty()
    zookeeper.create(zh, f"{node}/child", "", OPEN_ACL)
    assert callback.wait() == (zh, CHILD, CONNECTED, node)


def test_a_watcher_that_registers_itself_again_sees_every_event(zh, node, watch):
    callback = Callback()

    def again(zh, *event):
        value = zookeeper.get(zh, node, again)[0]
        callback(value)

    watch("get", node, again)
    for number in range(100):
        zookeeper.set(zh, node, str(number))
        while callback.wait() != (str(number),):
            pass


def test_a_watcher_lives_until_its_event_without_any_reference(zh, node, watch, callback, barrier):
    def make():
        def watcher(*event):
            callback(*event)

        return watcher, weakref.ref(watcher)

    watcher, reference = make()
    watch("get", node, watcher)
    del watcher
    gc.collect()
    assert reference() is not None
    zookeeper.set(zh, node, "new")
    assert callback.wait() == (zh, CHANGED, CONNECTED, node)
    barrier()
    gc.collect()
    assert reference() is None


def test_an_exception_in_a_watcher_is_printed_and_swallowed(zh, node, watch, callback, capsys):
    def fail(*event):
        raise LookupError("from the watcher")

    watch("get", node, fail)
    watch("get", node, callback)
    zookeeper.set(zh, node, "new")
    callback.wait()
    assert "LookupError: from the watcher" in capsys.readouterr().err


def test_a_watch_survives_the_loss_of_the_connection(test_server, callback):
    session = Session(test_server.hosts)
    zh = session.handle
    path = zookeeper.create(zh, "/lost-", "old", OPEN_ACL, zookeeper.SEQUENCE)
    zookeeper.get(zh, path, callback)
    number = zookeeper.client_id(zh)[0]
    test_server.control(f"close session={number % 2**64}")
    session_event = zookeeper.SESSION_EVENT
    assert callback.wait() == (zh, session_event, zookeeper.CONNECTING_STATE, "")
    assert callback.wait() == (zh, session_event, CONNECTED, "")
    assert session.events.get(timeout=LIMIT_S) == (zh, session_event, zookeeper.CONNECTING_STATE, "")
    assert session.events.get(timeout=LIMIT_S) == (zh, session_event, CONNECTED, "")
    zookeeper.set(zh, path, "new")
    assert callback.wait() == (zh, CHANGED, CONNECTED, path)
    zookeeper.delete(zh, path)
    zookeeper.close(zh)


def test_expiry_reaches_every_watcher_and_forgets_the_watches(test_server, callback):
    session = Session(test_server.hosts)
    zh = session.handle
    zookeeper.get(zh, "/", callback)
    test_server.control(f"expire session={zookeeper.client_id(zh)[0] % 2**64}")
    expired = (zh, zookeeper.SESSION_EVENT, zookeeper.EXPIRED_SESSION_STATE, "")
    while callback.wait() != expired:
        pass
    while session.events.get(timeout=LIMIT_S) != expired:
        pass
    assert zookeeper.is_unrecoverable(zh) is True
    with pytest.raises(zookeeper.InvalidStateException):
        zookeeper.get(zh, "/")
    assert zookeeper.close(zh) == zookeeper.OK
    assert not _watches
