"""The native library, found, loaded and given its prototypes.

``load()`` finds ``libzookeeper_mt.so.2`` once per process: the file that the environment variable
``ZOOKEEPER_NATIVE_LIB`` names, else the one inside this package, else whatever the dynamic linker knows by that name.
It is loaded with RTLD_LOCAL, so that its symbols reach nobody else, and every call into it releases the interpreter
lock.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
from pathlib import Path

from ._prototypes import OPTIONAL, REQUIRED
from ._types import *  # noqa: F401,F403  one import gives the users of the library its types, too

#: Name of the library for the dynamic linker.
SONAME = "libzookeeper_mt.so.2"
#: Environment variable with the path of another library.
OVERRIDE = "ZOOKEEPER_NATIVE_LIB"
#: Oldest version of the C interface that can be used.
OLDEST = "3.8.0"
#: The library that comes with the package.
PACKAGED = Path(__file__).resolve().parent / "_lib" / SONAME


class Library:
    """The loaded library. Its functions are attributes, for example ``library.zoo_get``."""

    def __init__(self, cdll: ctypes.CDLL, path: str) -> None:
        #: Path or name it was loaded by.
        self.path = path
        #: Optional functions that it does not have.
        self.missing = frozenset(name for name in OPTIONAL if not hasattr(cdll, name))
        self.cdll = cdll
        for name, (result, arguments) in {**REQUIRED, **OPTIONAL}.items():
            if name not in self.missing:
                function = cdll[name]
                function.restype = result
                function.argtypes = arguments
                setattr(self, name, function)

    def has(self, name: str) -> bool:
        """Whether the library has the function ``name``, which is one of the optional ones."""
        return name not in self.missing

    def __getattr__(self, name: str):
        if name in OPTIONAL:
            raise RuntimeError(f"{self.path} does not have the optional function {name}")
        raise AttributeError(name)

    def version(self) -> str:
        """Version of the C interface, for example ``3.8.0``; a library that cannot say it counts as the oldest."""
        return self.zoo_version_str().decode() if self.has("zoo_version_str") else OLDEST


_lock = threading.Lock()
_library: Library | None = None


def load() -> Library:
    """The library, loaded at the first call. ImportError with one sentence if that is impossible."""
    global _library
    if _library is None:
        with _lock:
            if _library is None:
                _library = _open(_location())
    return _library


def _location() -> str:
    override = os.environ.get(OVERRIDE)
    if override:
        return override
    return str(PACKAGED) if PACKAGED.exists() else SONAME


def _open(path: str) -> Library:
    try:
        cdll = ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL)
    except OSError as error:
        raise ImportError(
            f"cannot load the native ZooKeeper library {path} "
            f"(reinstall zookeeper-native or let {OVERRIDE} name a {SONAME}): {error}"
        ) from None
    absent = sorted(name for name in REQUIRED if not hasattr(cdll, name))
    if absent:
        raise ImportError(
            f"{path} is not a ZooKeeper client library of version {OLDEST} or later: "
            f"it lacks {absent[0]} and {len(absent) - 1} more functions"
        )
    return Library(cdll, path)


#: Faults of a thread itself: blocking them would only hide a crash from the handlers that report it.
_SYNCHRONOUS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT}


@contextlib.contextmanager
def signals_blocked():
    """Start native threads in here: they inherit the mask, so that Ctrl-C always reaches the main thread."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _SYNCHRONOUS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
