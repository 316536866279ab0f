# SPDX-License-Identifier: MIT
"""Sections sweep and tuning: starts of programs from 1 MB to 200 MB."""

import os

from common import (MB, OUT, Table, base_arguments, base_level, compile_c, create, delta_level, encodings_of, largest,
                    levels, move_section_headers, over, program, spawn)

SECONDS = 5  # for all starts of one size


class Sized:
    """Builds of a program of a given size, one for the base and one for another level. Each is a program that does
    nothing, followed by repetitions of the bytes of the large program's build. Each repetition replaces all byte values
    by others. So within a repetition the matches have the same lengths and distances as in the large program, but there
    are no matches between repetitions."""

    def __init__(self, size):
        self.size = size
        self.files = {}
        for level in filter(None, (base_level(), delta_level())):
            self.files[level] = self.write(level)

    def write(self, level):
        file = OUT / f"sized.v{level}"
        file.write_bytes(compile_c("tiny").read_bytes())
        file.chmod(0o755)
        # each repetition has the same offset in both files, so that content moves only as far as in the large program
        content = program().builds[level].read_bytes().ljust(largest(program().builds), b"\0")
        repetition = 0
        with file.open("ab") as end:
            while end.tell() < self.size:
                exchanged = content.translate(bytes(value ^ repetition for value in range(256)))
                end.write(exchanged[:self.size - end.tell()])
                repetition += 1
        move_section_headers(file)
        return file

    @property
    def base(self):
        return self.files[base_level()]

    def variants(self):
        """{encoding: the command that starts a variant with this encoding}"""
        base, other = base_level(), delta_level()
        stored = create(OUT / "sized.stored", "--compress", "none", *levels(self.files))
        coded = create(OUT / "sized.zstd", *base_arguments(), *levels(self.files))
        starts = {"stored": [f"FATELF_AMD64=v{base}", stored], "zstd": [f"FATELF_AMD64=v{base}", coded]}
        if other and encodings_of(coded)[other] == "zstd-delta":
            starts["zstd-delta"] = [f"FATELF_AMD64=v{other}", coded]
        return starts

    def clear(self):
        for file in OUT.glob("sized.*"):
            file.unlink()


def rounds(size, commands):
    """As many rounds as SECONDS allow, if a start takes about 1 ms per megabyte."""
    return max(5, min(300, int(SECONDS * 1000 / (commands * (1 + size / MB)))))


def sweep():
    """start over native by size of the program, 1 to 200 MB; takes two minutes"""
    program()
    launchers = ("raw launcher", "stored", "zstd", "zstd-delta", "in place")
    table = Table("sweep", "MB", "rounds", "native", *launchers)
    for megabytes in (1, 2, 5, 10, 20, 50, 100, 200):
        sized = Sized(megabytes * MB)
        commands = {
            "native": [sized.base],
            "raw launcher": [compile_c("rawlaunch"), sized.base],
            **sized.variants(),
        }
        commands["in place"] = ["FATELF_AMD64_LAUNCH=inplace", *commands["stored"]]
        os.sync()  # nothing is to be written to the disk while starts are measured
        count = rounds(sized.size, len(commands))
        measured = dict(zip(commands, spawn(count, *commands.values())))
        table.add(megabytes, count, measured["native"].median, *(
            over(measured, name) if name in measured else None for name in launchers))
        sized.clear()


def tuning():
    """one processor against two: from which size on are several threads of the launcher faster"""
    program()
    table = Table("tuning", "MB", "variant", "one, ms", "two, ms", "two / one")
    for megabytes in (1, 2, 3, 4, 6, 8, 16):
        sized = Sized(megabytes * MB)
        variants = sized.variants()
        commands = {("native", 1): ["+1", sized.base], ("native", 2): ["+2", sized.base]}
        for name, command in variants.items():
            for processors in (1, 2):
                commands[name, processors] = [f"+{processors}", *command]
        os.sync()
        measured = dict(zip(commands, spawn(rounds(sized.size, len(commands)), *commands.values())))
        for name in variants:
            one, two = (over(measured, (name, processors), ("native", processors)) for processors in (1, 2))
            table.add(megabytes, name, one, two, two / one)
        sized.clear()
