"""What the commands that emulate boards share: the boards, which Rust builds for them, and QEMU."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target").absolute()
DEBIAN_BIN = Path("/usr/bin")
# What the linker says of an image that is too large: the memory, and the bytes too many.
OVERFLOW = r"will not fit in region '(\w+)': overflowed by (\d+) bytes"


# Orders of an int8 model's weights, by their number in the header (runtime/FORMAT.md), and the runtime's features for them.
ROW_MAJOR, HALF_WORDS = range(2)
PACKING_FEATURES = ("row-major", "half-words")

# The runtime's features in the order of their bits in a model's header.
RUNTIME_FEATURES = tuple(
    name
    for name in tomllib.loads((REPOSITORY / "runtime/Cargo.toml").read_text())["features"]["default"]
    if name not in PACKING_FEATURES
)


# Where the header of a model has its packing and its bit of each feature.
PACKING_OFFSET, NEEDS_OFFSET = 7, 8


def needed_features(model):
    """The runtime's features that a model needs, as its header names them: an image has code for no others."""
    needs = int.from_bytes(model[NEEDS_OFFSET : NEEDS_OFFSET + 4], "little")
    names = [name for bit, name in enumerate(RUNTIME_FEATURES) if needs >> bit & 1]
    return [*names, *PACKING_FEATURES[model[PACKING_OFFSET] : model[PACKING_OFFSET] + 1]]


class Board(NamedTuple):
    """An emulated board, the packing of weights that its build of the runtime has kernels for, and the feature of these kernels."""

    machine: str
    triple: str
    packing: int = ROW_MAJOR
    kernels: str | None = None


BOARDS = {
    "m0": Board("microbit", "thumbv6m-none-eabi"),
    "m3": Board("mps2-an385", "thumbv7m-none-eabi"),
    "m4": Board("mps2-an386", "thumbv7em-none-eabihf", HALF_WORDS),
    "m7": Board("mps2-an500", "thumbv7em-none-eabihf", HALF_WORDS),
    "m33": Board("mps2-an505", "thumbv8m.main-none-eabihf"),
    "m55": Board("mps3-an547", "thumbv8m.main-none-eabihf", kernels="helium"),
}


class Failure(Exception):
    """A run that went wrong."""

    status = 1


class Unusable(Failure):
    """Bad usage, bad input or a missing tool."""

    status = 2


def output_of(command, **options):
    """Standard output of a command; nothing if it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY, **options)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


# Building an image.


class Toolchain(NamedTuple):
    """How cargo is called for a triple."""

    origin: str
    cargo: list
    environment: dict


def find_toolchain(triple):
    """The toolchain of rustup if it has the target, else Debian's."""
    if triple in output_of(["rustup", "target", "list", "--installed"]).split():
        return Toolchain("rustup", ["cargo", "build"], {})
    debian = debian_toolchain(triple)
    if debian is None:
        raise Unusable(f"Rust for {triple} is missing: firmware-demo/install installs it")
    return debian


def debian_toolchain(triple):
    """Debian's compiler, which builds `core` itself; `None` if a part of it is missing."""
    rustc = DEBIAN_BIN / "rustc"
    sysroot = Path(output_of([rustc, "--print", "sysroot"]))
    source = sysroot / "lib/rustlib/src/rust/library/core"
    linker = find_linker([sysroot, Path(output_of(["rustc", "--print", "sysroot"]))])
    if not (source.is_dir() and (DEBIAN_BIN / "cargo").is_file() and linker):
        return None
    environment = {
        "PATH": f"{DEBIAN_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "RUSTC": str(rustc),
        "RUSTC_BOOTSTRAP": "1",
        f"CARGO_TARGET_{re.sub('[-.]', '_', triple).upper()}_LINKER": str(linker),
    }
    return Toolchain("debian", [str(DEBIAN_BIN / "cargo"), "build", "-Z", "build-std=core"], environment)


def find_linker(sysroots):
    """LLVM's linker, as a Rust toolchain brings it along."""
    found = (path for root in sysroots for path in root.glob("lib/rustlib/*/bin/rust-lld") if path.is_file())
    return next(found, None) or shutil.which("rust-lld") or shutil.which("ld.lld")


@contextlib.contextmanager
def build_folder():
    """Where images are built. Held until the caller has copied its image: all runs build in the same places."""
    folder = TARGET_DIR / "firmware"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "emulate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def build_command(toolchain, board, package, features):
    """How cargo builds the image of a package."""
    command = toolchain.cargo + ["--package", package, "--profile", "firmware"]
    return command + ["--target", board.triple, "--no-default-features", "--features", features]


def image_path(folder, board, package):
    """Where that command leaves the image."""
    return folder / board.triple / "firmware" / package


def place(path, content):
    """Writes a file unless it is so already; its path."""
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
    return str(path)


def build_environment(toolchain, target_dir):
    """The environment without what would replace the flags or the target of the image."""
    unwanted = {"RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"}
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    return environment | toolchain.environment | {"CARGO_TARGET_DIR": str(target_dir)}


def run_cargo(command, environment):
    """A build that has ended, its standard output and error as one text."""
    try:
        return subprocess.run(
            command, env=environment, cwd=REPOSITORY, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise Unusable(f"{command[0]}: {error.strerror}") from error


# Running it.


def qemu_command(board, image, serial="none"):
    """How QEMU runs an image, one instruction a nanosecond of its clock; `serial`: what its serial line is connected with."""
    command = ["qemu-system-arm", "-machine", board.machine, "-kernel", str(image)]
    command += ["-display", "none", "-serial", serial, "-monitor", "none", "-icount", "shift=0"]
    return command + ["-semihosting-config", "enable=on,target=native"]


def run_qemu(board, image, timeout):
    """An emulated run that has ended."""
    command = qemu_command(board, image)
    try:
        return subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise Unusable("qemu-system-arm is missing: firmware-demo/install installs it") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"the image did not end within {timeout:g} seconds") from error
