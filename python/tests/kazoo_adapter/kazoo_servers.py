"""Starts servers that end with the test."""

import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
JAVA_LIBRARIES = os.environ.get("ZOOKEEPER_PATH", "/usr/share/java")
DEADLINE = 30


def wait_for(condition, seconds=DEADLINE):
    """Waits until ``condition()`` is true and returns its value; fails after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "waited %d s in vain" % seconds
        time.sleep(0.01)


def binary():
    """The test server."""
    named = os.environ.get("ZK_TEST_SERVER")
    if named:
        return named
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    for profile in ("release", "debug"):
        path = os.path.join(target, profile, "zk-test-server")
        if os.path.exists(path):
            return path
    raise RuntimeError("no zk-test-server: build it, or let ZK_TEST_SERVER name it")


class Server:
    """Our test server. Ends when its standard input does, so also when this process dies."""

    def __init__(self, *options):
        self._process = subprocess.Popen(
            [binary(), "--exit-on-stdin-close", "--control", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self._process.stdout.readline().split()[-1]
        host, port = self._process.stdout.readline().split()[-1].rsplit(":", 1)
        self._control = socket.create_connection((host, int(port)), 10)
        self._answers = self._control.makefile("r")

    def control(self, command):
        """Sends a command to the control port and returns its answer without the ``ok``."""
        self._control.sendall(command.encode() + b"\n")
        answer = self._answers.readline().strip()
        assert answer.startswith("ok"), "%s: %s" % (command, answer)
        return answer[2:].strip()

    def stop(self):
        self._answers.close()
        self._control.close()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def java_available():
    jars = os.path.exists(os.path.join(JAVA_LIBRARIES, "zookeeper.jar"))
    return jars and shutil.which("java") is not None


class JavaServer:
    """The real server, standalone."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="zookeeper-")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = "127.0.0.1:%d" % port
        configuration = os.path.join(self._folder.name, "zoo.cfg")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(
                "tickTime=2000\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\n"
                "admin.enableServer=false\n4lw.commands.whitelist=*\n" % (self._folder.name, port)
            )
        names = ("zookeeper", "zookeeper-jute", "slf4j-api", "netty-*", "snappy-java")
        names += ("metrics-core", "commons-cli", "commons-io")
        jars = [p for name in names for p in glob.glob("%s/%s.jar" % (JAVA_LIBRARIES, name))]
        self._process = subprocess.Popen(
            [
                "java",
                "-cp",
                ":".join(jars),
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                configuration,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(self._serves)
        except AssertionError:
            self.stop()
            raise

    def _serves(self):
        assert self._process.poll() is None, "the Java server has ended"
        try:
            host, port = self.address.split(":")
            with socket.create_connection((host, int(port)), 5) as probe:
                probe.sendall(b"srvr")
                return b"Mode" in probe.recv(4096)
        except OSError:
            return False

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
