# SPDX-License-Identifier: MIT
"""Test programs that `collect` has put aside: runs one of them, natively or as a bundle."""
import pathlib
import shutil
import tempfile

from methods import check_launch, environment, place, run


def find(folder):
    """(original path, working directory, place) of every test program in the folder."""
    found = []
    for command in sorted(pathlib.Path(folder).glob("*/command")):
        directory, program, *_ = command.read_text().split("\0")
        found.append((pathlib.Path(program), pathlib.Path(directory), command.parent))
    return found


def start(kept, launch, listing, extra=(), **changes):
    """Runs the program in the directory `kept`; returns (exit status, output). With the option `listing`, it only lists
    its tests; `changes` are variables of its environment."""
    directory, program, *arguments = (kept / "command").read_text().split("\0")[:-1]
    variables = dict(entry.split("=", 1) for entry in (kept / "environment").read_text().split("\0")[:-1])
    scratch = tempfile.mkdtemp(prefix="suites")
    try:
        target = pathlib.Path(scratch, "bin", pathlib.Path(program).name)
        place(kept / "program", launch, target)
        temporary = pathlib.Path(scratch, "tmp")
        temporary.mkdir()
        check_launch(target, launch, listing)
        variables = {**variables, "TMPDIR": str(temporary), "PWD": directory, **changes}
        return run([target, *arguments, *extra], cwd=directory, env=variables)
    finally:
        run(["chmod", "-R", "u+rwX", scratch])
        shutil.rmtree(scratch, ignore_errors=True)
