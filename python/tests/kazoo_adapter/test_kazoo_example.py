"""The example runs unchanged on kazoo's connection and on the native library."""

import subprocess
import sys

import pytest
from servers import REPOSITORY, TestServer

EXAMPLE = REPOSITORY / "python" / "examples" / "master_worker_kazoo.py"


@pytest.mark.parametrize(
    "launcher, connection",
    [([], "kazoo on ConnectionHandler"), (["-m", "kazoo_native"], "kazoo on NativeConnection")],
    ids=["stock", "native"],
)
def test_the_example_survives_the_death_of_a_worker_and_of_the_master(launcher, connection):
    # A short tick, so that the dead are noticed soon.
    server = TestServer("--tick-time", "500")
    try:
        done = subprocess.run(
            [sys.executable, *launcher, str(EXAMPLE), server.hosts],
            text=True,
            capture_output=True,
            timeout=120,
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert connection in done.stdout
    assert "kills worker-1" in done.stdout and "all 24 tasks are done" in done.stdout
