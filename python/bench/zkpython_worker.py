"""Latency of ``zookeeper.get``: ``zkpython_worker.py HOSTS REQUESTS``. Prints microseconds."""

import sys
import threading
import time

import zookeeper

PATH = "/bench"


def main():
    hosts, requests = sys.argv[1], int(sys.argv[2])
    zookeeper.set_debug_level(zookeeper.LOG_LEVEL_ERROR)
    connected = threading.Event()
    handle = zookeeper.init(hosts, lambda *event: connected.set())
    connected.wait()
    get(handle, requests // 10)
    begin = time.perf_counter()
    get(handle, requests)
    print((time.perf_counter() - begin) / requests * 1e6)
    zookeeper.close(handle)


def get(handle, count):
    for _ in range(count):
        zookeeper.get(handle, PATH)


if __name__ == "__main__":
    main()
