#!/usr/bin/env python3
"""Damages a bundle in many ways, one after the other, starts each and looks at what comes of it.

usage: damage.py KIND TOOL BUNDLE BUILD...

BUILDs are the programs the bundle was made of, named NAME.v1 .. NAME.v4. KINDs are the functions at the end that are
marked with @kind. Prints what was seen how often and what was not as it should be; status 1 if anything was not.
"""

import collections
import multiprocessing
import os
import struct
import sys

sys.dont_write_bytecode = True  # nothing is left behind in the source folder
from bundle import HEADER, HEADER_SIZE, PT_LOAD, PT_NOTE, STORED, Bundle
from spawn import Spawner, set_limits

# What may come of a start of the bundle:
#   right     the variant asked for ran: its output, status 0
#   refused   status 127, one line on stderr that says why, nothing from the program
#   kernel    exec itself failed
#   signal    death by a signal
#   failed    another status, but nothing that looks like the program
# and of a run of the tool:
#   ok        status 0 and the right output
#   failed    status 1 and messages
# "wrong" is anything else and never allowed.
STARTS = ("v1", "v2", "v3", "v4")
REFUSED, RIGHT, KERNEL, SIGNAL, FAILED, OK = "refused", "right", "kernel", "signal", "failed", "ok"

# name: for the report. edits: ((offset, bytes), ..). cut: size that the file is cut to, or None.
# runs: ((what, classes that are allowed), ..); what: a level to start, or a sub-command and its arguments.
Case = collections.namedtuple("Case", "name edits cut runs")


def message(ended, path):
    """Nothing but lines of ours that name the file?"""
    lines = ended.err.decode(errors="replace").split("\n")
    start = f"fatelf-amd64: {path}: "
    return len(lines) > 1 and lines[-1] == "" and all(l.startswith(start) and len(l) > len(start) for l in lines[:-1])


class Bench:
    """A copy of the bundle to damage, and what its programs print when all is well."""

    def __init__(self, tool, data, builds, folder):
        self.tool, self.data, self.path = tool, data, os.path.join(folder, "prog")
        os.mkdir(folder)
        with open(self.path, "wb") as copy:
            copy.write(data)
        os.chmod(self.path, 0o755)
        # with TMPDIR, a launcher gone mad leaves its private file where it is cleaned up
        self.spawn = Spawner({"LC_ALL": "C", "TMPDIR": os.path.abspath(folder)})
        self.output, self.bytes = {}, {}
        for build in builds:
            level = build[-2:]
            self.output[level] = self.spawn([build]).out
            with open(build, "rb") as file:
                self.bytes[level] = file.read()

    def start(self, level):
        ended = self.spawn([self.path], FATELF_AMD64=level + "!")
        if ended.error is not None:
            return KERNEL, ended
        if ended.signal:
            return SIGNAL, ended
        if ended.status == 0:
            return RIGHT if ended.out == self.output[level] and not ended.err else "wrong", ended
        if ended.out:
            return "wrong", ended
        return REFUSED if ended.status == 127 and message(ended, self.path) and ended.err.count(b"\n") == 1 \
            else FAILED, ended

    def use_tool(self, command):
        name, *arguments = command.split()
        ended = self.spawn([self.tool, name, self.path, *arguments])
        good = name != "extract" or ended.out == self.bytes[arguments[0]]
        if ended.status == 0 and good and not ended.err:
            return OK, ended
        return FAILED if ended.status == 1 and message(ended, self.path) else "wrong", ended

    def run(self, what):
        return self.start(what) if what in STARTS else self.use_tool(what)

    def damage(self, case):
        fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        for offset, changed in case.edits:
            os.pwrite(fd, changed, offset)
        if case.cut is not None:
            os.ftruncate(fd, case.cut)
        os.close(fd)  # a file that is open for writing cannot be started

    def restore(self, case):
        fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        for offset, changed in case.edits:
            os.pwrite(fd, self.data[offset:offset + len(changed)], offset)
        if case.cut is not None:
            os.pwrite(fd, self.data[case.cut:], case.cut)
        os.close(fd)


def work(share):
    """Every n-th case. Returns how often each outcome was seen, and the faults."""
    which, of, kind, tool, path, builds = share
    with open(path, "rb") as file:
        data = file.read()
    seen, faults = collections.Counter(), []
    bundle, bench = Bundle(data), Bench(tool, data, builds, f"damage.{which}")
    for number, case in enumerate(KINDS[kind](bundle)):
        if number % of != which:
            continue
        bench.damage(case)
        for what, allowed in case.runs:
            outcome, ended = bench.run(what)
            seen[what, outcome] += 1
            if outcome not in allowed:
                faults.append(f"{case.name}: {what}: {outcome}, not {' or '.join(allowed)}: status {ended.status}, "
                              f"signal {ended.signal}, {ended.out[:60]!r} {ended.err[:300]!r}")
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


# --- kinds of damage ---------------------------------------------------------------------------------------------------

KINDS = {}


def kind(function):
    KINDS[function.__name__.replace("_", "-")] = function
    return function


def flip(bundle, name, offset, bit, *runs):
    return Case(f"{name}: byte {offset:#x} bit {bit}", ((offset, bytes([bundle.data[offset] ^ 1 << bit])),), None, runs)


def some_bit(offset):
    """One of a byte's bits, always the same one, without a pattern."""
    return (offset * 2654435761 >> 13) % 8


def level(variant):
    return f"v{variant.level}"


@kind
def note(bundle):
    """Every bit of the note's header and of the manifest, whichever variant is asked for."""
    padding = range(bundle.note + 12 + 13, bundle.manifest)  # behind the owner's name; means nothing
    for offset in range(bundle.note, bundle.note_end):
        if offset in padding:
            continue
        for bit in range(8):
            chosen = bundle.variants[(offset + bit) % len(bundle.variants)]
            runs = [(level(chosen), (REFUSED,))]
            if bit == some_bit(offset):
                runs += [("verify", (FAILED,)), ("list", (FAILED,)), ("extract " + level(chosen) + " -o -", (FAILED,))]
            yield flip(bundle, "note", offset, bit, *runs)


def frame_bytes(frame, step):
    """Header and checksum byte by byte, and every step-th byte between."""
    edge = min(len(frame), 32)
    return sorted({*frame[:edge], *frame[edge:-4:step], *frame[-4:]})


def flips_in_frames(bundle, step):
    for variant in bundle.variants:
        own = level(variant)
        for number, frame in enumerate(variant.frames):
            for offset in frame_bytes(frame, step):
                runs = [(own, (REFUSED,))]
                if (offset - frame.start) % (step * 8) == 0:
                    runs += [("verify", (FAILED,)), (f"extract {own} -o -", (FAILED,)), ("list", (OK,))]
                    runs += [(level(other), (RIGHT,)) for other in bundle.variants if other is not variant]
                    runs += [(f"extract {level(other)} -o -", (OK,)) for other in bundle.variants[:1]
                             if other is not variant]
                yield flip(bundle, f"{own} frame {number}", offset, some_bit(offset), *runs)


@kind
def frames(bundle):
    """One bit in every byte of every frame."""
    yield from flips_in_frames(bundle, 1)


@kind
def frames_by_steps(bundle):
    """The same for large frames: not every byte between header and checksum."""
    longest = max(len(frame) for variant in bundle.variants for frame in variant.frames)
    yield from flips_in_frames(bundle, longest // 64)


@kind
def seek_table(bundle):
    """Every bit of every seek table."""
    for variant in bundle.variants:
        for offset in variant.seek_table:
            for bit in range(8):
                runs = [(level(variant), (REFUSED,))]
                if bit == some_bit(offset):
                    others = [other for other in bundle.variants if other is not variant]
                    runs += [("verify", (FAILED,)), *((level(other), (RIGHT,)) for other in others)]
                yield flip(bundle, f"{level(variant)} seek table", offset, bit, *runs)


if __name__ == "__main__":
    if len(sys.argv) < 5 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(KINDS)} TOOL BUNDLE BUILD...")
    sys.exit(main(*sys.argv[1:]))
