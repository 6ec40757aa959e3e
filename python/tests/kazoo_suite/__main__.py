"""Runs kazoo's own test suite on kazoo's connection and on the native library, side by side.

    python python/tests/kazoo_suite [--part] [--on native|stock|both] [-k EXPRESSION] [MODULE]...

The suite is the one that kazoo's distribution brings; its servers are three Java servers per
module, in a network and process namespace of their own where that is allowed. The result is a
table of passed/failed/skipped per module, and the tests that fail on ours. It fails when there
is one that passes on stock and that ``expected.txt`` does not list, or when a listed one passes.
Some of the tests give a Java server five seconds to start, which a busy machine does not keep;
a test that fails is therefore run again by itself, up to twice, and named. ``--part`` runs what
``part.txt`` chooses, on ours alone unless told otherwise.
"""

import argparse
import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
#: Java libraries of the server, as Debian names them.
JARS = (
    "zookeeper",
    "zookeeper-jute",
    "slf4j-api",
    "slf4j-log4j12",
    "log4j-1.2",
    "netty-*",
    "jetty9-*",
    "jackson-*",
    "metrics-core",
    "snappy-java",
    "commons-cli",
    "commons-io",
    "servlet-api",
)
JAVA = os.environ.get("ZOOKEEPER_PATH", "/usr/share/java")
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


def main():
    arguments = parse()
    if not glob.glob(os.path.join(JAVA, "zookeeper.jar")) or not shutil.which("java"):
        print("SKIPPED: kazoo's suite needs Java and ZooKeeper's jars in %s" % JAVA)
        return 77
    part = read_table("part.txt") if arguments.part else {}
    modules = arguments.modules or all_modules()
    on = arguments.on or ("native" if arguments.part else "both")
    kinds = ("stock", "native") if on == "both" else (on,)
    print("module".ljust(22), *(("%s p/f/s" % kind).rjust(16) + "       s" for kind in kinds))
    results = {kind: {} for kind in kinds}
    for module in modules:
        cells = []
        for kind in kinds:
            started = time.monotonic()
            expression = arguments.expression or part.get(module)
            outcome = run_module(module, kind, expression, arguments.keep)
            run_again(module, kind, outcome)
            results[kind].update(outcome)
            counts = [list(outcome.values()).count(o) for o in (PASSED, FAILED, SKIPPED)]
            cells.append("%16s %7.0f" % ("%d/%d/%d" % tuple(counts), time.monotonic() - started))
        print(module.ljust(22), *cells, flush=True)
    return judge(results)


def parse():
    parser = argparse.ArgumentParser(prog="kazoo_suite", description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="store_true", help="the part for every change")
    parser.add_argument("--on", choices=("native", "stock", "both"))
    parser.add_argument("-k", dest="expression", help="only these tests, as pytest's -k")
    parser.add_argument("--keep", metavar="DIRECTORY", help="where the modules' output goes")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as test_client")
    return parser.parse_args()


def all_modules():
    folder = os.path.join(os.path.dirname(importlib.util.find_spec("kazoo").origin), "tests")
    names = (os.path.basename(path)[:-3] for path in glob.glob(os.path.join(folder, "test_*.py")))
    return sorted(name for name in names if name != "test_build")


def read_table(name):
    """``{first word: rest of the line}`` of a file beside this one."""
    table = {}
    with open(os.path.join(HERE, name), encoding="utf-8") as lines:
        for line in lines:
            line = line.strip()
            if line and not line.startswith("#"):
                key, _, rest = line.partition(" ")
                table[key] = rest.strip()
    return table


def run_module(module, kind, expression, keep):
    """``{test: outcome}`` of one module of the suite."""
    with tempfile.TemporaryDirectory(prefix="kazoo-suite-") as folder:
        report = os.path.join(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--junitxml", report, "--rootdir", folder, "-c", os.devnull]
        command += ["--pyargs", "kazoo.tests.%s" % module]
        if kind == "native":
            command += ["-p", "kazoo_native.pytest_plugin"]
        if expression:
            command += ["-k", expression]
        log = os.path.join(keep, "%s-%s.log" % (module, kind)) if keep else os.devnull
        with open(log, "wb") as output:
            subprocess.run(
                isolated(command), cwd=folder, env=environment(folder), stdout=output, stderr=output
            )
        if not os.path.exists(report):
            return {"%s::the module itself" % module: FAILED}
        return outcomes(module, report)


def run_again(module, kind, outcome):
    """Runs failed tests once more by themselves, up to twice, and replaces their outcomes."""
    expected = read_table("expected.txt") if kind == "native" else {}
    for test in [name for name, result in outcome.items() if result == FAILED]:
        for _ in range(0 if test in expected else 2):
            group, _, name = test.partition("::")[2].partition("::")
            again = run_module(module, kind, "%s and %s" % (group, name), None)
            if again.get(test) == PASSED:
                print("passes on %s when run by itself: %s" % (kind, test), flush=True)
                outcome[test] = PASSED
                break


def outcomes(module, report):
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = "%s::%s::%s" % (module, case.get("classname").rsplit(".", 1)[-1], case.get("name"))
        kinds = {child.tag for child in case}
        failed = kinds & {"failure", "error"}
        found[name] = FAILED if failed else SKIPPED if "skipped" in kinds else PASSED
    return found


def environment(folder):
    """The variables that kazoo's test harness goes by."""
    variables = dict(os.environ)
    variables.pop("CI", None)
    jars = [path for jar in JARS for path in sorted(glob.glob(os.path.join(JAVA, jar + ".jar")))]
    variables.update(
        ZOOKEEPER_VERSION="3.8.0",
        ZOOKEEPER_PATH=JAVA,
        ZOOKEEPER_CLASSPATH=":".join(jars),
        TMPDIR=folder,
    )
    return variables


def isolated(command):
    """The command in namespaces of its own, so that no port clashes and no server is left."""
    unshare = ["unshare", "-n", "-p", "-f", "--mount-proc", "--kill-child"]
    try:
        if subprocess.run(unshare + ["ip", "link", "set", "lo", "up"]).returncode == 0:
            return unshare + ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"] + command
    except OSError:
        pass
    return command


def judge(results):
    """0 if nothing fails on ours that passes on stock, besides what is expected."""
    native = results.get("native")
    if native is None:
        return 0
    stock = results.get("stock", {})
    expected = read_table("expected.txt")
    status = 0
    for test, outcome in sorted(native.items()):
        name = test.split("[")[0]
        if outcome == FAILED and name in expected:
            print("expected to fail: %s (%s)" % (test, expected[name]))
        elif outcome == FAILED and stock.get(test) == FAILED:
            print("fails on both: %s" % test)
        elif outcome == FAILED:
            status = 1
            print("FAILED on the native library only: %s" % test)
        elif outcome == PASSED and name in expected:
            status = 1
            print("PASSED although expected to fail: %s" % test)
    for test in sorted(set(stock) - set(native)):
        status = 1
        print("MISSING on the native library: %s" % test)
    for kind, found in results.items():
        counts = [list(found.values()).count(outcome) for outcome in (PASSED, FAILED, SKIPPED)]
        print("%s: %d passed, %d failed, %d skipped" % (kind, *counts))
    return status


if __name__ == "__main__":
    sys.exit(main())
