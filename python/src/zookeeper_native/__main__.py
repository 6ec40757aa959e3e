"""``python -m zookeeper_native``: which native library is in use."""

from __future__ import annotations

import sys

from . import library_path, library_version, missing_functions


def main() -> int:
    try:
        print(f"library: {library_path()}")
    except ImportError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"C interface: {library_version()}")
    print(f"missing optional functions: {', '.join(missing_functions()) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
