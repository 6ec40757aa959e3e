"""Servers for the tests: each listens on a free loopback port and dies with the test process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty, Queue

REPOSITORY = Path(__file__).resolve().parents[2]
JAR = Path("/usr/share/java/zookeeper.jar")
LOGGER = Path("/usr/share/java/slf4j-nop.jar")
START_LIMIT_S = 60


def wait_for(condition, what: str, limit_s: float = 30):
    """Asks until ``condition()`` is true and returns what it said; fails after ``limit_s``."""
    deadline = time.monotonic() + limit_s
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not happen within {limit_s} s"
        time.sleep(0.002)


def _tied(command: list[str]) -> list[str]:
    """A command whose process the kernel kills with its parent, where setpriv is there."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else command


class TestServer:
    """The test server of this repository, with its control port."""

    __test__ = False
    name = "test server"

    def __init__(self, *options: str) -> None:
        target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
        default = REPOSITORY / target / "release" / "zk-test-server"
        program = os.environ.get("ZK_TEST_SERVER", str(default))
        self._process = subprocess.Popen(
            _tied([program, "--control", "--exit-on-stdin-close", "--max-client-cnxns", "0", *options]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        lines: Queue = Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        try:
            self.hosts = self._address(lines, "listening on ")
            self._control_address = self._address(lines, "control on ")
        except BaseException:
            self.stop()
            raise
        host, port = self._control_address.split(":")
        self._control = socket.create_connection((host, int(port)), timeout=START_LIMIT_S)
        self._answers = self._control.makefile("r")

    def _read(self, lines: Queue) -> None:
        for line in self._process.stdout:
            lines.put(line)

    @staticmethod
    def _address(lines: Queue, prefix: str) -> str:
        try:
            line = lines.get(timeout=START_LIMIT_S).strip()
        except Empty:
            raise RuntimeError("the test server did not start") from None
        if not line.startswith(prefix):
            raise RuntimeError(f"unexpected line of the test server: {line}")
        return line[len(prefix) :]

    def control(self, command: str) -> str:
        """Sends a command to the control port and returns what follows ``ok``."""
        self._control.sendall(f"{command}\n".encode())
        answer = self._answers.readline().strip()
        assert answer.split(" ")[0] == "ok", f"{command}: {answer}"
        return answer[2:].strip()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class JavaServer:
    """Debian's ZooKeeper server."""

    name = "Java server"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        for _ in range(5):
            if self._try():
                return
        raise RuntimeError("the Java server ended at once on five different ports")

    @staticmethod
    def absence() -> str | None:
        """Why it cannot run here, if it cannot."""
        if not JAR.exists():
            return f"{JAR} is absent (Debian package zookeeper)"
        if shutil.which("java") is None:
            return "there is no java (Debian package default-jre-headless)"
        return None

    def _try(self) -> bool:
        # The server cannot tell a port that it chose itself. If someone else takes this one meanwhile, it ends.
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        folder = Path(self._folder.name)
        config = folder / "zoo.cfg"
        config.write_text(
            f"tickTime=500\ndataDir={folder / 'data'}\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
            "maxClientCnxns=0\nmaxSessionTimeout=60000\nadmin.enableServer=false\n"
            "4lw.commands.whitelist=*\nextendedTypesEnabled=true\n"
        )
        self._process = subprocess.Popen(
            _tied(
                ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", f"{LOGGER}:{JAR}"]
                + ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.hosts = f"127.0.0.1:{port}"
        return wait_for(self._state, "the start of the Java server", START_LIMIT_S) == "running"

    def _state(self) -> str | None:
        if self._process.poll() is not None:
            return "ended"
        host, port = self.hosts.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                connection.sendall(b"ruok")
                return "running" if connection.recv(4) == b"imok" else None
        except OSError:
            return None

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
