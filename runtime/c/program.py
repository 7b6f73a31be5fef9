"""What `emulate` of this folder and `firmware-demo/size` share: the library for C and a program in C that has it."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent.parent / "firmware-demo"))
from emulation import Failure, Unusable, build_command, build_environment, run_cargo

BOARDS = ("m0", "m4")
# What the panic handler calls, and no one defines.
PANIC = b"runnel_image_contains_a_panic"


def check_tools():
    """Says which tool is missing."""
    for tool in ("arm-none-eabi-gcc", "make"):
        if shutil.which(tool) is None:
            raise Unusable(f"{tool} is missing: runtime/c/install installs it")


def build_library(toolchain, board, features, target_dir, config=()):
    """`librunnel.a` with some of its features; the caller holds `build_folder`."""
    command = build_command(toolchain, board, "runtime-c", ",".join(features)) + list(config)
    done = run_cargo(command, build_environment(toolchain, target_dir))
    if done.returncode != 0:
        raise Failure(f"{done.stdout}\nthe library does not build")
    library = target_dir / board.triple / "firmware" / "librunnel.a"
    if PANIC in library.read_bytes():
        raise Failure("a panicking branch is left in the library (firmware-demo/README.md, No panics)")
    return library


def build_program(name, board_name, library, folder, model=None, rows=None, defines=()):
    """The image of a program of `example`; model and rows are files."""
    command = ["make", "--directory", FOLDER / "example", f"BOARD={board_name}", f"PROGRAM={name}"]
    command += [f"LIBRARY={library}", f"OUT={folder}", f"DEFINES={' '.join(f'-D{define}' for define in defines)}"]
    command += [f"MODEL={model}"] * (model is not None) + [f"ROWS={rows}"] * (rows is not None)
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure(f"{done.stdout}\nthe program does not build")
    return Path(folder) / f"{name}.elf"
