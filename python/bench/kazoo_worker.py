"""Measures one kazoo client in a process of its own: ``kazoo_worker.py KIND ADDRESS REQUESTS``.

KIND is ``stock`` or ``native``. Prints one line of JSON: requests per second and processor time
of this process per request in microseconds, pipelined and one at a time.
"""

import json
import sys
import time

PATH = "/bench"
#: Requests under way at once.
WINDOW = 1000


def main():
    kind, address, requests = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if kind == "native":
        import kazoo_native

        kazoo_native.install()
    from kazoo.client import KazooClient

    client = KazooClient(address)
    client.start()
    if getattr(client._connection, "is_native", False) != (kind == "native"):
        raise SystemExit("this is not the connection that was to be measured")
    client.ensure_path(PATH)
    client.set(PATH, b"x" * 100)
    figures = {}
    for name, run, count in (
        ("pipelined", pipelined, requests),
        ("sync", one_by_one, requests // 5),
    ):
        run(client, count // 10)  # Warm.
        wall, cpu = time.perf_counter(), time.process_time()
        run(client, count)
        figures[name + " per second"] = count / (time.perf_counter() - wall)
        figures[name + " cpu"] = (time.process_time() - cpu) / count * 1e6
    client.stop()
    client.close()
    print(json.dumps(figures))


def pipelined(client, count):
    for _ in range(max(1, count // WINDOW)):
        for result in [client.get_async(PATH) for _ in range(min(WINDOW, count))]:
            result.get()


def one_by_one(client, count):
    for _ in range(count):
        client.get(PATH)


if __name__ == "__main__":
    main()
