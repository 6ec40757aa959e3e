"""States, losses, expiry, credentials and servers: what the adapter does around requests."""

import threading
import uuid

import pytest
from kazoo.exceptions import (
    AuthFailedError,
    ConnectionClosedError,
    ConnectionLoss,
    NoAuthError,
    NoNodeError,
    NotReadOnlyCallError,
    SessionExpiredError,
)
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.connection import _CONNECTION_DROP, _SESSION_EXPIRED
from kazoo.protocol.states import EventType, KazooState, KeeperState
from kazoo.retry import KazooRetry
from kazoo.security import make_digest_acl

SUSPENDED, CONNECTED, LOST = KazooState.SUSPENDED, KazooState.CONNECTED, KazooState.LOST


def cut_off(server):
    """Ends the connections and lets no new ones in."""
    server.control("refuse on")
    server.control("close all")


def let_in(server):
    server.control("refuse off")


def test_watchers_are_registered_after_success_and_for_missing_nodes_of_exists(server, connect):
    client = connect(server)
    with pytest.raises(NoNodeError):
        client.get("/a", watch=print)
    with pytest.raises(NoNodeError):
        client.get_children("/a", watch=print)
    assert not client._data_watchers and not client._child_watchers
    events = []
    assert client.exists("/a", watch=events.append) is None
    assert set(client._data_watchers) == {"/a"}


@pytest.mark.parametrize("lost_before", [False, True], ids=["at once", "after a reconnection"])
def test_each_kind_of_event_calls_its_watchers_once(
    any_server, connect, eventually, states, lost_before
):
    client, other = connect(any_server), connect(any_server)
    base = "/events-%s" % uuid.uuid4().hex
    seen = states(client)
    client.create(base)
    if lost_before:
        client._call(_CONNECTION_DROP, None)
        eventually(lambda: seen == [SUSPENDED, CONNECTED])
    events = []

    def note(event):
        events.append((event.type, event.path))

    client.exists(base + "/a", watch=note)
    client.get_children(base, watch=note)
    other.create(base + "/a")
    eventually(lambda: len(events) == 2)
    client.get(base + "/a", watch=note)
    client.get_children(base + "/a", watch=note)
    other.set(base + "/a", b"1")
    other.set(base + "/a", b"2")
    eventually(lambda: len(events) == 3)
    client.get(base + "/a", watch=note)
    other.delete(base + "/a")
    # One watcher in both tables hears of a deletion once for each.
    eventually(lambda: len(events) == 5)
    assert sorted(events) == sorted(
        [
            (EventType.CREATED, base + "/a"),
            (EventType.CHILD, base),
            (EventType.CHANGED, base + "/a"),
            (EventType.DELETED, base + "/a"),
            (EventType.DELETED, base + "/a"),
        ]
    )
    assert not client._data_watchers and not client._child_watchers


def test_a_loss_gives_each_watcher_a_none_event_and_forgets_it(server, connect, eventually):
    client, other = connect(server), connect(server)
    client.create("/a")
    events = []
    client.get("/a", watch=events.append)
    client._call(_CONNECTION_DROP, None)
    eventually(lambda: events)
    assert [event.type for event in events] == [EventType.NONE]
    eventually(lambda: client.connected)
    other.set("/a", b"1")
    assert client.get("/a")[0] == b"1"
    assert len(events) == 1


def test_requests_of_a_suspended_client_outlive_failed_attempts(
    server, connect, eventually, states
):
    client = connect(server, connection_retry={"max_tries": -1, "delay": 0.01, "max_delay": 0.02})
    seen = states(client)
    identity = client.client_id
    cut_off(server)
    eventually(lambda: seen == [SUSPENDED])
    result = client.create_async("/a")
    handle = client._connection._handle
    eventually(lambda: handle.failed_attempts() >= 5)
    assert not result.ready() and len(client._queue) == 1
    let_in(server)
    assert result.get(timeout=20) == "/a"
    assert seen == [SUSPENDED, CONNECTED]
    assert client.client_id == identity


def test_what_was_sent_before_a_loss_fails_and_its_late_answer_is_ignored(
    server, connect, eventually
):
    client = connect(server)
    client.create("/a")
    server.control("rule hold op=getData")
    results = [client.get_async("/a") for _ in range(10)]
    eventually(lambda: len(client._pending) == 10)
    client._call(_CONNECTION_DROP, None)
    for result in results:
        with pytest.raises(ConnectionLoss):
            result.get(timeout=20)
    server.control("clear")
    eventually(lambda: client.connected)
    assert client.get("/a")[0] == b""


def test_stop_sends_what_was_asked_for_before(any_server, connect):
    client, other = connect(any_server), connect(any_server)
    base = "/flush-%s" % uuid.uuid4().hex
    client.create(base)
    results = [client.create_async("%s/%d" % (base, n)) for n in range(300)]
    client.stop()
    assert all(result.successful() for result in results)
    assert len(other.get_children(base)) == 300


def test_a_stopped_client_refuses_requests_and_starts_again(server, connect):
    client = connect(server)
    client.stop()
    assert client.client_state == KeeperState.CLOSED
    with pytest.raises(ConnectionClosedError):
        client.get("/")
    client.start(20)
    assert client.exists("/") is not None
    client.restart()
    assert client.exists("/") is not None


def test_stop_removes_ephemeral_nodes_at_once(any_server, connect):
    client, other = connect(any_server), connect(any_server)
    path = "/ephemeral-%s" % uuid.uuid4().hex
    client.create(path, ephemeral=True)
    client.stop()
    assert other.sync(path) and other.exists(path) is None


def test_stop_ends_a_client_that_never_finds_a_server(server, connect):
    server.control("refuse on")
    client = connect(server, start=False)
    client.start_async()
    client.stop()
    assert client.client_state == KeeperState.CLOSED


def test_a_dropped_connection_keeps_the_session(any_server, connect, eventually, states):
    client = connect(any_server)
    path = "/ephemeral-%s" % uuid.uuid4().hex
    client.create(path, ephemeral=True)
    identity, seen = client.client_id, states(client)
    client._connection._socket.shutdown(2)
    eventually(lambda: seen == [SUSPENDED, CONNECTED])
    assert client.client_id == identity
    assert client.exists(path).ephemeralOwner == identity[0]


def test_a_session_expired_for_a_test_is_left_to_the_server(
    any_server, connect, eventually, states
):
    client, other = connect(any_server), connect(any_server)
    path = "/ephemeral-%s" % uuid.uuid4().hex
    client.create(path, ephemeral=True)
    identity, seen = client.client_id, states(client)
    client._call(_SESSION_EXPIRED, None)
    eventually(lambda: seen == [LOST, CONNECTED])
    assert client.client_id[0] != identity[0]
    # Nobody has closed it, so that its node lives on.
    assert other.exists(path).ephemeralOwner == identity[0]


def test_an_expired_session_fails_what_is_outstanding_and_a_new_one_follows(
    server, connect, eventually, states
):
    client = connect(server)
    identity, seen = client.client_id, states(client)
    cut_off(server)
    eventually(lambda: seen == [SUSPENDED])
    result = client.get_async("/")
    server.control("expire all")
    let_in(server)
    with pytest.raises(SessionExpiredError):
        result.get(timeout=20)
    eventually(lambda: seen == [SUSPENDED, LOST, CONNECTED])
    assert client.client_id[0] != identity[0]
    assert client.exists("/") is not None


def test_a_changed_password_is_presented_to_the_server(server, connect, eventually, states):
    client = connect(server)
    seen = states(client)
    cut_off(server)
    eventually(lambda: seen == [SUSPENDED])
    client._session_passwd = bytes(255 - byte for byte in client._session_passwd)
    let_in(server)
    eventually(lambda: seen == [SUSPENDED, LOST, CONNECTED])


def test_a_client_goes_on_with_the_session_of_another(any_server, connect, eventually, states):
    first = connect(any_server)
    path = "/ephemeral-%s" % uuid.uuid4().hex
    first.create(path, ephemeral=True)
    identity, seen = first.client_id, states(first)
    assert len(identity[1]) == 16
    first._call(_SESSION_EXPIRED, None)
    eventually(lambda: seen == [LOST, CONNECTED])
    second = connect(any_server, client_id=identity)
    assert second.client_id == identity
    second.stop()
    assert first.sync(path) and first.exists(path) is None


def test_credentials_precede_requests_on_every_connection(any_server, connect, eventually, states):
    path = "/secret-%s" % uuid.uuid4().hex
    owner = connect(any_server, auth_data=[("digest", "user:password")])
    owner.create(path, b"1", acl=[make_digest_acl("user", "password", all=True)])
    with pytest.raises(NoAuthError):
        connect(any_server).get(path)
    seen = states(owner)
    for sentinel, expected in ((_CONNECTION_DROP, SUSPENDED), (_SESSION_EXPIRED, LOST)):
        del seen[:]
        owner._call(sentinel, None)
        eventually(lambda: seen == [expected, CONNECTED])
        assert owner.get(path)[0] == b"1"
    late = connect(any_server)
    assert late.add_auth("digest", "user:password")
    assert late.get(path)[0] == b"1"
    assert ("digest", "user:password") in late.auth_data


def test_a_refused_credential_ends_the_client(any_server, connect, eventually, states):
    client = connect(any_server)
    seen = states(client)
    with pytest.raises(AuthFailedError):
        client.add_auth("no-such-scheme", "user:password")
    eventually(lambda: seen and seen[-1] == LOST)
    eventually(lambda: client.client_state in (KeeperState.AUTH_FAILED, KeeperState.CLOSED))
    with pytest.raises((AuthFailedError, ConnectionClosedError)):
        client.get("/")


def test_names_that_do_not_resolve_make_start_time_out(connect):
    client = connect("no-such-host.invalid:2181", start=False)
    with pytest.raises(KazooTimeoutError):
        client.start(1)


def test_new_hosts_are_used_while_there_is_no_connection(
    server, second_server, connect, eventually, states
):
    client = connect(server, connection_retry={"max_tries": -1, "delay": 0.01, "max_delay": 0.02})
    second = connect(second_server)
    second.create("/second")
    seen = states(client)
    client.set_hosts(second_server.hosts)
    assert client.exists("/second") is None
    cut_off(server)
    eventually(lambda: CONNECTED in seen)
    assert client.exists("/second") is not None


def test_hosts_are_tried_in_their_order_if_asked(server, second_server, connect):
    connect(second_server).create("/second")
    both = "%s,%s" % (second_server.hosts, server.hosts)
    for _ in range(6):
        client = connect(both, randomize_hosts=False)
        assert client.exists("/second") is not None


def test_hosts_are_tried_in_random_order_otherwise(server, second_server, connect):
    connect(second_server).create("/second")
    both = "%s,%s" % (second_server.hosts, server.hosts)
    found = {connect(both).exists("/second") is None for _ in range(24)}
    assert found == {True, False}


def test_ipv6_hosts_lose_their_brackets(connect):
    client = connect("[::1]:2181,127.0.0.1:2182", start=False, randomize_hosts=False)
    client._connection._hosts = list(client.hosts)
    assert client._connection._connect_string() == "::1:2181,127.0.0.1:2182"


def test_the_retry_policy_ends_a_client_that_finds_no_server(server, connect, eventually, states):
    server.control("refuse on")
    client = connect(server, start=False, connection_retry={"max_tries": 3, "delay": 0.01})
    client.start_async()
    eventually(lambda: client.client_state == KeeperState.CLOSED)
    assert client._connection._handle is None
    assert client.connected is False


def test_the_retry_policys_deadline_ends_a_suspended_client(server, connect, eventually, states):
    retry = KazooRetry(max_tries=-1, delay=0.01, max_delay=0.05, deadline=0.5)
    client = connect(server, connection_retry=retry)
    seen = states(client)
    cut_off(server)
    eventually(lambda: seen == [SUSPENDED, LOST])


def test_a_read_only_client_works_on_a_read_only_server(server, connect, eventually):
    server.control("read-only on")
    client = connect(server, read_only=True)
    assert client.client_state == KeeperState.CONNECTED_RO
    assert client.get_children("/") == ["zookeeper"]
    with pytest.raises(NotReadOnlyCallError):
        client.create("/a")
    assert client.command(b"ruok") == "imok"
    server.control("read-only off")
    eventually(lambda: client.client_state == KeeperState.CONNECTED)
    assert client.create("/a") == "/a"


def test_last_zxid_follows_the_server(server, connect, eventually):
    client = connect(server)
    stat = client.create("/a", include_data=True)[1]
    eventually(lambda: client.last_zxid >= stat.czxid)


def test_a_listener_may_make_requests(server, connect, eventually):
    client = connect(server)
    results = []

    def listener(state):
        if state == CONNECTED:
            results.append(client.get_async("/"))

    client.add_listener(listener)
    client._call(_CONNECTION_DROP, None)
    eventually(lambda: results)
    assert results[0].get(timeout=20)[1].czxid == 0


def test_requests_of_a_thread_during_losses_end_one_way_or_the_other(server, connect):
    client = connect(server, connection_retry={"max_tries": -1, "delay": 0.01, "max_delay": 0.02})
    client.create("/a")
    stop = threading.Event()
    results = []

    def ask():
        while not stop.is_set():
            results.append(client.get_async("/a"))
            results[-1].wait(20)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        server.control("close all")
        assert client.retry(client.get, "/a")[0] == b""
    stop.set()
    for thread in threads:
        thread.join()
    assert all(result.ready() for result in results)
    assert any(result.successful() for result in results)


def test_encrypted_clients_keep_kazoos_own_connection_and_say_so(
    server, connect, eventually, caplog
):
    client = connect(server, start=False, use_ssl=True)
    client.start_async()
    eventually(lambda: "this client uses kazoo's own connection" in caplog.text)
    assert client._connection._handle is None
