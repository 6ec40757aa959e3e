"""Finding and loading the native library, and how the package is installed."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import zookeeper_native
from helpers import finish, python
from zookeeper_native._binding import OPTIONAL, OVERRIDE, PACKAGED, load

DEBIANS = Path("/usr/lib/x86_64-linux-gnu/libzookeeper_mt.so.2")


def failure(library: str) -> str:
    """What an import with this library says."""
    end = subprocess.run(
        [sys.executable, "-c", "import zookeeper"],
        env={**os.environ, OVERRIDE: library},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert end.returncode == 1
    return end.stderr.splitlines()[-1]


def test_a_missing_library_is_one_clear_import_error(tmp_path):
    missing = str(tmp_path / "missing.so")
    line = failure(missing)
    assert line.startswith(f"ImportError: cannot load the native ZooKeeper library {missing}")
    assert OVERRIDE in line


def test_a_file_that_is_no_library_is_one_clear_import_error(tmp_path):
    file = tmp_path / "text.so"
    file.write_text("no library")
    assert failure(str(file)).startswith(f"ImportError: cannot load the native ZooKeeper library {file}")


def test_another_library_is_one_clear_import_error():
    line = failure("libc.so.6")
    assert line.startswith("ImportError: libc.so.6 is not a ZooKeeper client library")
    assert "it lacks deallocate_ACL_vector and" in line


def test_an_absent_optional_function_is_one_clear_runtime_error():
    library = load()
    assert "zookeeper_init_ssl" in OPTIONAL
    for name in library.missing:
        assert not library.has(name)
        with pytest.raises(RuntimeError, match=f"does not have the optional function {name}"):
            getattr(library, name)
    with pytest.raises(AttributeError):
        _ = library.no_such_function


def test_a_program_can_ask_which_library_is_in_use():
    stdout, _ = finish(python("import runpy; runpy.run_module('zookeeper_native', run_name='__main__')"))
    assert stdout.splitlines() == [
        f"library: {zookeeper_native.library_path()}",
        f"C interface: {zookeeper_native.library_version()}",
        f"missing optional functions: {', '.join(zookeeper_native.missing_functions()) or 'none'}",
    ]


def test_the_symbols_of_the_library_reach_nobody_else():
    code = "import ctypes, zookeeper; print(hasattr(ctypes.CDLL(None), 'zookeeper_init'))"
    assert finish(python(code))[0] == "False\n"


def test_debians_library_serves_too(server):
    if not DEBIANS.exists():
        message = "Debian's libzookeeper-mt2 is not installed: nothing ran on it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    code = """if True:
        import sys, threading, zookeeper, zookeeper_native
        zookeeper.set_debug_level(zookeeper.LOG_LEVEL_ERROR)
        connected = threading.Event()
        zh = zookeeper.init(sys.argv[1], lambda *event: connected.set())
        assert connected.wait(30)
        results = threading.Event()
        zookeeper.aget(zh, "/", None, lambda *result: results.set())
        assert results.wait(30)
        assert zookeeper.exists(zh, "/")["numChildren"] >= 1
        assert "zoox_mute_callbacks" in zookeeper_native.missing_functions()
        print(zookeeper_native.library_path())
    """
    process = python(code, server.hosts, env={**os.environ, OVERRIDE: str(DEBIANS)})
    assert finish(process)[0] == f"{DEBIANS}\n"


@pytest.fixture
def installed():
    """The files of the installed distribution."""
    try:
        distribution = importlib.metadata.distribution("zookeeper-native")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("zookeeper-native is not installed, the tests run on its sources")
    return distribution


def test_one_wheel_serves_every_python_of_the_platform(installed):
    wheel = installed.read_text("WHEEL")
    assert re.search(r"^Root-Is-Purelib: false$", wheel, re.MULTILINE)
    assert re.findall(r"^Tag: (.*)$", wheel, re.MULTILINE)[0].startswith("py3-none-linux_")


def test_the_installed_library_is_the_one_in_use(installed):
    files = {str(file) for file in installed.files}
    assert "zookeeper_native/_lib/libzookeeper_mt.so.2" in files
    assert {"zookeeper_native_startup.pth", "zookeeper_native_startup.start"} <= files
    if OVERRIDE not in os.environ:
        assert zookeeper_native.library_path() == str(PACKAGED)


def test_the_startup_file_imports_nothing_without_its_variable(installed):
    environment = {name: value for name, value in os.environ.items() if name != "KAZOO_NATIVE"}
    code = "import sys; print([n for n in sys.modules if n.split('.')[0] in ('kazoo', 'kazoo_native', 'zookeeper')])"
    assert finish(python(code, env=environment)) == ("[]\n", "")
