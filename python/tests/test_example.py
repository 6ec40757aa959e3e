"""The example program does what it says."""

import re
import subprocess
import sys

import pytest
from servers import REPOSITORY, TestServer

EXAMPLE = REPOSITORY / "python" / "examples" / "master_worker_zkpython.py"


@pytest.fixture(params=["test server", "Java server"])
def hosts(request):
    if request.param == "Java server":
        yield request.getfixturevalue("java_server").hosts
        return
    # A short tick, so that the killed processes are noticed soon.
    server = TestServer("--tick-time", "500")
    yield server.hosts
    server.stop()


def test_the_master_worker_example_loses_no_task(hosts):
    count = 40
    end = subprocess.run(
        [sys.executable, str(EXAMPLE), hosts, str(count)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert end.returncode == 0, end.stdout + end.stderr
    done = re.findall(r"^client: (task-\d+) = (\d+), done by worker-\d$", end.stdout, re.MULTILINE)
    assert done == [(f"task-{number:04}", str(number**2)) for number in range(count)]
    assert "director: kills worker-1" in end.stdout
