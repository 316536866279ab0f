# SPDX-License-Identifier: MIT
"""Shared by the sections of tests/bench/run: directories, the large program, starts in turn, result rows and tables."""

import csv
import functools
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BENCH = TOP / "tests/bench"
BUILD = Path(os.environ.get("BUILD", TOP / "build")).resolve()
OUT = BUILD / "bench"
TOOL = BUILD / "fatelf-amd64"
STUB = BUILD / "fatelf-amd64-stub"
CC = os.environ.get("CC", "cc")
MB = 1000 * 1000

rows = []  # results: (what, figure, target, met)


class Skip(Exception):
    """Something that a section needs is missing; the argument says what."""


def move_section_headers(program):
    """Copies the section headers to the end of the file, so that all that was appended belongs to the ELF file. For
    other appended data, `create` wants to have the same in all builds."""
    with program.open("r+b") as file:
        header = file.read(64)
        table, = struct.unpack_from("<Q", header, 40)
        count, = struct.unpack_from("<H", header, 60)
        file.seek(table)
        headers = file.read(64 * count)
        end = file.seek(0, os.SEEK_END)
        file.write(headers)
        file.seek(40)
        file.write(struct.pack("<Q", end))


# --- output ----------------------------------------------------------------------------------------------------------


def row(what, figure, target="", met=None):
    rows.append((what, figure, target, "" if met is None else "yes" if met else "NO"))
    print(f"  {what}: {figure}" + (f" (target {target}: {rows[-1][3]})" if target else ""), flush=True)


def at_most(what, figure, limit, unit=""):
    """A row whose target is an upper limit; both are printed with two decimals."""
    row(what, f"{figure:.2f}{unit}", f"<= {limit:.2f}{unit}", figure <= limit)


def aligned(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(f"{word:<{width}}" for word, width in zip(line, widths)).rstrip(), flush=True)


class Table:
    """A table that is printed line by line and written to BUILD/bench/SECTION.csv."""

    def __init__(self, section, *columns, first=0):
        """first: the minimum width of the first column."""
        self.file = (OUT / f"{section}.csv").open("w", newline="")
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.widths = [max(len(column), 9) for column in columns]
        self.widths[0] = max(self.widths[0], first)
        self.add(*columns)

    def add(self, *cells):
        words = ["" if cell is None else f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells]
        self.writer.writerow(words)
        self.file.flush()
        print("    " + "  ".join(f"{word:<{width}}" for word, width in zip(words, self.widths)).rstrip(), flush=True)


# --- what the sections need -------------------------------------------------------------------------------------------


def output(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True,
                          **options).stdout


def compile_c(name):
    """Compiles a static program of tests/bench, with musl if it is installed, because such programs start fastest."""
    program_file = OUT / name
    source = BENCH / f"{name}.c"
    if not program_file.exists() or program_file.stat().st_mtime < source.stat().st_mtime:
        compiler = "musl-gcc" if shutil.which("musl-gcc") else CC
        output(compiler, "-static", "-s", "-O2", "-o", program_file, source)
    return program_file


def create(bundle, *arguments):
    output(TOOL, "create", "-q", "--force", "-o", bundle, *arguments)
    return bundle


def copied(file):
    """Replaces a file by a copy of itself, written the way an installer writes files. This decides how large the pieces
    are in which the kernel caches and maps the file."""
    copy = file.with_name(f"{file.name}.copy")
    shutil.copy(file, copy)
    return copy.replace(file)


def bundle_size(*arguments):
    bundle = create(OUT / "measured", *arguments)
    bundled = bundle.stat().st_size
    bundle.unlink()
    return bundled


def levels(builds):
    """The arguments of create for {level: file}."""
    return [f"v{level}={build}" for level, build in builds.items()]


@functools.cache
def machine_level():
    return int(json.loads(output(TOOL, "cpu", "--json"))["level"].lstrip("v"))


def base_level():
    """The level of the base: v3, which is the default of create, or the machine's level if that is lower."""
    return min(machine_level(), 3)


def delta_level():
    """A level that this machine can run and that is not the base, or None."""
    return 4 if machine_level() == 4 else base_level() - 1 or None


def base_arguments():
    return ["--base", f"v{base_level()}"] if base_level() != 3 else []


def encodings_of(bundle):
    """{level: encoding} of a bundle's variants."""
    return {int(one["level"].lstrip("v")): one["encoding"]
            for one in json.loads(output(TOOL, "list", "--json", bundle))["variants"]}


class Program:
    """Four stripped builds of a real program of 15 MB or more, and a bundle of them."""

    def __init__(self):
        folder = BUILD / "examples/compile"
        if shutil.which("go"):
            self.name, self.arguments = "the Go compiler", ["-V"]
            if not (folder / "compile").exists():
                print("building the Go compiler for four levels; this takes some minutes, but only once", flush=True)
                subprocess.run([TOP / "examples/go/build", folder, "cmd/compile"], check=True,
                               env={**os.environ, "FATELF": str(TOOL)})
            self.builds = {level: folder / f"compile.v{level}" for level in range(1, 5)}
        else:
            compiler = Path(output(CC, "-print-prog-name=cc1").strip())
            self.name, self.arguments = f"four copies of {compiler.name} (Go is not installed)", ["--version"]
            self.builds = {level: OUT / f"cc1.v{level}" for level in range(1, 5)}
            for build in self.builds.values():
                if not build.exists():
                    output("strip", "-o", build, compiler)
        self.size = largest(self.builds)
        self.bundle = create(OUT / "real", *base_arguments(), *levels(self.builds))


def largest(builds):
    return max(build.stat().st_size for build in builds.values())


@functools.cache
def program():
    real = Program()
    print(f"  the program: {real.name}, {real.size / MB:.1f} MB per build", flush=True)
    return real


# --- starts in turn ---------------------------------------------------------------------------------------------------


class Measured:
    """A line of spawn's output: times in ms, resident size in bytes."""

    def __init__(self, line):
        words = line.split()
        self.least, self.median = float(words[0]) / 1000, float(words[1]) / 1000
        self.resident = int(words[3]) * 1024


def spawn(rounds, *commands):
    """Runs the commands in turn. See spawn.c for what may come before the name of a command."""
    words = [compile_c("spawn"), rounds]
    for index, command in enumerate(commands):
        words += ["--", *command] if index else command
    return [Measured(line) for line in output(*words).splitlines()]


def show(section, rounds, commands):
    """Runs the commands of {name: command} in turn, prints the times, returns {name: Measured}."""
    measured = dict(zip(commands, spawn(rounds, *commands.values())))
    table = Table(section, "start of", "median ms", "minimum ms", first=max(map(len, commands)))
    for name, one in measured.items():
        table.add(name, one.median, one.least)
    return measured


def over(measured, name, native="native"):
    """Start over native, in ms: the median time of a start minus that of the native start."""
    return measured[name].median - measured[native].median
