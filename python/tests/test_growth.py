"""A million calls do not make the process grow."""

import gc
import os
import threading

import zookeeper
from helpers import LIMIT_S, OPEN_ACL, Session
from zookeeper._async import _pending
from zookeeper._watches import _watches

PIPELINED = 900_000
WAITING = 60_000
WATCHED = 40_000
#: Requests in flight.
WINDOW = 1000
#: What the process may grow, in bytes. A leak of ten bytes per call would exceed it.
BOUND = 8 * 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * PAGE


def pipeline(zh, path: str, count: int) -> None:
    """``count`` reads, ``WINDOW`` at a time."""
    room = threading.Semaphore(WINDOW)
    failures = []

    def complete(zh, rc, value, stat):
        if rc != zookeeper.OK or value != "data":
            failures.append(rc)
        room.release()

    for _ in range(count):
        room.acquire()
        zookeeper.aget(zh, path, None, complete)
    for _ in range(WINDOW):
        assert room.acquire(timeout=LIMIT_S)
    assert not failures


def wait_for_answers(zh, path: str, count: int) -> None:
    for _ in range(count // 4):
        zookeeper.get(zh, path)
        zookeeper.get_children(zh, path)
        zookeeper.get_acl(zh, path)
        try:
            zookeeper.get(zh, f"{path}/missing")
        except zookeeper.NoNodeException:
            pass


def watch(zh, path: str, count: int) -> None:
    """Watches that fire, that are repeated without an event, and that are not left because the call fails."""
    fired = threading.Semaphore(0)

    def same(*event):
        pass

    for number in range(count // 5):
        zookeeper.get(zh, path, lambda *event: fired.release())
        zookeeper.exists(zh, path, same)
        zookeeper.aget(zh, f"{path}/missing", lambda *event: None)
        zookeeper.aget_children(zh, path, same)
        zookeeper.set(zh, path, "data")
        assert fired.acquire(timeout=LIMIT_S)


def test_a_million_calls_do_not_make_the_process_grow(test_server):
    zh = Session(test_server.hosts).handle
    path = zookeeper.create(zh, "/growth-", "data", OPEN_ACL, zookeeper.SEQUENCE)

    def run(share: int) -> None:
        pipeline(zh, path, PIPELINED // share)
        wait_for_answers(zh, path, WAITING // share)
        watch(zh, path, WATCHED // share)
        gc.collect()

    run(20)  # fills the caches of the interpreter and of the allocators
    before = resident()
    run(1)
    grown = resident() - before
    assert grown < BOUND, f"{grown} bytes more"
    zookeeper.delete(zh, path)
    zookeeper.close(zh)
    assert not _pending
    assert not _watches
