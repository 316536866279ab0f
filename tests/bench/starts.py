# SPDX-License-Identifier: MIT
"""Sections start, tiny, memory, payload: what a launch costs in time and memory."""

import os
import shutil
import subprocess
from pathlib import Path

from common import (BUILD, MB, OUT, STUB, TOOL, at_most, base_arguments, base_level, compile_c, create, delta_level,
                    encodings_of, levels, move_section_headers, over, program, row, show, spawn)


def start():
    """start of a large program, compared with the raw launcher, which does only what every memfd launcher must do"""
    real = program()
    base, delta = base_level(), delta_level()
    stored = create(OUT / "real.stored", "--compress", "none", *levels(real.builds))
    raw = compile_c("rawlaunch")
    commands = {
        "native": [real.builds[base], *real.arguments],
        "raw launcher": [raw, real.builds[base], *real.arguments],
        "bundle, base variant": [f"FATELF_AMD64=v{base}", real.bundle, *real.arguments],
        "bundle, --compress none": [f"FATELF_AMD64=v{base}", stored, *real.arguments],
    }
    if delta:
        commands["native of the other variant"] = [real.builds[delta], *real.arguments]
        commands["bundle, other variant"] = [f"FATELF_AMD64=v{delta}", real.bundle, *real.arguments]
    print(f"  base variant: v{base}; other variant: " +
          (f"v{delta}, encoding {encodings_of(real.bundle)[delta]}" if delta else "none that runs here"))
    measured = show("start", 100, commands)
    least, base_over = over(measured, "raw launcher"), over(measured, "bundle, base variant")
    at_most("start over native, base variant: bundle / raw launcher", base_over / least, 1.2)
    if delta:
        delta_over = over(measured, "bundle, other variant", "native of the other variant")
        at_most("start over native: delta variant / base variant", delta_over / base_over, 1.12)
    row("start over native with --compress none: bundle / raw launcher",
        f"{over(measured, 'bundle, --compress none') / least:.2f}")
    stored.unlink()


def tiny():
    """start of a program that does nothing: the fixed cost of the launcher"""
    one = compile_c("tiny")
    bundle = create(OUT / "tiny.bundle", *levels({level: one for level in range(1, 5)}))
    measured = show("tiny", 1000, {
        "native": [one],
        "raw launcher": [compile_c("rawlaunch"), one],
        "bundle": [bundle],
    })
    at_most("start of a tiny program, bundle over native", over(measured, "bundle"), 0.4, " ms")
    row("the same, raw launcher over native", f"{over(measured, 'raw launcher'):.2f} ms")
    stub = STUB.stat().st_size
    row("size of the stub", f"{stub / 1000:.0f} KB", "<= 400 KB", stub <= 400 * 1000)


def memory():
    """peak memory of create and of a start"""
    real = program()
    # with a base, each thread needs a prefix as well, and zstd larger tables
    create_memory("peak memory of create with 2, 3, 4 builds", range(2, 5))
    create_memory("the same with --no-delta, 1, 2, 3, 4 builds", range(1, 5), "--no-delta")
    base, delta = base_level(), delta_level()
    launch_memory("base variant", "variant + 8 MB", base, real.builds[base].stat().st_size + 8 * MB)
    if delta and encodings_of(real.bundle)[delta] == "zstd-delta":
        launch_memory("delta variant", "variant + 16 MB", delta, real.builds[delta].stat().st_size + 16 * MB)


def create_memory(what, counts, *options):
    new = OUT / "real.new"
    builds = levels(program().builds)[::-1]  # highest level first: any two have v3, the base
    runs = spawn(1, *[[TOOL, "create", "-q", "--force", "-o", new, *options, *builds[:n]] for n in counts])
    new.unlink()
    peaks = [one.resident for one in runs]
    row(what, ", ".join(f"{peak / MB:.1f}" for peak in peaks) + " MB", "does not grow", max(peaks) <= peaks[0] * 1.1)


def launch_memory(name, rule, level, limit):
    real = program()
    environment = f"FATELF_AMD64=v{level}"
    native, bundle = spawn(5, [real.builds[level], *real.arguments], [environment, real.bundle, *real.arguments])
    target = f"{rule} = {limit / MB:.1f} MB"
    row(f"peak resident memory, native, {name}", f"{native.resident / MB:.1f} MB")
    row("peak resident memory, launch of the bundle", f"{bundle.resident / MB:.1f} MB", target,
        bundle.resident <= limit)
    try:
        native = charged(real.builds[level], *real.arguments)
        bundle = charged("env", environment, real.bundle, *real.arguments)
    except OSError as error:
        print(f"  memory charged to a control group: not measured, {error}")
        return
    # the memory of the variant itself is charged in both cases
    row(f"memory charged to a control group, native, {name}", f"{native / MB:.1f} MB")
    row("the same, launch of the bundle over native", f"{(bundle - native) / MB:.1f} MB", target,
        bundle - native <= limit)


def charged(*command):
    """The peak of the memory that the kernel charges to a control group during a run, median of five runs. It includes
    pages of the memfd, which no process maps while they are written."""
    root = Path("/sys/fs/cgroup")
    root, peak = (root, "memory.peak") if (root / "cgroup.controllers").exists() else (
        root / "memory", "memory.max_usage_in_bytes")
    peaks = []
    for _ in range(5):
        group = root / f"fatelf-bench.{os.getpid()}"
        group.mkdir()
        try:
            # a shell moves into the group, because the memory of this interpreter would be larger
            subprocess.run(["sh", "-c", 'echo $$ >"$0" && exec "$@"', group / "cgroup.procs", *command],
                           check=True, stdout=subprocess.DEVNULL)
            peaks.append(int((group / peak).read_text()))
        finally:
            group.rmdir()
    return sorted(peaks)[2]


def payload():
    """start of a small build in a bundle with a large one: the cost of payloads that are not chosen"""
    one = compile_c("tiny")
    bundles = []
    for megabytes in (1, 400):
        large = OUT / f"large.{megabytes}"
        shutil.copy(one, large)
        os.truncate(large, max(one.stat().st_size, (megabytes - 1) * MB))
        with large.open("ab") as file:
            file.write(os.urandom(MB))
        move_section_headers(large)
        bundles.append(create(OUT / f"payload.{megabytes}", "--compress", "none", f"v1={one}", f"v4={large}"))
        large.unlink()
    measured = show("payload", 1000, {f"v1 beside {bundle.stat().st_size / MB:.0f} MB": ["FATELF_AMD64=v1", bundle]
                                      for bundle in bundles})
    small, large = measured.values()
    ratio = large.median / small.median
    row("start of a small build beside 400 MB / beside 1 MB", f"{ratio:.2f}", "1.00, at most 1.10", ratio <= 1.1)
    for bundle in bundles:
        bundle.unlink()
