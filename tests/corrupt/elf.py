# SPDX-License-Identifier: MIT
"""Damaged ELF files: the tool reads them or says what is wrong, and never crashes."""

import os

from bundle import PT_LOAD, Bundle
from cases import COPED, CREATE, FAILED, Case, flip, kind, level, some_bit


def tool_runs(image, number):
    """What the tool does with the file: something else in each case."""
    if not isinstance(image, Bundle):
        return [(os.environ.get("PROGRAM_COMMAND", CREATE), COPED)]
    commands = ("verify", "list", f"extract {level(image.variants[-1])} -o -", "extract best -o -")
    return [(commands[number % 4], COPED)]


@kind
def elf_header(image):
    """Every bit of the ELF header."""
    for offset in range(64):
        for bit in range(8):
            yield flip(image.data, "ELF header", offset, bit, *tool_runs(image, offset // 4 + bit))


@kind
def elf_tables(image):
    """A bit in each 4 bytes of the program headers, the section headers, and the sections that the tool reads."""
    places = [*range(image.header_table, image.headers_end, 4), *range(image.section_table, image.sections_end, 4)]
    for name in (".shstrtab", ".dynamic", ".dynstr", ".go.buildinfo", ".note.gnu.property", ".note.gnu.build-id",
                 ".note.package", ".dep-v0", ".symtab", ".dynsym"):
        places += image.sections.get(name, range(0))[::4]
    for number, offset in enumerate(places):
        offset = min(offset + number % 4, len(image.data) - 1)
        yield flip(image.data, "tables", offset, some_bit(offset), *tool_runs(image, number // 4))


@kind
def elf_extremes(image):
    """Each 8 bytes of the headers as all ones and as the largest positive number."""
    for table in (range(0, image.headers_end, 8), range(image.section_table, image.sections_end, 8)):
        for number, offset in enumerate(table):
            for value in (b"\xff" * 8, b"\xff" * 7 + b"\x7f"):
                yield Case(f"bytes {offset:#x} to {value[-1]:#x}", ((offset, value),), None, tool_runs(image, number))


@kind
def elf_cuts(image):
    """A truncated file, which is refused if it ends before the end of its segments."""
    loaded = max(segment.offset + segment.file_size for segment in image.segments if segment.type == PT_LOAD)
    for size in sorted({*range(0, 1024, 16), *range(0, len(image.data), 1024), loaded - 1, loaded}):
        runs = [(what, allowed if size >= loaded else (FAILED,)) for what, allowed in tool_runs(image, size)]
        yield Case(f"cut to {size:#x} bytes", (), size, runs)
