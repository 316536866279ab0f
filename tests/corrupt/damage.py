#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Damages a file in many ways, one after the other, runs it each time, and checks the outcome.

usage: damage.py KIND TOOL FILE [BUILD...]

FILE is a bundle, or a program for `create`. BUILDs are the programs the bundle was made of, named NAME.v1 .. NAME.v4.
KINDs are the functions with @kind in cases.py, malformed.py, appended.py, forged.py, records.py and elf.py. Prints how
often each outcome occurred, and those that are not allowed; status 1 if there are any.
"""

import collections
import multiprocessing
import os
import sys

sys.dont_write_bytecode = True  # the source folder may be read-only
import appended  # noqa: F401 these five modules define kinds of damage
import elf  # noqa: F401
import forged  # noqa: F401
import malformed  # noqa: F401
import records  # noqa: F401
from bundle import Bundle, read
from cases import CANNOT, CREATE, FAILED, KERNEL, KINDS, OK, REFUSED, REMARK, RIGHT, SIGNAL, WRONG, level
from spawn import Spawner, set_limits

LEVELS = ("v1", "v2", "v3", "v4")


def lines_of(ended):
    return ended.err.decode(errors="replace").splitlines(keepends=True)


def only_ours(ended):
    return all(line.startswith("fatelf-amd64: ") and line.endswith("\n") for line in lines_of(ended))


def message(ended, *paths):
    """Whether stderr has only lines of ours, and one that says something about the file."""
    starts = tuple(f"fatelf-amd64: {path}: " for path in paths)
    return only_ours(ended) and any(line.startswith(starts) and line.strip() not in starts for line in lines_of(ended))


class Bench:
    """A copy of the file to damage, and what its programs print if it is intact."""

    def __init__(self, tool, data, builds, folder):
        self.tool, self.data, self.folder = tool, data, folder
        self.path = os.path.join(folder, "prog")
        os.mkdir(folder)
        with open(self.path, "wb") as copy:
            copy.write(data)
        os.chmod(self.path, 0o755)
        # a launcher that fails in a bad way leaves its private file in TMPDIR, where it is removed
        self.spawn = Spawner({"LC_ALL": "C", "TMPDIR": os.path.abspath(folder)})
        self.output, self.bytes = {}, {}
        for build in builds:
            name = build[-2:]
            self.output[name] = self.spawn([build]).out
            with open(build, "rb") as file:
                self.bytes[name] = file.read()
        # for this machine
        self.bytes["best"] = self.spawn([tool, "extract", self.path, "best", "-o", "-"]).out

    def start(self, what):
        """If a launch method is given, the log is on: it has a line for each method with which the launcher was
        ready."""
        name, *launch = what.split()
        asked = {"FATELF_AMD64_LAUNCH": launch[0], "FATELF_AMD64_DEBUG": "log"} if launch else {}
        ended = self.spawn([self.path], FATELF_AMD64=name + "!", **asked)
        log = [line for line in lines_of(ended) if launch and f": starting {name} by " in line]
        if ended.error is not None:
            return KERNEL, ended
        if ended.signal:
            return SIGNAL, ended
        if ended.status == 0:
            return RIGHT if ended.out == self.output[name] and len(lines_of(ended)) == len(log) else WRONG, ended
        said = message(ended, self.path) and len(lines_of(ended)) == len(log) + 1
        if not said or ended.out:
            return FAILED, ended
        return {126: CANNOT, 127: REFUSED}.get(ended.status, FAILED), ended

    def use_tool(self, command):
        name, *arguments = command.split()
        ended = self.spawn([self.tool, name, self.path, *arguments])
        good = name != "extract" or ended.out == self.bytes[arguments[0]]
        if ended.status == 0 and good and only_ours(ended):
            return REMARK if ended.err else OK, ended
        return FAILED if ended.status == 1 and message(ended, self.path) else WRONG, ended

    def create(self):
        made = os.path.join(self.folder, "made")
        ended = self.spawn([self.tool, "create", "-q", "-o", made, "v3=" + self.path])
        left = sorted(os.listdir(self.folder))
        for name in left:
            if name != "prog":
                os.unlink(os.path.join(self.folder, name))
        if ended.status == 0 and only_ours(ended) and left == ["made", "prog"]:
            return REMARK if ended.err else OK, ended
        return FAILED if ended.status == 1 and message(ended, self.path, made) and left == ["prog"] else WRONG, ended

    def run(self, what):
        if what == CREATE:
            return self.create()
        return self.start(what) if what.split()[0] in LEVELS else self.use_tool(what)

    def damage(self, case):
        fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        for offset, changed in case.edits:
            os.pwrite(fd, changed, offset)
        if case.cut is not None:
            os.ftruncate(fd, case.cut)
        os.close(fd)  # exec fails for a file that is open for writing

    def restore(self, case):
        fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        for offset, changed in case.edits:
            os.pwrite(fd, self.data[offset:offset + len(changed)], offset)
        if case.cut is not None:
            os.pwrite(fd, self.data[case.cut:], case.cut)
        os.close(fd)


def work(share):
    """Runs every n-th case. Returns how often each outcome occurred, and those that are not allowed."""
    which, of, kind, tool, path, builds = share
    with open(path, "rb") as file:
        data = file.read()
    seen, faults = collections.Counter(), []
    image, bench = read(data), Bench(tool, data, builds, f"damage.{which}")
    # the intact file works, or the rest would prove nothing
    if isinstance(image, Bundle):
        assert all(bench.start(level(variant))[0] == RIGHT for variant in image.variants), "not a good bundle"
        assert bench.use_tool("verify")[0] == OK, "not a good bundle"
    else:
        assert bench.create()[0] == OK, "not a good build"
    for number, case in enumerate(KINDS[kind](image)):
        if number % of != which:
            continue
        bench.damage(case)
        for what, allowed, *says in case.runs:
            outcome, ended = bench.run(what)
            seen[what, outcome] += 1
            if outcome not in allowed or (ended.err and not all(text.encode() in ended.err for text in says)):
                faults.append(f"{case.name}: {what}: {outcome}, not {' or '.join(allowed)} {says}: status "
                              f"{ended.status}, signal {ended.signal}, {ended.out[:60]!r} {ended.err[:300]!r}")
        bench.restore(case)
    return seen, faults


def main(kind, tool, path, *builds):
    set_limits()
    workers = len(os.sched_getaffinity(0))
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        parts = pool.map(work, [(i, workers, kind, tool, path, builds) for i in range(workers)], chunksize=1)
    seen = sum((part[0] for part in parts), collections.Counter())
    faults = [fault for part in parts for fault in part[1]]
    for (what, outcome), count in sorted(seen.items()):
        print(f"{what}: {outcome}: {count}")
    for fault in faults[:20]:
        print(fault)
    if len(faults) > 20:
        print(f".. and {len(faults) - 20} more")
    return 1 if faults or not seen else 0


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(KINDS)} TOOL FILE [BUILD...]")
    sys.exit(main(*sys.argv[1:]))
