"""``python -m kazoo_native program.py arguments``: runs a kazoo program on the native library."""

import os
import runpy
import sys

import kazoo_native

USAGE = """\
usage: python -m kazoo_native PROGRAM [ARGUMENT...]
       python -m kazoo_native -m MODULE [ARGUMENT...]

Runs a Python program whose kazoo clients use the native ZooKeeper library."""


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help") or arguments == ["-m"]:
        print(USAGE, file=sys.stderr)
        return 0 if arguments and arguments[0] != "-m" else 2
    try:
        kazoo_native.install()
    except ImportError as error:
        print("kazoo_native: %s" % error, file=sys.stderr)
        return 1
    if arguments[0] == "-m":
        sys.argv[:] = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    if not os.path.exists(arguments[0]):
        print("kazoo_native: no such program: %s" % arguments[0], file=sys.stderr)
        return 2
    # As the interpreter does it: the program's folder replaces the entry of `-m`.
    sys.argv[:] = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
