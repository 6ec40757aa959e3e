"""Runs unchanged kazoo programs on the native ZooKeeper client library.

kazoo's client class, recipes, handlers and retry policy stay as they are; only the class that
owns the connection to the servers is replaced. Four ways in:

* ``python -m kazoo_native program.py arguments``
* ``KAZOO_NATIVE=1`` in the environment of an unchanged program
* ``kazoo_native.install()`` before the first client is made
* ``pytest -p kazoo_native.pytest_plugin``

Importing this package imports neither kazoo nor the native library.
"""

import importlib
import re
import sys

__all__ = ["install", "uninstall", "is_installed", "SUPPORTED"]

#: The kazoo releases that the adapter knows: from the first on, up to and without the second.
SUPPORTED = ((2, 9), (3,))

_original = None


def install():
    """Makes every KazooClient that is created from now on use the native library.

    Calling it again changes nothing. Raises ImportError when kazoo is missing, is a release
    that the adapter does not know, or the native library cannot be loaded.
    """
    global _original
    if is_installed():
        return
    module = _kazoo_client()
    from kazoo_native.connection import NativeConnectionHandler, warn_of_missing_features

    warn_of_missing_features()
    _original = module.ConnectionHandler
    module.ConnectionHandler = NativeConnectionHandler


def uninstall():
    """Lets clients that are created from now on use kazoo's own connection again."""
    global _original
    if _original is not None:
        sys.modules["kazoo.client"].ConnectionHandler = _original
        _original = None


def is_installed():
    """Whether new clients use the native library."""
    module = sys.modules.get("kazoo.client")
    handler = getattr(module, "ConnectionHandler", None)
    return getattr(handler, "is_native", False)


def _kazoo_client():
    """The module kazoo.client of a release that the adapter knows."""
    wanted = "kazoo >= %s, < %s" % tuple(".".join(map(str, version)) for version in SUPPORTED)
    try:
        # Not as an attribute of the package, which it becomes only after its import.
        client = importlib.import_module("kazoo.client")
        from kazoo.version import __version__
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("kazoo"):
            raise
        raise ImportError("kazoo_native needs %s, which is not installed" % wanted) from None
    numbers = tuple(int(number) for number in re.findall(r"\d+", __version__)[:2])
    if not SUPPORTED[0] <= numbers < SUPPORTED[1]:
        raise ImportError("kazoo_native needs %s, not %s" % (wanted, __version__))
    if not hasattr(client, "ConnectionHandler"):
        raise ImportError(
            "kazoo_native cannot find kazoo.client.ConnectionHandler in kazoo %s" % __version__
        )
    return client
