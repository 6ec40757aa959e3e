"""Compares kazoo on the native library with kazoo's own connection, and zkpython with C.

    ZK_TEST_SERVER=BINARY python python/bench [--requests N] [--rounds N] [--core N]

Server and clients share one core. Each round runs both clients, one after the other; the table
has the medians. Fails when a goal is missed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from statistics import median

from zookeeper_native import library_path

HERE = os.path.dirname(os.path.abspath(__file__))
SONAME = "libzookeeper_mt.so.2"
KINDS = ("stock", "native")
#: Figure, what it is called, and the goal for native : stock.
FIGURES = (
    ("pipelined per second", "pipelined get, requests/s", ">=", 3.0),
    ("pipelined cpu", "pipelined get, client CPU us", "<=", 0.4),
    ("sync per second", "one get at a time, requests/s", ">=", 1.0),
    ("sync cpu", "one get at a time, client CPU us", None, None),
)
#: How much slower than the C call ``zookeeper.get`` may be.
ZKPYTHON_GOAL = 1.5


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
    with Server(arguments.server) as address:
        found = measure_kazoo(address, arguments.requests, arguments.rounds)
        calls = measure_get(address, arguments.requests // 2, arguments.rounds)
    print("on core %d, medians of %d rounds" % (arguments.core, arguments.rounds))
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
    missed += not report_get(calls)
    return 1 if missed else 0


class Server:
    """The test server, which ends with the block."""

    def __init__(self, program):
        self._process = subprocess.Popen(
            [program, "--exit-on-stdin-close"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self._process.stdout.readline().split()[-1]

    def __exit__(self, *_):
        self._process.communicate()


def measure_kazoo(address, requests, rounds):
    """The figures of each round, by kind."""
    worker = os.path.join(HERE, "kazoo_worker.py")
    found = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            found[kind].append(
                json.loads(output([sys.executable, worker, kind, address, str(requests)]))
            )
    return found


def measure_get(address, requests, rounds):
    """Microseconds of ``zoo_get`` and of ``zookeeper.get``; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    worker = os.path.join(HERE, "zkpython_worker.py")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        library, program = os.path.join(folder, SONAME), os.path.join(folder, "sync_get")
        path = library_path()
        if os.path.exists(path):
            os.symlink(os.path.abspath(path), library)
        else:
            library = "-l:" + SONAME
        include = os.path.join(HERE, "..", "..", "include")
        source = os.path.join(HERE, "sync_get.c")
        subprocess.run(
            [compiler, "-O2", "-DTHREADED", "-I", include, source, library, "-o", program],
            check=True,
        )
        c_calls, python_calls = [], []
        for _ in range(rounds):
            run = [program, address, str(requests)]
            c_calls.append(float(output(run, LD_LIBRARY_PATH=folder)))
            python_calls.append(float(output([sys.executable, worker, address, str(requests)])))
    return median(c_calls), median(python_calls)


def output(command, **variables):
    """The last line that a program prints."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **variables}
    )
    return done.stdout.splitlines()[-1]


def report_get(calls):
    """Prints the comparison with C. False if the goal is missed."""
    if calls is None:
        print("SKIPPED: zookeeper.get is not compared with C, because there is no C compiler")
        return True
    print("%-36s %10s %10s" % ("", "C", "zkpython"))
    ratio = calls[1] / calls[0]
    met = ratio <= ZKPYTHON_GOAL
    title = "one get at a time, us"
    verdict = "<= %.1f %s" % (ZKPYTHON_GOAL, "met" if met else "MISSED")
    print("%-36s %10.1f %10.1f %8.2f   %s" % (title, *calls, ratio, verdict))
    return met


if __name__ == "__main__":
    sys.exit(main())
