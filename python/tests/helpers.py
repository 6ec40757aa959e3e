"""What the tests use besides fixtures: sessions, callbacks that remember, and other Python processes."""

from __future__ import annotations

import subprocess
import sys
from queue import Queue

import pytest
import zookeeper

#: Longest wait for anything that happens at once unless something is broken.
LIMIT_S = 30
OPEN_ACL = [{"perms": zookeeper.PERM_ALL, "scheme": "world", "id": "anyone"}]


class Session:
    """A connected handle with the events of its watcher."""

    def __init__(self, hosts: str, *arguments) -> None:
        self.events: Queue = Queue()
        self.handle = zookeeper.init(hosts, lambda *event: self.events.put(event), *arguments)
        self.first_event = self.events.get(timeout=LIMIT_S)


class Callback:
    """A completion or watcher that keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: Queue = Queue()

    def __call__(self, *arguments) -> None:
        self.calls.put(arguments)

    def wait(self):
        return self.calls.get(timeout=LIMIT_S)


def python(code: str, *arguments: str, **options) -> subprocess.Popen:
    """A Python process with pipes, which crashes loudly."""
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process: subprocess.Popen, limit_s: float = 60) -> tuple[str, str]:
    """Waits for a process that has to end well; its standard output and standard error."""
    try:
        stdout, stderr = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        pytest.fail(f"did not end within {limit_s} s\n{stdout}\n{stderr}")
    assert process.returncode == 0, f"ended with {process.returncode}\n{stdout}\n{stderr}"
    return stdout, stderr
