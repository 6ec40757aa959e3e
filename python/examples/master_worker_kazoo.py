"""Master and workers in kazoo, which survive the death of a master and of a worker.

    python master_worker_kazoo.py HOST:PORT                    on kazoo's own connection
    python -m kazoo_native master_worker_kazoo.py HOST:PORT    on the native library

The program is the same on both. It starts two masters and three workers as processes, submits
tasks, and kills a worker and the leading master with SIGKILL on the way. The other master takes
over, the dead worker's tasks go to the living, and in the end each task is done exactly once.

Nodes: ``/tasks/T`` a task, ``/workers/W`` a living worker (ephemeral), ``/assign/W/T`` the task
is W's, ``/status/T`` it is done and by whom, ``/leader`` who leads (ephemeral).
"""

import argparse
import multiprocessing
import os
import signal
import sys
import threading
import time
import uuid

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError, NoNodeError

MASTERS = ("master-1", "master-2")
WORKERS = ("worker-1", "worker-2", "worker-3")
FOLDERS = ("/tasks", "/workers", "/assign", "/status", "/election")
#: Everything together may take this long.
LIMIT_S = 60


def say(name, text):
    print("%-9s %s" % (name, text), flush=True)


def connect(hosts, session_timeout):
    client = KazooClient(hosts, timeout=session_timeout)
    client.start()
    return client


# The master.


def master(name, hosts, session_timeout):
    """Stands for election; leads until it dies."""
    client = connect(hosts, session_timeout)
    client.Election("/election", name).run(lead, name, client)


def lead(name, client):
    say(name, "leads")
    client.create("/leader", name.encode(), ephemeral=True)
    changed = threading.Event()

    def wake(children):
        changed.set()

    client.ChildrenWatch("/workers", wake)
    client.ChildrenWatch("/tasks", wake)
    while True:
        changed.wait()
        changed.clear()
        take_back(name, client)
        distribute(client)


def take_back(name, client):
    """Frees the tasks of workers that are gone."""
    living = client.get_children("/workers")
    for worker in client.get_children("/assign"):
        if worker in living:
            continue
        tasks = client.get_children("/assign/" + worker)
        if tasks:
            say(name, "takes %d tasks back from %s" % (len(tasks), worker))
        # The folder stays: a worker that is just starting may be watching it already.
        for task in tasks:
            client.delete("/assign/%s/%s" % (worker, task))


def distribute(client):
    """Gives each free task to the worker with the fewest."""
    load, taken = {}, set()
    for worker in client.get_children("/workers"):
        client.ensure_path("/assign/" + worker)
        tasks = client.get_children("/assign/" + worker)
        load[worker] = len(tasks)
        taken.update(tasks)
    # Read last: a task that is done meanwhile moves there.
    taken.update(client.get_children("/status"))
    for task in sorted(client.get_children("/tasks")):
        if task not in taken and load:
            worker = min(load, key=load.get)
            client.create("/assign/%s/%s" % (worker, task))
            load[worker] += 1


# The worker.


def worker(name, hosts, session_timeout, seconds):
    """Does what is assigned to it until it dies."""
    client = connect(hosts, session_timeout)
    changed = threading.Event()
    client.ensure_path("/assign/" + name)
    client.create("/workers/" + name, ephemeral=True)
    client.ChildrenWatch("/assign/" + name, lambda tasks: changed.set())
    say(name, "is ready")
    while True:
        changed.wait()
        changed.clear()
        for task in sorted(client.get_children("/assign/" + name)):
            time.sleep(seconds)  # The work.
            finish(client, name, task)


def finish(client, name, task):
    """Notes that the task is done, unless it has been taken away: all or nothing."""
    transaction = client.transaction()
    transaction.delete("/assign/%s/%s" % (name, task))
    transaction.create("/status/" + task, name.encode())
    for result in transaction.commit():
        if isinstance(result, (NoNodeError, NodeExistsError)):
            say(name, "has lost %s" % task)


# The client, which also directs.


def submit_and_watch(client, tasks, processes):
    """Submits the tasks and kills two processes while they are done. True if all went well."""
    for number in range(tasks):
        client.create("/tasks/task-%03d" % number)
    say("client", "has submitted %d tasks" % tasks)
    done = threading.Semaphore(0)
    client.ChildrenWatch("/status", lambda children: done.release())
    victims = {tasks // 4: lambda: WORKERS[0], tasks // 2: lambda: leader(client)}
    deadline = time.monotonic() + LIMIT_S
    while True:
        if not done.acquire(timeout=max(0, deadline - time.monotonic())):
            say("client", "has waited %d s in vain" % LIMIT_S)
            return False
        count = len(client.get_children("/status"))
        for limit in [limit for limit in victims if limit <= count]:
            name = victims.pop(limit)()
            os.kill(processes[name].pid, signal.SIGKILL)
            say("client", "%d tasks are done; kills %s" % (count, name))
        if count == tasks:
            break
    shares = {}
    for task in client.get_children("/status"):
        name = client.get("/status/" + task)[0].decode()
        shares[name] = shares.get(name, 0) + 1
    left = [task for name in WORKERS[1:] for task in client.get_children("/assign/" + name)]
    say("client", "all %d tasks are done, each once: %s" % (tasks, sorted(shares.items())))
    return not victims and not left


def leader(client):
    while True:
        try:
            return client.get("/leader")[0].decode()
        except NoNodeError:
            time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hosts", help="HOST:PORT of ZooKeeper")
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--session-timeout", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--work", type=float, default=0.05, metavar="SECONDS", help="per task")
    arguments = parser.parse_args()
    root = "/master-worker-%s" % uuid.uuid4().hex[:8]
    hosts, timeout = arguments.hosts + root, arguments.session_timeout
    # Forked before this process has a client of its own.
    context = multiprocessing.get_context("fork")
    ready, processes = context.Event(), {}
    for name in MASTERS:
        processes[name] = context.Process(target=after, args=(ready, master, name, hosts, timeout))
    for name in WORKERS:
        work = (ready, worker, name, hosts, timeout, arguments.work)
        processes[name] = context.Process(target=after, args=work)
    for process in processes.values():
        process.daemon = True  # Ends with this one.
        process.start()
    client = connect(arguments.hosts, timeout)
    say("client", "kazoo on %s" % type(client._connection).__name__)
    for folder in FOLDERS:
        client.ensure_path(root + folder)
    client.chroot = root
    ready.set()
    try:
        good = submit_and_watch(client, arguments.tasks, processes)
    finally:
        for process in processes.values():
            process.kill()
            process.join()
        client.chroot = ""
        client.delete(root, recursive=True)
        client.stop()
        client.close()
    return 0 if good else 1


def after(event, function, *arguments):
    """Runs a process once the tree of nodes is there. Ctrl-C is the first process's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    event.wait()
    function(*arguments)


if __name__ == "__main__":
    sys.exit(main())
