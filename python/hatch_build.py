"""Build hook: puts the native library into the wheel and the Rust sources into the sdist.

The environment variable ZK_PREBUILT_LIB names a library that is built already; otherwise cargo builds it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # read for version() alone
    BuildHookInterface = object

#: Where the library lies in the wheel; its loader looks there.
IN_WHEEL = "zookeeper_native/_lib/libzookeeper_mt.so.2"
#: Where the Rust sources lie in the sdist.
IN_SDIST = "rust"
#: The parts of the repository that cargo needs. Workspace members have to be there even if nothing of them is built.
RUST_SOURCES = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "build.rs",
    "cbindgen.toml",
    "crates",
    "include",
    "src",
    "xtask",
]

HERE = Path(__file__).resolve().parent


def rust_sources() -> Path:
    """The folder with Cargo.toml: inside an unpacked sdist, or the repository around this folder."""
    for folder in (HERE / IN_SDIST, HERE.parent):
        if (folder / "Cargo.toml").exists():
            return folder
    raise RuntimeError(f"there are no Rust sources in {HERE / IN_SDIST} or {HERE.parent}")


def version() -> str:
    """The project's version, as Cargo.toml says it."""
    text = (rust_sources() / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^\[workspace\.package\][^\[]*?^version = "([^"]+)"', text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise RuntimeError("Cargo.toml does not tell the version")
    return found.group(1)


def native_library() -> Path:
    """The library to ship: the prebuilt one, or what cargo builds now."""
    prebuilt = os.environ.get("ZK_PREBUILT_LIB")
    if prebuilt:
        library = Path(prebuilt).resolve()
        if not library.is_file():
            raise RuntimeError(f"ZK_PREBUILT_LIB names {prebuilt}, which is not a file")
        return library
    sources = rust_sources()
    target = sources / os.environ.get("CARGO_TARGET_DIR", "target")
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "build", "--release", "--locked", "-p", "zookeeper_mt", "--target-dir", str(target)]
    try:
        subprocess.run(command, cwd=sources, check=True)
    except FileNotFoundError:
        raise RuntimeError(
            "cargo is needed to build the native library (or let ZK_PREBUILT_LIB name a built one)"
        ) from None
    return target / "release" / "libzookeeper_mt.so"


class NativeLibraryHook(BuildHookInterface):
    """Adds to the wheel or the sdist what lies outside this folder."""

    def initialize(self, version: str, build_data: dict) -> None:
        if self.target_name == "sdist":
            sources = rust_sources()
            if sources == HERE.parent:
                for name in RUST_SOURCES:
                    if (sources / name).exists():
                        build_data["force_include"][str(sources / name)] = f"{IN_SDIST}/{name}"
            return
        build_data["force_include"][str(native_library())] = IN_WHEEL
        build_data["pure_python"] = False
        # The library is loaded by ctypes, so that one wheel serves every Python of the platform.
        platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
        build_data["tag"] = f"py3-none-{platform}"
