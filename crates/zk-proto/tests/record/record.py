#!/usr/bin/env python3
"""Records the vectors anew; see README.md."""

import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import jute
import raw

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"
C_SCENES = ["session", "nodes", "acl", "multi", "watches", "errors"]
CLASSPATH = "/usr/share/java/zookeeper.jar:/usr/share/java/*"
MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
DEADLINE = 30


# Processes that end with the recording, however it ends.
children = []


def stop_children():
    for child in children:
        child.kill()
        child.wait()


def fail(message):
    """Ends the recording at once, from any thread."""
    print(message, file=sys.stderr, flush=True)
    stop_children()
    os._exit(1)


class Proxy:
    """Sits between clients and the server for one scene and writes down every frame."""

    def __init__(self, server):
        self.server = server
        self.lines = []
        self.names = []
        self.taken = {}
        self.connections = []
        self.lock = threading.Condition()
        self.open = threading.Event()
        self.open.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            self.open.wait()
            client, _ = self.listener.accept()
            self.open.wait()
            server = socket.create_connection(self.server)
            self.connections.append((client, server))
            pending = [(None, "connect")]
            number = len(self.connections)
            for args in ((client, server, ">"), (server, client, "<")):
                threading.Thread(target=self.pump, args=(*args, number, pending), daemon=True).start()

    def pump(self, source, target, direction, number, pending):
        data = b""
        try:
            while piece := source.recv(65536):
                data += piece
                while len(data) >= 4 and len(data) >= (end := 4 + struct.unpack(">i", data[:4])[0]):
                    frame, data = data[:end], data[end:]
                    with self.lock:
                        self.frame(frame, direction, number, pending)
                    target.sendall(frame)
        except OSError:
            pass
        except Exception as error:
            fail(f"connection {number}: {error!r}")
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def frame(self, frame, direction, number, pending):
        body = frame[4:]
        if pending and pending[0] == (None, "connect"):
            name = "connect"
            record = jute.CONNECT_REQUEST if direction == ">" else jute.CONNECT_RESPONSE
            shown = jute.whole(direction, body, record)
            parts = [frame]
            if direction == "<":
                pending.pop(0)
        elif direction == ">":
            name, shown, xid = jute.request(body)
            pending.append((xid, name))
            parts = [frame[:4], frame[4:8], frame[8:12], frame[12:]]
        else:
            name = self.match(struct.unpack(">i", body[:4])[0], pending)
            shown = jute.reply(body, name.split(":")[-1])
            parts = [frame[:4], frame[4:8], frame[8:16], frame[16:20], frame[20:]]
        self.lines += [
            f"{number}{direction} {name} " + " ".join(part.hex() for part in parts if part),
            f"   = {shown}",
        ]
        self.names.append(f"{direction}{name}")
        self.lock.notify_all()

    @staticmethod
    def match(xid, pending):
        """Takes the request that a reply answers off the list."""
        if xid == -1:
            return "event"
        for i, (asked, name) in enumerate(pending):
            if asked == xid or (xid == -2 and name == "ping"):
                del pending[i]
                return name
        raise ValueError(f"a reply with xid {xid} that nobody asked for")

    def note(self, note):
        """Takes a comment or a command from the scene."""
        if not note.startswith("!"):
            with self.lock:
                self.lines += ["", f"# {note}"]
            return
        command, *args = note[1:].split()
        if command == "cut":
            which = [self.connections[int(n) - 1] for n in args] or list(self.connections)
            for client, server in which:
                for end in (client, server):
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
        elif command == "hold":
            self.open.clear()
        elif command == "resume":
            self.open.set()
        elif command == "wait":
            name = "<" + args[0]
            with self.lock:
                want = self.taken.get(name, 0) + 1
                if not self.lock.wait_for(lambda: self.names.count(name) >= want, DEADLINE):
                    fail(f"no {name} came")
                self.taken[name] = want
        else:
            fail(f"no command {command}")

    def write(self, scene):
        head = [
            f"# Scene `{scene}`, recorded from Debian's ZooKeeper 3.8.0; see ../record/README.md.",
        ]
        text = "\n".join(head + self.lines) + "\n"
        (VECTORS / f"{scene}.txt").write_text(text)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start_server(folder):
    port = free_port()
    config = folder / "zoo.cfg"
    config.write_text(
        f"tickTime=2000\nminSessionTimeout=1000\nmaxSessionTimeout=60000\ndataDir={folder}/data\n"
        f"clientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
        "extendedTypesEnabled=true\n4lw.commands.whitelist=*\n"
    )
    log = (folder / "server.log").open("w")
    server = subprocess.Popen(["java", "-cp", CLASSPATH, MAIN, config], stdout=log, stderr=log)
    children.append(server)
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as probe:
                probe.sendall(b"srvr")
                if b"Mode:" in probe.makefile("rb").read():
                    return ("127.0.0.1", port)
        except OSError:
            pass
        time.sleep(0.1)
    fail((folder / "server.log").read_text())


def run_c_scene(client, scene, proxy):
    address = "%s:%d" % proxy.address
    process = subprocess.Popen([client, scene, address], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    children.append(process)
    for line in process.stdout:
        proxy.note(line.strip())
        process.stdin.write("\n")
        process.stdin.flush()
    if process.wait() != 0:
        fail("\n".join(proxy.lines[-8:] + [f"scene {scene} failed"]))


def main():
    VECTORS.mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        client = folder / "client"
        subprocess.run(["cc", "-DTHREADED", "-Wall", "-Wextra", "-Werror", "-o", client,
                        HERE / "client.c", "-lzookeeper_mt", "-lpthread"], check=True)
        address = start_server(folder)
        for scene in C_SCENES:
            proxy = Proxy(address)
            run_c_scene(client, scene, proxy)
            proxy.write(scene)
        for scene, run in raw.SCENES.items():
            proxy = Proxy(address)
            try:
                run(proxy.note, proxy.address)
            except AssertionError:
                fail("\n".join([traceback.format_exc()] + proxy.lines[-8:]))
            proxy.write(scene)
    finally:
        stop_children()
        shutil.rmtree(folder)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
main()
