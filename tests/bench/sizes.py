# SPDX-License-Identifier: MIT
"""Sections size, encodings, coding: how large bundles are, and how long it takes to make them."""

from common import (BENCH, CC, MB, OUT, TOOL, Skip, Table, at_most, bundle_size, largest, levels, output,
                    program, row, spawn)

LANGUAGES = {"go": "Go compiler", "rust": "ripgrep", "c": "git", "c++": "cppcheck", "float": "gmic"}
KINDS = ("stripped", "debug", "zdebug")
TARGETS = {("go", "stripped"): 0.55, ("rust", "stripped"): 0.9, ("c++", "stripped"): 0.9,
           ("float", "stripped"): 0.9}


def size():
    """how large a bundle is, and how long `create` takes"""
    real = program()
    at_most(f"size, four builds of {real.name} in the bundle / one build", real.bundle.stat().st_size / real.size, 0.55)
    row("the same with --no-delta", f"{bundle_size('--no-delta', *levels(real.builds)) / real.size:.2f}")
    for language, kind in TARGETS:
        builds = builds_of(language, kind)
        if builds and language != "go":
            target_row(language, kind, bundle_size(*levels(builds)) / largest(builds))
    create_time(real)


def create_time(real):
    new = OUT / "real.new"
    command = [TOOL, "create", "-q", "--force", "-o", new, *levels(real.builds)]
    one, two = spawn(3, [*command, "-j1"], [*command, "-j2"])
    new.unlink()
    total = sum(build.stat().st_size for build in real.builds.values())
    # the limit is 15 s for 4 x 16 MB, scaled to this size
    at_most(f"time of create, -j2, {total / MB:.0f} MB", two.median / 1000, 15 * total / (4 * 16 * MB), " s")
    row("time of create, -j1 / -j2", f"{one.median / two.median:.2f}")


# --- other programs ---------------------------------------------------------------------------------------------------


def builds_of(language, kind):
    """The builds that tests/bench/builds has made; None unless all levels exist."""
    builds = {level: OUT / "builds" / f"{language}.{kind}.v{level}" for level in range(1, 5)}
    return builds if all(build.exists() for build in builds.values()) else None


def target_row(language, kind, ratio):
    at_most(f"size, {LANGUAGES[language]}, {kind}: bundle / one build", ratio, TARGETS[language, kind])


def encodings():
    """bundles of the programs that `tests/bench/builds BUILD/bench/builds` makes, by encoding; takes ten minutes"""
    found = [(language, kind) for language in LANGUAGES for kind in KINDS if builds_of(language, kind)]
    if not found:
        raise Skip(f"no builds exist; make them with tests/bench/builds {OUT / 'builds'}")
    options = {"none": ["--compress", "none"], "no delta": ["--no-delta"], "default": [],
               "zstd:19": ["--compress", "zstd:19"]}
    table = Table("encodings", "program", "builds", "encoding", "one build", "bundle", "ratio", first=16)
    for language, kind in found:
        builds = builds_of(language, kind)
        one = largest(builds)
        for encoding, arguments in options.items():
            if encoding == "zstd:19" and kind != "stripped":
                continue  # takes an hour
            bundled = bundle_size(*arguments, *levels(builds))
            table.add(LANGUAGES[language], kind, encoding, one, bundled, bundled / one)
            if encoding == "default" and (language, kind) in TARGETS:
                target_row(language, kind, bundled / one)


# --- settings of zstd -------------------------------------------------------------------------------------------------


def coding():
    """settings of zstd on one build, with one thread, all settings in turn"""
    program_file = OUT / "coding"
    output(CC, "-O2", "-o", program_file, BENCH / "coding.c", "-lzstd")
    settings = ["3:1:1024", "9:1:1024", "12:1:1024", "15:1:1024", "19:1:1024", "3:0:1024", "9:0:1024", "12:0:1024",
                "12:0:256", "12:0:512", "12:0:2048", "12:0:4096", "12:0:1024:5", "12:0:1024:6", "12:0:1024:7",
                "12:0:1024:0:17", "12:0:1024:0:18", "12:0:1024:0:19"]
    lines = output(program_file, program().builds[3], *settings).splitlines()
    table = Table("coding", *lines[0].split("\t"))
    for line in lines[1:]:
        table.add(*line.split("\t"))
