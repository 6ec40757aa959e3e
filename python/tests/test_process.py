"""The module and the process around it: its end, fork and signals."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import finish, python
from servers import wait_for

#: Processes that end with live handles, over all ways to end.
EXITS = 200

CONNECT = """if True:
    import os, signal, sys, threading, time, zookeeper
    zookeeper.set_debug_level(zookeeper.LOG_LEVEL_ERROR)

    def connect():
        connected = threading.Event()
        zh = zookeeper.init(sys.argv[1], lambda *event: connected.set())
        assert connected.wait(30)
        return zh

    zh = connect()
"""

# Chains of requests that never end, so that the interpreter ends in the middle of callbacks.
FLOOD = """if True:
    begun = threading.Event()

    def again(zh, *results):
        begun.set()
        try:
            zookeeper.aget(zh, "/", None, again)
        except zookeeper.ZooKeeperException:
            pass  # the handle is being closed

    for handle in (zh, connect(), connect()):
        for _ in range(20):
            zookeeper.aget(handle, "/", None, again)
    assert begun.wait(30)
"""

WAYS_TO_END = {
    "idle handles": ("", 0),
    "callbacks under way": (FLOOD, 0),
    "an exception with callbacks under way": (FLOOD + "\n    raise ValueError\n", 1),
    "a thread in a call": (
        FLOOD
        + """
    def call():
        while True:
            zookeeper.get(zh, "/")

    threading.Thread(target=call, daemon=True).start()
    sys.exit(7)
""",
        7,
    ),
    "close at exit": (FLOOD + "\n    import atexit; atexit.register(zookeeper.close, zh)\n", 0),
}


@pytest.mark.parametrize("way", WAYS_TO_END)
def test_a_process_ends_in_order_with_live_handles(test_server, way):
    code, status = WAYS_TO_END[way]

    def run(_):
        return subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", CONNECT + code, test_server.hosts],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(run, range(EXITS // len(WAYS_TO_END))))
    for end in ends:
        assert end.returncode == status, end.stderr
        assert "Fatal" not in end.stderr and "FATAL" not in end.stderr
        assert status == 1 or end.stderr == ""


def test_a_callback_that_never_returns_does_not_hold_up_the_end(test_server):
    code = """
    entered = threading.Event()

    def stay(*results):
        entered.set()
        threading.Event().wait()

    zookeeper.aget(zh, "/", None, stay)
    assert entered.wait(30)
"""
    finish(python(CONNECT + code, test_server.hosts))


def test_a_process_that_ends_leaves_its_session_to_the_server(test_server):
    code = """
    print(zookeeper.client_id(zh)[0] % 2**64)
"""
    number = int(finish(python(CONNECT + code, test_server.hosts))[0])
    sessions = {int(word, 0) for word in test_server.control("sessions").split()}
    assert number in sessions
    test_server.control(f"expire session={number}")


@pytest.mark.parametrize("way_to_end", ["os._exit(0)", "sys.exit(0)"])
def test_a_forked_child_is_told_to_open_its_own_handle(server, way_to_end):
    code = f"""
    child = os.fork()
    if not child:
        for call in (zookeeper.state, zookeeper.close, zookeeper.client_id):
            try:
                call(zh)
                print("no exception")
            except zookeeper.ZooKeeperException as error:
                assert "fork" in str(error), error
        own = connect()
        assert own != zh
        assert zookeeper.exists(own, "/")
        print("child", flush=True)
        {way_to_end}
    assert os.waitpid(child, 0)[1] == 0
    assert zookeeper.exists(zh, "/")
    assert zookeeper.close(zh) == zookeeper.OK
    print("parent")
"""
    process = python(CONNECT + code, server.hosts)
    assert finish(process)[0].split() == ["child", "parent"]


def test_many_forks_leave_every_child_usable(test_server):
    code = """
    for _ in range(20):
        child = os.fork()
        if not child:
            own = connect()
            assert zookeeper.exists(own, "/")
            zookeeper.close(own)
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
"""
    finish(python(CONNECT + code, test_server.hosts))


def test_ctrl_c_during_a_call_is_raised_when_the_call_returns(test_server):
    code = """
    try:
        print("ready", flush=True)
        zookeeper.get(zh, "/")
        print("no interrupt")
    except KeyboardInterrupt:
        print("interrupted")
    assert zookeeper.get(zh, "/")
"""
    rule = test_server.control("rule hold op=getData times=1")
    process = python(CONNECT + code, test_server.hosts)
    try:
        assert process.stdout.readline() == "ready\n"
        wait_for(lambda: int(test_server.control(f"hits {rule}").split()[-1]) == 1, "the request")
        process.send_signal(signal.SIGINT)
    finally:
        test_server.control("clear")
    assert finish(process)[0] == "interrupted\n"


def test_ctrl_c_ends_a_sleep_at_once(test_server):
    code = """
    try:
        print("ready", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        print("interrupted")
"""
    process = python(CONNECT + FLOOD + code, test_server.hosts)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == "interrupted\n"


def test_the_threads_of_the_library_block_signals(test_server):
    code = """
    main = str(os.getpid())
    for thread in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{thread}/status") as status:
            blocked = next(int(line.split()[1], 16) for line in status if line.startswith("SigBlk"))
        print(thread == main, bool(blocked & 1 << signal.SIGINT - 1), bool(blocked & 1 << signal.SIGTERM - 1))
"""
    lines = finish(python(CONNECT + code, test_server.hosts))[0].splitlines()
    assert sorted(lines) == ["False True True", "False True True", "True False False"]


def test_a_signal_handler_may_call_the_module(test_server):
    code = """
    calls = []
    signal.signal(signal.SIGALRM, lambda *_: calls.append(zookeeper.get(zh, "/", lambda *event: None)))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    while len(calls) < 200:
        assert zookeeper.get(zh, "/", lambda *event: None)
        assert zookeeper.aget(zh, "/", lambda *event: None) == zookeeper.OK
    signal.setitimer(signal.ITIMER_REAL, 0)
"""
    finish(python(CONNECT + code, test_server.hosts))
