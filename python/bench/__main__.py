"""Compares kazoo on the native library with kazoo's own connection.

    ZK_TEST_SERVER=BINARY python python/bench [--requests N] [--rounds N] [--core N]

Server and clients share one core. Each round runs both clients, one after the other; the table
has the medians. Fails when a goal is missed.
"""

import argparse
import json
import os
import subprocess
import sys
from statistics import median

WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kazoo_worker.py")
KINDS = ("stock", "native")
#: Figure, what it is called, and the goal for native : stock.
FIGURES = (
    ("pipelined per second", "pipelined get, requests/s", ">=", 3.0),
    ("pipelined cpu", "pipelined get, client CPU us", "<=", 0.4),
    ("sync per second", "one get at a time, requests/s", ">=", 1.0),
    ("sync cpu", "one get at a time, client CPU us", None, None),
)


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--server", default=os.environ.get("ZK_TEST_SERVER"), help="the zk-test-server to use"
    )
    parser.add_argument("--requests", type=int, default=20000, help="pipelined requests a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    if not arguments.server:
        parser.error("no zk-test-server is given, by --server or ZK_TEST_SERVER")
    # The children inherit it.
    os.sched_setaffinity(0, {arguments.core})
    found = measure(arguments.server, arguments.requests, arguments.rounds)
    print("kazoo on core %d, medians of %d rounds" % (arguments.core, arguments.rounds))
    print("%-36s %10s %10s %8s   %s" % ("", "stock", "native", "ratio", "goal"))
    missed = 0
    for key, title, relation, goal in FIGURES:
        stock, native = (median(figures[key] for figures in found[kind]) for kind in KINDS)
        ratio = native / stock
        verdict = ""
        if relation is not None:
            met = ratio >= goal if relation == ">=" else ratio <= goal
            missed += not met
            verdict = "%s %.1f %s" % (relation, goal, "met" if met else "MISSED")
        print("%-36s %10.1f %10.1f %8.2f   %s" % (title, stock, native, ratio, verdict))
    return 1 if missed else 0


def measure(server, requests, rounds):
    """The figures of each round, by kind."""
    with subprocess.Popen(
        [server, "--exit-on-stdin-close"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        address = process.stdout.readline().split()[-1]
        found = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind in KINDS:
                output = subprocess.run(
                    [sys.executable, WORKER, kind, address, str(requests)],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                ).stdout
                found[kind].append(json.loads(output.splitlines()[-1]))
        process.stdin.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
