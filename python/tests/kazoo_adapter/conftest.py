"""Fixtures for the tests of the adapter: servers of their own, and clients that are stopped."""

from __future__ import annotations

import pytest
from servers import TestServer, wait_for

import kazoo_native

kazoo_native.install()


@pytest.fixture
def server():
    """A test server with its control port, for one test."""
    running = TestServer()
    yield running
    running.stop()


@pytest.fixture
def second_server():
    """Another one, which knows nothing of the first."""
    running = TestServer()
    yield running
    running.stop()


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
        client = KazooClient(getattr(server, "hosts", server), **options)
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

    def eventually(condition):
        return wait_for(condition, "what the test waits for")

    return eventually
