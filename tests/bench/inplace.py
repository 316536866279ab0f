# SPDX-License-Identifier: MIT
"""Section inplace: what a start in place costs, compared with the program itself and with launch method memfd."""

import os
import subprocess

from common import (BENCH, CC, MB, OUT, at_most, base_level, copied, create, levels, output, over, program, row, show,
                    spawn)

SIZES = (1, 10, 50, 100)  # MB
PROCESSES = 20


class Filled:
    """A program of a given size, and a bundle of it for each launch method. All of them are copies, as an installer
    writes them."""

    def __init__(self, megabytes):
        self.native = OUT / f"filled.{megabytes}"
        if not self.native.exists():
            content = OUT / "filled.content"
            content.write_bytes(os.urandom(megabytes * MB))
            output(CC, "-static", "-s", "-O2", f'-DCONTENT="{content}"', "-o", self.native, BENCH / "filled.c")
            content.unlink()
            copied(self.native)
        self.stored = self.bundle("stored", "--launch", "inplace")
        self.memfd = self.bundle("memfd", "--launch", "memfd", "--compress", "none")

    def bundle(self, name, *options):
        return copied(create(OUT / f"{self.native.name}.{name}", *options, f"v1={self.native}"))

    def clear(self):
        for file in OUT.glob(f"{self.native.name}.*"):
            file.unlink()


def inplace():
    """starts in place: time, with cached files and without; memory of processes that run at the same time; size"""
    filled = {megabytes: Filled(megabytes) for megabytes in SIZES}
    os.sync()  # nothing is to be written to the disk while starts are measured
    warm(filled)
    for megabytes in (1, 10):
        cold(f"{megabytes} MB", filled[megabytes].native, filled[megabytes].stored)
    side_by_side(filled[10])
    for one in filled.values():
        one.clear()
    compressed()


def warm(filled):
    commands = {}
    for megabytes, one in filled.items():
        commands[f"{megabytes} MB, native"] = [one.native]
        commands[f"{megabytes} MB, stored in place"] = [one.stored]
    measured = show("inplace", 100, commands)
    costs = [over(measured, f"{megabytes} MB, stored in place", f"{megabytes} MB, native") for megabytes in SIZES]
    for megabytes, cost in zip(SIZES, costs):
        at_most(f"start over native, stored in place, {megabytes} MB", cost, 0.3, " ms")
    row(f"the same, {SIZES[-1]} MB minus {SIZES[0]} MB", f"{costs[-1] - costs[0]:.2f} ms")
    one = filled[SIZES[-1]]
    # measured apart from the others, because it would evict them from the processor's caches
    inplace, memfd = spawn(20, [one.stored], [one.memfd])
    row(f"start, {SIZES[-1]} MB, stored: in place / memfd", f"{inplace.median / memfd.median:.3f}")


def cold(what, native, stored, *arguments, environment="A=B"):
    """The first start after a boot, when the file is not in the page cache."""
    one, other = spawn(20, [f"@{native}", native, *arguments], [environment, f"@{stored}", stored, *arguments])
    at_most(f"first start over native, file not cached, {what}", other.median - one.median, 1, " ms")
    row("the same, in place / native", f"{other.median / one.median:.2f}")


def side_by_side(one):
    """The memory that each process adds: its own pages, and its share of the pages that it shares (PSS)."""
    native = added(one.native)
    stored = added(one.stored)
    memfd = added(one.memfd)
    row(f"memory (PSS) of each of {PROCESSES} processes of 10 MB", f"native {native / 1024:.2f} MiB, in place "
        f"{stored / 1024:.2f} MiB, memfd {memfd / 1024:.2f} MiB")
    at_most("the same, in place / native", stored / native, 1.05)
    row("the same, memfd / native", f"{memfd / native:.2f}")
    row("size, stored in place / the build", f"{one.stored.stat().st_size / one.native.stat().st_size:.3f}")


def added(command):
    """The average PSS of PROCESSES processes, in KiB."""
    processes = [subprocess.Popen([command, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                 for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdout.readline() == b"ready\n"
    total = sum(proportional(process.pid) for process in processes)
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    return total / PROCESSES


def proportional(pid):
    """The proportional set size (PSS) of a process, in KiB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def compressed():
    real = program()
    base = base_level()
    stored = copied(create(OUT / "real.stored", "--launch", "inplace", *levels(real.builds)))
    coded = create(OUT / "real.coded", "--launch", "inplace", "--compress", "zstd", *levels(real.builds))
    asked = f"FATELF_AMD64=v{base}"
    measured = show("inplace.compressed", 100, {
        "native": [real.builds[base], *real.arguments],
        "stored in place": [asked, stored, *real.arguments],
        "compressed in place": [asked, coded, *real.arguments],
        "compressed, memfd": [asked, "FATELF_AMD64_LAUNCH=memfd", coded, *real.arguments],
    })
    os.sync()
    # /sys/block/*/queue/read_ahead_kb says how far the kernel reads beyond the end of the variant
    cold(real.name, real.builds[base], stored, *real.arguments, environment=asked)
    at_most(f"start over native, {real.name}, stored in place", over(measured, "stored in place"), 0.3, " ms")
    ratio = over(measured, "compressed in place") / over(measured, "compressed, memfd")
    at_most(f"start over native, {real.name}, compressed: in place / memfd", ratio, 1)
    row(f"size, four builds of {real.name}, for starts in place / one build",
        f"stored {stored.stat().st_size / real.size:.2f}, compressed {coded.stat().st_size / real.size:.2f}")
    stored.unlink()
    coded.unlink()
