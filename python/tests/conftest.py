"""Fixtures: servers, connected handles, and other Python processes."""

from __future__ import annotations

import os
import subprocess
import sys
from queue import Queue

import pytest
import zookeeper
from servers import JavaServer, TestServer

#: Longest wait for anything that happens at once unless something is broken.
LIMIT_S = 30
OPEN_ACL = [{"perms": zookeeper.PERM_ALL, "scheme": "world", "id": "anyone"}]


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


class Session:
    """A connected handle with the events of its watcher."""

    def __init__(self, hosts: str, *arguments) -> None:
        self.events: Queue = Queue()
        self.handle = zookeeper.init(hosts, lambda *event: self.events.put(event), *arguments)
        self.first_event = self.events.get(timeout=LIMIT_S)


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
def node(zh, request):
    """Path of a fresh node with data "old"; it is removed with its children after the test."""
    path = zookeeper.create(zh, "/node-", "old", OPEN_ACL, zookeeper.SEQUENCE)
    yield path
    with_children = [f"{path}/{name}" for name in zookeeper.get_children(zh, path)]
    for removed in [*with_children, path]:
        zookeeper.delete(zh, removed)


class Callback:
    """A completion or watcher that keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: Queue = Queue()

    def __call__(self, *arguments) -> None:
        self.calls.put(arguments)

    def wait(self):
        return self.calls.get(timeout=LIMIT_S)


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


def python(code: str, *arguments: str, **options) -> subprocess.Popen:
    """A Python process with pipes, which crashes loudly."""
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process: subprocess.Popen, limit_s: float = 60) -> tuple[str, str]:
    """Waits for a process that has to end well; its standard output and standard error."""
    try:
        stdout, stderr = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        pytest.fail(f"did not end within {limit_s} s\n{stdout}\n{stderr}")
    assert process.returncode == 0, f"ended with {process.returncode}\n{stdout}\n{stderr}"
    return stdout, stderr
