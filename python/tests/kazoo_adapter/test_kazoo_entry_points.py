"""The four ways in, and the sentences for what is not supported."""

import os
import subprocess
import sys

import pytest

import kazoo_native

PROGRAM = """\
import sys
from kazoo.client import KazooClient
client = KazooClient(sys.argv[1])
client.start(20)
print(getattr(client._connection, "is_native", False), client.create("/a", b"1"), sys.argv[2:])
client.stop()
client.close()
"""


def python(*arguments, environment=None, **variables):
    """Runs Python; returns (status, standard output, standard error)."""
    variables = {**(os.environ if environment is None else environment), **variables}
    done = subprocess.run(
        [sys.executable, *arguments], env=variables, text=True, capture_output=True, timeout=120
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return str(path)


def with_path(folder):
    return os.pathsep.join([str(folder), *filter(None, sys.path)])


def test_a_program_without_the_adapter_uses_kazoos_connection(server, program):
    assert python(program, server.hosts)[:2] == (0, "False /a []")


def test_the_module_runs_a_program_on_the_native_library(server, program):
    done = python("-m", "kazoo_native", program, server.hosts, "--more")
    assert done[:2] == (0, "True /a ['--more']")


def test_the_module_runs_a_module_on_the_native_library(server, program, tmp_path):
    done = python(
        "-m", "kazoo_native", "-m", "program", server.hosts, PYTHONPATH=with_path(tmp_path)
    )
    assert done[:2] == (0, "True /a []")


def test_the_modules_usage_and_missing_programs_are_told():
    assert python("-m", "kazoo_native")[0] == 2
    status, _, text = python("-m", "kazoo_native", "/no/such/program.py")
    assert status == 2 and "no such program" in text


def test_a_programs_exit_status_and_traceback_are_its_own(tmp_path):
    path = tmp_path / "fails.py"
    path.write_text("import sys; assert __name__ == '__main__'; sys.exit(7)")
    assert python("-m", "kazoo_native", str(path))[0] == 7


@pytest.mark.parametrize("value, native", [("1", True), ("true", True), ("0", False), ("", False)])
def test_the_variable_turns_the_start_up_hook_on(server, program, tmp_path, value, native):
    # What the .pth file of the distribution does at start-up.
    (tmp_path / "usercustomize.py").write_text("import kazoo_native._hook")
    (tmp_path / "sitecustomize.py").write_text("import kazoo_native._hook")
    done = python(program, server.hosts, KAZOO_NATIVE=value, PYTHONPATH=with_path(tmp_path))
    assert done[:2] == (0, "%s /a []" % native)


def test_the_hook_imports_neither_kazoo_nor_the_library():
    check = (
        "import sys, kazoo_native._hook;"
        "print(sorted(m for m in ('kazoo', 'ctypes', 'zookeeper_native') if m in sys.modules))"
    )
    assert python("-S", "-c", check, KAZOO_NATIVE="1", PYTHONPATH=with_path(""))[1] == "[]"


def test_the_hook_leaves_kazoos_loader_as_it_was():
    check = (
        "import kazoo_native._hook, kazoo.client, inspect, sys;"
        "print(type(kazoo.client.__loader__).__name__, type(kazoo.client.__spec__.loader).__name__,"
        "len(inspect.getsource(kazoo.client.KazooClient)) > 1000,"
        "any('kazoo' in type(f).__module__ for f in sys.meta_path))"
    )
    done = python("-c", check, KAZOO_NATIVE="1")
    assert done[1] == "SourceFileLoader SourceFileLoader True False", done


def test_the_hook_works_when_kazoo_is_there_already():
    check = "import kazoo.client, kazoo_native._hook;print(kazoo.client.ConnectionHandler.__name__)"
    assert python("-c", check, KAZOO_NATIVE="1")[1] == "NativeConnectionHandler"


def test_install_and_uninstall_switch_new_clients_and_may_be_repeated():
    from kazoo.client import KazooClient

    assert kazoo_native.is_installed()
    kazoo_native.install()
    kazoo_native.uninstall()
    kazoo_native.uninstall()
    assert not kazoo_native.is_installed()
    assert not hasattr(KazooClient()._connection, "is_native")
    kazoo_native.install()
    assert KazooClient()._connection.is_native


def test_the_pytest_plugin_installs_and_says_so(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "from kazoo.client import KazooClient\n"
        "def test_native(): assert KazooClient()._connection.is_native\n"
    )
    status, text, _ = python(
        "-m", "pytest", "-p", "kazoo_native.pytest_plugin", "-c", os.devnull, str(tmp_path)
    )
    assert status == 0 and "kazoo on the native library:" in text


def fake_kazoo(folder, version, client="class ConnectionHandler: pass"):
    (folder / "kazoo").mkdir()
    (folder / "kazoo" / "__init__.py").write_text("")
    (folder / "kazoo" / "client.py").write_text(client)
    (folder / "kazoo" / "version.py").write_text("__version__ = %r" % version)
    return with_path(folder)


@pytest.mark.parametrize("version", ["2.8.0", "3.0.0", "3.1", "unknown"])
def test_another_kazoo_is_refused_in_one_sentence(tmp_path, version):
    path = fake_kazoo(tmp_path, version)
    status, _, text = python("-c", "import kazoo_native as k; k.install()", PYTHONPATH=path)
    last = text.splitlines()[-1]
    assert status == 1
    assert last == "ImportError: kazoo_native needs kazoo >= 2.9, < 3, not %s" % version


def test_a_kazoo_without_connection_handler_is_refused_in_one_sentence(tmp_path):
    path = fake_kazoo(tmp_path, "2.99.0", client="")
    status, _, text = python("-m", "kazoo_native", __file__, PYTHONPATH=path)
    assert status == 1
    assert text == (
        "kazoo_native: kazoo_native cannot find kazoo.client.ConnectionHandler in kazoo 2.99.0"
    )


def test_a_missing_kazoo_is_told_in_one_sentence():
    hide = "import sys; sys.modules['kazoo'] = None; import kazoo_native as k; k.install()"
    status, _, text = python("-c", hide)
    assert status == 1
    assert text.splitlines()[-1].startswith("ImportError: kazoo_native needs kazoo >= 2.9, < 3")


@pytest.mark.parametrize("library", ["/no/such/library.so", os.devnull, "libc.so.6"])
def test_a_missing_or_wrong_library_is_told_in_one_sentence(program, library):
    status, _, text = python(
        "-m", "kazoo_native", program, "localhost:1", ZOOKEEPER_NATIVE_LIB=library
    )
    assert status == 1
    assert text.startswith("kazoo_native: ") and library in text and len(text.splitlines()) == 1


ORIGINAL = "/usr/lib/x86_64-linux-gnu/libzookeeper_mt.so.2"


@pytest.mark.skipif(not os.path.exists(ORIGINAL), reason="the original library is not installed")
def test_the_original_library_works_and_what_it_lacks_is_said(server, program):
    status, out, text = python(
        "-m", "kazoo_native", program, server.hosts, ZOOKEEPER_NATIVE_LIB=ORIGINAL
    )
    assert (status, out) == (0, "True /a []")
    assert "does not offer: fetching results in batches" in text
