"""Called by Python at its start where it reads ``.start`` files (3.15 and later); others read the ``.pth`` file."""

from __future__ import annotations

import os


def activate() -> None:
    """Lets ``KAZOO_NATIVE`` take effect; does nothing without it."""
    if os.environ.get("KAZOO_NATIVE"):
        import kazoo_native._hook  # noqa: F401
