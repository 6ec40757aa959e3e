"""The start-up hook of ``KAZOO_NATIVE=1``: installs the adapter when a program imports kazoo.

A .pth file of the distribution imports this module in every interpreter, so it does nothing
unless the variable is set, and imports neither kazoo nor the native library by itself.
"""

import os
import sys

TARGET = "kazoo.client"


def wanted(environment=os.environ):
    """Whether the environment asks for the native library."""
    return environment.get("KAZOO_NATIVE", "").strip().lower() in ("1", "true", "yes", "on")


class PostImportFinder:
    """Finds kazoo.client by the other finders and has the adapter installed after its import."""

    def find_spec(self, name, path=None, target=None):
        if name != TARGET:
            return None
        disarm()
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _InstallingLoader(spec.loader)
                return spec
        return None


class _InstallingLoader:
    """A module loader that installs the adapter after the module has run."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        import kazoo_native

        kazoo_native.install()


def arm():
    """Waits for the import of kazoo.client, or installs at once when that happened already."""
    if TARGET in sys.modules:
        import kazoo_native

        kazoo_native.install()
    elif not any(isinstance(finder, PostImportFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, PostImportFinder())


def disarm():
    """Waits no longer."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, PostImportFinder)]


if wanted():
    arm()
