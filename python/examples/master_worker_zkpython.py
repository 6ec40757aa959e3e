"""A master-worker application in zkpython that survives two killed processes.

    python master_worker_zkpython.py HOST:PORT[,HOST:PORT]... [TASKS]

Starts two masters, three workers and a client as processes of their own, kills the master and a worker in the middle of
the work, and shows who did what. All nodes lie under one node of their own, which is removed at the end:

    /master              ephemeral: whoever creates it is the master
    /workers/WORKER      ephemeral: this worker is alive
    /tasks/TASK          a task that nobody has yet
    /assign/WORKER/TASK  a task that this worker shall do
    /status/TASK         the task is done: by whom, and the result

zkpython has no transactions. A task therefore appears at its next place before it goes from the last one, and whoever
finds it at two places removes the older: it is never lost, and its one result is the first that is written.
"""

import os
import signal
import subprocess
import sys
import threading
import time

import zookeeper

SESSION_TIMEOUT_MS = 2000
ANYONE = [{"perms": zookeeper.PERM_ALL, "scheme": "world", "id": "anyone"}]
FOLDERS = ("/workers", "/tasks", "/assign", "/status")


class Process:
    """A process of the application: its session, and a place to wait for changes."""

    def __init__(self, hosts, name="director"):
        self.name = name
        self.changed = threading.Event()
        connected = threading.Event()

        def on_session(zh, kind, state, path):
            if state == zookeeper.CONNECTED_STATE:
                connected.set()
            elif state < 0:
                os._exit(1)  # without its session a process owns nothing and must not go on

        self.zh = zookeeper.init(hosts, on_session, SESSION_TIMEOUT_MS)
        if not connected.wait(30):
            sys.exit(f"{name}: no connection to {hosts}")

    def say(self, text):
        print(f"{self.name}: {text}", flush=True)

    def wake(self, zh, kind, state, path):
        """A watcher."""
        self.changed.set()

    def create(self, path, value="", flags=0):
        """Creates a node; False if it is there already."""
        try:
            zookeeper.create(self.zh, path, value, ANYONE, flags)
            return True
        except zookeeper.NodeExistsException:
            return False

    def delete(self, path):
        try:
            zookeeper.delete(self.zh, path)
        except zookeeper.NoNodeException:
            pass

    def children(self, path, watcher=None):
        try:
            return sorted(zookeeper.get_children(self.zh, path, watcher))
        except zookeeper.NoNodeException:
            return []

    def value(self, path):
        try:
            return zookeeper.get(self.zh, path)[0]
        except zookeeper.NoNodeException:
            return None

    def move(self, source, target):
        value = self.value(source)
        if value is not None:
            self.create(target, value)
            self.delete(source)

    def forever(self, step):
        """Calls ``step``, which leaves watches, whenever something has changed."""
        while True:
            self.changed.clear()
            try:
                step()
                self.changed.wait()
            except (zookeeper.ConnectionLossException, zookeeper.OperationTimeoutException):
                time.sleep(0.1)  # the library connects again; a step can be repeated at any time


def master(process):
    def lead():
        if not process.create("/master", process.name, zookeeper.EPHEMERAL):
            if process.value("/master") != process.name:
                zookeeper.exists(process.zh, "/master", process.wake)
                return
        workers = process.children("/workers", process.wake)
        tasks = process.children("/tasks", process.wake)
        load = {}
        for worker in process.children("/assign"):
            assigned = process.children(f"/assign/{worker}")
            for task in assigned:
                if worker not in workers:
                    process.say(f"takes {task} from {worker}, which is gone")
                    process.move(f"/assign/{worker}/{task}", f"/tasks/{task}")
                elif task in tasks:
                    process.delete(f"/tasks/{task}")
            if worker in workers:
                load[worker] = len(assigned)
        for task in process.children("/tasks"):
            if load:
                worker = min(load, key=load.get)
                load[worker] += 1
                process.move(f"/tasks/{task}", f"/assign/{worker}/{task}")

    process.forever(lead)


def worker(process):
    def work():
        mine = f"/assign/{process.name}"
        process.create(mine)
        process.create(f"/workers/{process.name}", "", zookeeper.EPHEMERAL)
        for task in process.children(mine, process.wake):
            number = process.value(f"{mine}/{task}")
            if number is not None and not zookeeper.exists(process.zh, f"/status/{task}"):
                time.sleep(0.05)  # the work
                process.create(f"/status/{task}", f"{process.name} {int(number) ** 2}")
            process.delete(f"{mine}/{task}")

    process.forever(work)


def client(process, count):
    """Submits all tasks at once and waits until all are done."""
    refused = []
    submitted = threading.Semaphore(0)

    def complete(zh, rc, path):
        if rc != zookeeper.OK:
            refused.append(zookeeper.zerror(rc))
        submitted.release()

    for number in range(count):
        zookeeper.acreate(process.zh, f"/tasks/task-{number:04}", str(number), ANYONE, 0, complete)
    for _ in range(count):
        submitted.acquire()
    if refused:
        sys.exit(f"client: {refused}")
    process.say(f"submitted {count} tasks")
    while len(process.children("/status", process.wake)) < count:
        process.changed.wait()
        process.changed.clear()
    for number in range(count):
        who, result = process.value(f"/status/task-{number:04}").split()
        if int(result) != number**2:
            sys.exit(f"client: task {number} has the result {result}")
        process.say(f"task-{number:04} = {result}, done by {who}")


def remove(process, path):
    for name in process.children(path):
        remove(process, f"{path}/{name}")
    process.delete(path)


def direct(hosts, count):
    """Starts the processes, kills two of them and waits for the client. Returns its exit status."""
    director = Process(hosts)
    root = zookeeper.create(director.zh, "/master-worker-", "", ANYONE, zookeeper.SEQUENCE)
    for folder in FOLDERS:
        director.create(root + folder)

    def start(role, name):
        return subprocess.Popen([sys.executable, __file__, hosts + root, role, name, str(count)])

    def wait_for_results(number):
        while len(director.children(f"{root}/status", director.wake)) < number:
            director.changed.wait()
            director.changed.clear()

    processes = {}
    try:
        for name in ("master-1", "master-2", "worker-1", "worker-2", "worker-3", "client"):
            processes[name] = start(name.split("-")[0], name)
        wait_for_results(count // 4)
        for victim in (director.value(f"{root}/master"), "worker-1"):
            director.say(f"kills {victim}")
            processes[victim].send_signal(signal.SIGKILL)
        return processes["client"].wait()
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
        remove(director, root)
        zookeeper.close(director.zh)


def main():
    zookeeper.set_debug_level(zookeeper.LOG_LEVEL_ERROR)
    if len(sys.argv) in (2, 3):
        sys.exit(direct(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 60))
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    hosts, role, name, count = sys.argv[1:]
    process = Process(hosts, name)
    if role == "client":
        client(process, int(count))
        zookeeper.close(process.zh)
    else:
        {"master": master, "worker": worker}[role](process)


if __name__ == "__main__":
    main()
