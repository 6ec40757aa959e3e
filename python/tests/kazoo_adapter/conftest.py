"""Servers and clients for the tests of the adapter.

``ZK_TEST_SERVER`` names the binary of our server; without it the usual build folders are
searched. Tests that also run on the Java server skip that half, and say so, where it is missing.
"""

import pytest

import kazoo_native
from kazoo_servers import JavaServer, Server, java_available, wait_for

kazoo_native.install()


@pytest.fixture
def server():
    """A test server with its control port, for one test."""
    with Server() as running:
        yield running


@pytest.fixture
def second_server():
    """Another one, which knows nothing of the first."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def java_server():
    if not java_available():
        pytest.skip("Java or ZooKeeper's jars are missing: not run on the real server")
    with JavaServer() as running:
        yield running


@pytest.fixture(params=["test-server", "java"])
def any_server(request):
    """Our server and the real one."""
    return request.getfixturevalue("server" if request.param == "test-server" else "java_server")


@pytest.fixture
def connect():
    """Makes started clients; stops them after the test."""
    from kazoo.client import KazooClient

    clients = []

    def connect(server, start=True, **options):
        client = KazooClient(getattr(server, "address", server), **options)
        clients.append(client)
        if start:
            client.start(20)
        return client

    yield connect
    for client in clients:
        client.stop()
        client.close()


@pytest.fixture
def states():
    """Notes the states of a client: ``states(client)`` gives the list that grows."""

    def follow(client):
        seen = []
        client.add_listener(lambda state: seen.append(state) and None)
        return seen

    return follow


@pytest.fixture
def eventually():
    """Waits until a function returns something true, and returns that."""
    return wait_for
