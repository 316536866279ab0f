# SPDX-License-Identifier: MIT
"""The ways in which a program is started, and what all suites need to start one."""
import os
import pathlib
import shutil
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ["BUILD"])
TOOL = BUILD / "fatelf-amd64"
WORK = BUILD / "suites"  # the suites' builds, which are kept
HERE = pathlib.Path(__file__).resolve().parent

# options of `create`, and the method in the launcher's log
METHODS = {
    "memfd": (["--launch", "memfd", "--compress", "zstd:1"], "memfd"),
    "inplace": (["--launch", "inplace"], "inplace"),
    "inplace-zstd": (["--launch", "inplace", "--compress", "zstd:1"], "inplace"),
}
LAUNCHES = ["native", *METHODS]


class Skip(Exception):
    """A suite cannot run on this machine, for this reason."""


class Failure(Exception):
    """Something went wrong that is no test."""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")


def environment(**changes):
    """The environment of this process; a value of None removes the variable."""
    result = {**os.environ, **changes}
    return {name: value for name, value in result.items() if value is not None}


def run(command, seconds=600, **options):
    """Runs a command with nothing to read, and returns (exit status, all that it printed); after so many seconds it is
    killed, with all that it has started. Its exit status is then -9, which no test that passes has."""
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                              process_group=0, **options) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
            finally:
                try:
                    os.killpg(process.pid, 9)
                except ProcessLookupError:
                    pass
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace")


def must(command, seconds=3600, **options):
    """Runs a command that has to succeed, and returns what it printed."""
    status, output = run(command, seconds, **options)
    if status != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit status {status}\n{output[-3000:]}")
    return output


def place(program, launch, target):
    """Makes target a copy of the program or, unless launch is `native`, a bundle of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # it may still run
    if launch == "native":
        # by a program of its own: a child that another thread starts must not have the new file open for writing
        must(["cp", "-p", program, target])
    else:
        must([TOOL, "create", "-q", "-j", "1", *METHODS[launch][0], "-o", target, f"v1={program}"])


def check_launch(program, launch, *arguments):
    """Fails unless the bundle starts by its own method, at the first attempt."""
    if launch == "native":
        return
    _, output = run([program, *arguments], env=environment(FATELF_AMD64_DEBUG="log"))
    said = [line for line in output.splitlines() if line.startswith("fatelf-amd64: ")]
    if len(said) < 1 or f": starting v1 by {METHODS[launch][1]}, " not in said[0] or \
            any(": starting " not in line or str(program) not in line or "by " + METHODS[launch][1] not in line
                for line in said):
        raise Failure(f"{program} does not start by {launch}:\n{output[:1000]}")
