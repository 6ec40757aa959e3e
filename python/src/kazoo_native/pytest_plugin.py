"""``pytest -p kazoo_native.pytest_plugin``: the tested program's kazoo uses the native library."""

import kazoo_native


def pytest_configure(config):
    """Installs the adapter before the first test module is imported."""
    kazoo_native.install()


def pytest_report_header(config):
    """Says in the report's head on which library the tests ran."""
    from kazoo_native.connection import library_path

    return "kazoo on the native library: %s" % library_path()
