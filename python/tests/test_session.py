"""Handles from init to close, on both servers."""

import re
import threading

import pytest
import zookeeper
from helpers import LIMIT_S, OPEN_ACL, Session, finish, python

EVENT = zookeeper.SESSION_EVENT
CONNECTED = (EVENT, zookeeper.CONNECTED_STATE, "")


def test_the_first_event_says_connected(session):
    assert session.first_event == (session.handle, *CONNECTED)
    assert zookeeper.state(session.handle) == zookeeper.CONNECTED_STATE
    assert zookeeper.is_unrecoverable(session.handle) is False
    assert session.events.empty()


def test_the_watcher_may_use_its_handle_before_init_has_returned(server):
    states = []
    done = threading.Event()

    def watcher(zh, *event):
        states.append(zookeeper.state(zh))
        done.set()

    zh = zookeeper.init(server.hosts, watcher)
    assert done.wait(LIMIT_S)
    assert states == [zookeeper.CONNECTED_STATE]
    zookeeper.close(zh)


def test_the_lowest_free_number_is_used_next():
    handles = [zookeeper.init("127.0.0.1:1") for _ in range(5)]
    assert handles == sorted(handles)
    for freed in (handles[3], handles[1]):
        zookeeper.close(freed)
    assert zookeeper.init("127.0.0.1:1") == handles[1]
    assert zookeeper.init("127.0.0.1:1") == handles[3]
    for zh in handles:
        zookeeper.close(zh)


def test_the_first_handle_of_a_process_is_0():
    code = "import zookeeper; zookeeper.set_debug_level(1); print(zookeeper.init('127.0.0.1:1'))"
    assert finish(python(code))[0] == "0\n"


def test_the_session_timeout_is_the_negotiated_one(server):
    session = Session(server.hosts, 6000)
    assert zookeeper.recv_timeout(session.handle) == 6000
    zookeeper.close(session.handle)


def test_a_session_is_taken_over_with_its_id_and_password(server):
    """The password is binary; it has to survive the way through str."""
    for _ in range(20):
        first = Session(server.hosts)
        number, password = zookeeper.client_id(first.handle)
        second = Session(server.hosts, 10000, (number, password))
        assert second.first_event == (second.handle, *CONNECTED)
        assert zookeeper.client_id(second.handle) == (number, password)
        zookeeper.close(second.handle)
        zookeeper.close(first.handle)


def test_a_stale_session_expires_and_keeps_the_id_that_was_given(server):
    stale = (123456, "mypassword")
    session = Session(server.hosts, 10000, stale)
    assert session.first_event[1:3] == (EVENT, zookeeper.EXPIRED_SESSION_STATE)
    assert zookeeper.client_id(session.handle) == stale
    zookeeper.close(session.handle)


def test_a_long_password_is_cut_at_16_bytes():
    zh = zookeeper.init("127.0.0.1:1", None, 10000, (-5, "0123456789abcdefghij"))
    assert zookeeper.client_id(zh) == (-5, "0123456789abcdef")
    zookeeper.close(zh)


def test_the_watcher_of_session_events_can_be_replaced(test_server):
    session = Session(test_server.hosts)
    replacement = Session.__new__(Session)
    from queue import Queue

    replacement.events = Queue()
    assert zookeeper.set_watcher(session.handle, lambda *event: replacement.events.put(event)) is None
    test_server.control(f"close session={zookeeper.client_id(session.handle)[0] % 2**64}")
    assert replacement.events.get(timeout=LIMIT_S)[2] == zookeeper.CONNECTING_STATE
    assert replacement.events.get(timeout=LIMIT_S)[2] == zookeeper.CONNECTED_STATE
    zookeeper.set_watcher(session.handle, None)
    assert session.events.empty()
    zookeeper.close(session.handle)


def test_a_second_close_raises(session):
    assert zookeeper.close(session.handle) == zookeeper.OK
    with pytest.raises(zookeeper.ZooKeeperException, match="already freed"):
        zookeeper.close(session.handle)


def test_close_waits_for_a_callback_without_the_interpreter_lock(server):
    session = Session(server.hosts)
    entered, finished = threading.Event(), []

    def complete(*arguments):
        entered.set()
        for _ in range(1000):
            pass  # takes the interpreter lock, which close must not hold
        finished.append(True)

    zookeeper.aget(session.handle, "/", None, complete)
    assert entered.wait(LIMIT_S)
    assert zookeeper.close(session.handle) == zookeeper.OK
    assert finished == [True]


def test_a_dead_server_is_connection_loss():
    zh = zookeeper.init("127.0.0.1:1", None, 1000)
    with pytest.raises(zookeeper.ConnectionLossException) as raised:
        zookeeper.get(zh, "/")
    assert raised.value.args == ("connection loss",)
    zookeeper.close(zh)


def test_closed_sessions_take_their_ephemeral_nodes_with_them(session, server):
    other = Session(server.hosts)
    path = zookeeper.create(other.handle, "/e-", "", OPEN_ACL, zookeeper.EPHEMERAL | zookeeper.SEQUENCE)
    assert zookeeper.exists(session.handle, path) is not None
    zookeeper.close(other.handle)
    assert zookeeper.exists(session.handle, path) is None


def test_a_chroot_is_invisible(session, server, node):
    inside = Session(f"{server.hosts}{node}")
    assert zookeeper.create(inside.handle, "/child", "", OPEN_ACL) == "/child"
    assert zookeeper.get_children(session.handle, node) == ["child"]
    zookeeper.close(inside.handle)


def test_the_log_goes_to_the_given_file(tmp_path):
    path = tmp_path / "log"
    code = """if True:
        import sys, zookeeper
        zookeeper.set_debug_level(zookeeper.LOG_LEVEL_DEBUG)
        zookeeper.set_log_stream(open(sys.argv[1], "w"))
        zookeeper.deterministic_conn_order(True)
        zookeeper.close(zookeeper.init("127.0.0.1:1"))
    """
    assert finish(python(code, str(path))) == ("", "")
    assert re.search(r"ZOO_INFO@zookeeper_init", path.read_text())
