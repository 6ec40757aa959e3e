"""Fixtures: servers and connected handles."""

from __future__ import annotations

import os

import pytest
import zookeeper
from helpers import OPEN_ACL, Callback, Session
from servers import JavaServer, TestServer


@pytest.fixture(scope="session", autouse=True)
def _quiet_library():
    zookeeper.set_debug_level(zookeeper.LOG_LEVEL_ERROR)


@pytest.fixture(scope="session")
def test_server():
    """Our test server; its control port makes faults."""
    server = TestServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def java_server():
    """The real server, or a skip that is an error where everything has to be there (CI=true)."""
    absence = JavaServer.absence()
    if absence is not None:
        message = f"no test ran against the real server: {absence}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    server = JavaServer()
    yield server
    server.stop()


@pytest.fixture(params=["test_server", "java_server"])
def server(request):
    """Each server in turn."""
    server = request.getfixturevalue(request.param)
    yield server
    if isinstance(server, TestServer):
        server.control("clear")


@pytest.fixture
def session(server):
    """A session that is connected, and closed after the test."""
    session = Session(server.hosts)
    yield session
    try:
        zookeeper.close(session.handle)
    except zookeeper.ZooKeeperException as error:
        assert error.args == ("zhandle already freed",)  # closed by the test itself


@pytest.fixture
def zh(session):
    return session.handle


@pytest.fixture
def node(zh):
    """Path of a fresh node with data "old"; it is removed with its children after the test."""
    path = zookeeper.create(zh, "/node-", "old", OPEN_ACL, zookeeper.SEQUENCE)
    yield path
    with_children = [f"{path}/{name}" for name in zookeeper.get_children(zh, path)]
    for removed in [*with_children, path]:
        zookeeper.delete(zh, removed)


@pytest.fixture
def callback():
    return Callback()


@pytest.fixture
def barrier(session):
    """A function that returns when all callbacks before it have run."""

    def wait() -> None:
        done = Callback()
        getattr(zookeeper, "async")(session.handle, "/", done)
        done.wait()

    return wait
