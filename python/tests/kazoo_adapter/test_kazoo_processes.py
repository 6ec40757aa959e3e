"""Forks, signals, the interpreter's end, greenlets and memory, each in a process of its own."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import wait_for

#: How often an interpreter ends with a live client.
EXITS = int(os.environ.get("KAZOO_EXITS", "24"))
#: How many requests must not make the process grow.
REQUESTS = int(os.environ.get("KAZOO_REQUESTS", "100000"))

START = """\
import os, signal, sys, threading, time
import kazoo_native
kazoo_native.install()
from kazoo.client import KazooClient
client = KazooClient(sys.argv[1])
client.start(20)
"""


def run(code, server, *arguments, timeout=120):
    return subprocess.run(
        [sys.executable, "-c", START + code, server.hosts, *arguments],
        text=True,
        capture_output=True,
        timeout=timeout,
    )


def check(code, server, *arguments, **options):
    done = run(code, server, *arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


ENDINGS = {
    "idle": "",
    "with requests under way": "r = [client.get_async('/') for _ in range(2000)]",
    "while threads ask": """
def ask():
    while True:
        client.get('/')
for _ in range(3):
    threading.Thread(target=ask, daemon=True).start()
client.get('/')
""",
    "with watches that fire": """
client.ensure_path('/w')
def watch(event):
    client.get('/w', watch=watch)
client.get('/w', watch=watch)
for n in range(200):
    client.set_async('/w', b'x')
client.get('/w')
""",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interpreter_ends_with_a_live_client(server, ending):
    server.control("limit-output off")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, ENDINGS[ending], server) for _ in range(EXITS // len(ENDINGS))]
        outcomes = [(done.returncode, done.stderr) for done in (r.result() for r in runs)]
    assert outcomes == [(0, "")] * len(outcomes)


def test_an_exit_without_stop_leaves_the_session_to_its_timeout(server, connect):
    (session,) = check("client.create('/e', ephemeral=True); print(client.client_id[0])", server)
    assert connect(server).exists("/e").ephemeralOwner == int(session)


FORK = """
client.create('/parent')
pid = os.fork()
if pid == 0:
    try:
        assert not client.connected
        try:
            client.get('/parent')
            os._exit(1)
        except ConnectionClosedError:
            pass
        client.stop()
        client.start(20)
        client.create('/child')
        client.stop()
        client.close()
        os._exit(0)
    except BaseException as error:
        os.write(2, repr(error).encode())
        os._exit(2)
_, status = os.waitpid(pid, 0)
assert status == 0, status
print(*sorted(client.get_children('/')))
client.stop()
"""


def test_the_child_of_a_fork_starts_anew_and_the_parent_goes_on(server):
    code = "from kazoo.exceptions import ConnectionClosedError\n" + FORK
    assert check(code, server) == ["child", "parent", "zookeeper"]


def test_children_forked_during_traffic_end_well(server):
    code = """
def ask():
    while not done:
        client.get('/')
done = False
threads = [threading.Thread(target=ask) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        client.start(20)
        client.get('/')
        client.stop()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
done = True
for thread in threads:
    thread.join()
client.stop()
print('ok')
"""
    assert check(code, server) == ["ok"]


def test_ctrl_c_reaches_a_program_that_waits_for_an_answer(server):
    rule = server.control("rule hold op=getData")
    code = """
signal.alarm(60)
try:
    client.get('/')
except KeyboardInterrupt:
    print('interrupted')
"""
    process = subprocess.Popen(
        [sys.executable, "-c", START + code, server.hosts], stdout=subprocess.PIPE, text=True
    )
    with process:
        # Not before: while kazoo writes to its wake-up socket it takes any exception for a fault.
        wait_for(lambda: int(server.control(f"hits {rule}").split()[-1]) == 1, "the request")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted\n"
    assert process.returncode == 0


def test_many_requests_do_not_make_the_process_grow(server):
    code = """
def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
client.create('/a', b'x' * 100)
def ask(count):
    for _ in range(count // 1000):
        for result in [client.get_async('/a') for _ in range(1000)]:
            result.get()
ask(int(sys.argv[2]) // 5)
before = resident()
ask(int(sys.argv[2]))
print((resident() - before) // 1024)
client.stop()
"""
    (grown,) = check(code, server, str(REQUESTS), timeout=600)
    assert int(grown) < 4096, "%s KiB after %d requests" % (grown, REQUESTS)


def test_starting_and_stopping_leaves_no_descriptors_and_threads(server):
    code = """
def count():
    return len(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task'))
def cycle():
    client.start(20); client.get('/'); client.stop(); client.close()
client.stop(); client.close()
cycle()
before = count()
for _ in range(20):
    cycle()
after = count()
print(*(later - earlier for earlier, later in zip(before, after)))
"""
    # A thread that has been joined may be listed for a moment longer.
    descriptors, threads = map(int, check(code, server))
    assert descriptors < 5 and threads < 5, "%d and %d after 20 rounds" % (descriptors, threads)


GREENLETS = """
from kazoo.protocol.connection import _CONNECTION_DROP
client.stop()
client = KazooClient(sys.argv[1], handler=handler)
client.start(20)
assert client._connection.is_native
ticks = []
def tick():
    while True:
        ticks.append(1)
        sleep(0.001)
spawn(tick)
client.create('/g', b'1')
assert client.get('/g')[0] == b'1'
events = []
client.get('/g', watch=events.append)
for result in [client.set_async('/g', b'2') for _ in range(500)]:
    result.get()
states = []
client.add_listener(lambda state: states.append(state) and None)
client._call(_CONNECTION_DROP, None)
while states != ['SUSPENDED', 'CONNECTED']:
    sleep(0.01)
assert client.retry(client.get, '/g')[0] == b'2'
assert [event.type for event in events] == ['CHANGED']
before = len(ticks)
client.stop()
client.close()
assert before > 0
print('ok')
"""


def test_gevents_handler_works(server):
    pytest.importorskip("gevent", reason="gevent is not installed")
    code = """
from gevent import sleep, spawn
from kazoo.handlers.gevent import SequentialGeventHandler
handler = SequentialGeventHandler()
"""
    assert check(code + GREENLETS, server) == ["ok"]


def test_eventlets_handler_works(server):
    pytest.importorskip("eventlet", reason="eventlet is not installed")
    code = """
from eventlet import sleep, spawn
from kazoo.handlers.eventlet import SequentialEventletHandler
handler = SequentialEventletHandler()
"""
    assert check(code + GREENLETS, server) == ["ok"]
