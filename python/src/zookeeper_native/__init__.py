"""The native ZooKeeper client library behind the modules ``zookeeper`` and ``kazoo_native``.

``python -m zookeeper_native`` says which library is in use. The functions here do the same from a program.
"""

from __future__ import annotations

__all__ = ["library_path", "library_version", "missing_functions"]


def library_path() -> str:
    """Path or name of the library in use. Loads it; ImportError if that is impossible."""
    from ._binding import load

    return load().path


def library_version() -> str:
    """Version of the C interface of the library in use, for example ``3.8.0``."""
    from ._binding import load

    return load().version()


def missing_functions() -> list[str]:
    """Optional functions that the library in use does not have (Debian's own library has none of them)."""
    from ._binding import load

    return sorted(load().missing)
