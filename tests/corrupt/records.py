# SPDX-License-Identifier: MIT
"""Manifests with wrong records of the variants' ELF files and a right checksum. The launcher maps a variant that it
starts in place as the record says; if that is impossible, it uses another method. `verify` compares the record with the
file."""

import ctypes

from bundle import PT_LOAD, xxh64
from cases import CANNOT, FAILED, OK, REFUSED, RIGHT, Case, kind, level, others
from malformed import ELF, TOP, in_turn, refused

HEADERS_MAX, SEGMENTS_MAX, INTERPRETER_MAX, PAGE, ADDRESSES = 64, 16, 4096, 4096, 1 << 47
PF_X, PF_W, PF_R = 1, 2, 4
PT_NULL, PT_INTERP = 0, 3
ET_EXEC, ET_DYN = 2, 3
IN_PLACE, BY_MEMFD = " by inplace, ", " by memfd, "


def lie(bundle, index, name, *starts, record=None, **fields):
    """The case of a wrong record that only `verify` finds. starts: outcomes of the start in place, and text in the
    message; without them no start in place is tried, because the program would be damaged."""
    variant = bundle.variants[index]
    record = variant.record.with_fields(**fields) if record is None else record
    runs = [(f"{level(variant)} inplace", *starts)] if starts else []
    # other methods and other variants do not depend on it
    runs += in_turn(1, (f"{level(variant)} memfd", (RIGHT,), BY_MEMFD),
                    *((f"{level(other)} inplace", (RIGHT,)) for other in others(bundle, variant)))
    runs += in_turn(1, ("list", (OK,)), ("list --json", (OK,)))
    runs += [("verify", (FAILED,), f"{level(variant)}: damaged: {ELF}")]
    return Case(f"{level(variant)}: {name}", bundle.with_record(index, record), None, runs)


def loads(variant):
    return [i for i, header in enumerate(variant.record.headers) if header["p_type"] == PT_LOAD]


def changed(variant, index, **fields):
    headers = list(variant.record.headers)
    headers[index] = {**headers[index], **fields}
    return headers


def load(address, offset, size, memory=None, flags=PF_R):
    return {"p_type": PT_LOAD, "p_flags": flags, "p_offset": offset, "p_vaddr": address, "p_filesz": size,
            "p_memsz": size if memory is None else memory, "p_align": PAGE}


def end_of(variant):
    """The first page after all its segments."""
    last = variant.record.headers[loads(variant)[-1]]
    return -(-(last["p_vaddr"] + last["p_memsz"]) // PAGE) * PAGE


def wrong_segments(variant):
    """Name and program headers of programs that cannot or must not be mapped."""
    headers, indexes = variant.record.headers, loads(variant)
    size, behind = variant.size, end_of(variant)
    for i in indexes:
        header = headers[i]
        offset, address, memory = header["p_offset"], header["p_vaddr"], header["p_memsz"]
        pages_away = (size // PAGE + 1) * PAGE  # at the same place in a page, but outside the file
        for value in {offset + pages_away, offset + (1 << 40), offset + (1 << 63), offset ^ 1, offset ^ 0x800,
                      offset % PAGE + TOP - 4095, TOP, size + 1}:
            yield f"p_offset {value:#x}", changed(variant, i, p_offset=value)
        for value in {memory + 1, size - offset + 1, size, size + 1, 1 << 47, 1 << 63, TOP - offset, TOP}:
            yield f"p_filesz {value:#x}", changed(variant, i, p_filesz=value)
            if value > size - offset:
                yield f"p_filesz, p_memsz {value:#x}", changed(variant, i, p_filesz=value, p_memsz=value)
        for value in {1, header["p_filesz"] - 1}:
            yield f"p_memsz {value:#x}", changed(variant, i, p_memsz=value)
        for value in {ADDRESSES - address + 1, 1 << 47, 1 << 48, 1 << 63, -address & TOP or TOP, TOP - 4095, TOP}:
            yield f"p_memsz {value:#x}", changed(variant, i, p_memsz=value)
        for value in {address ^ 1, address ^ 0x800, address + ADDRESSES, address + (1 << 63),
                      address % PAGE + TOP - 4095, ADDRESSES - PAGE + address % PAGE}:
            yield f"p_vaddr {value:#x}", changed(variant, i, p_vaddr=value)
        for other in indexes:
            if other != i:
                page = headers[other]["p_vaddr"] // PAGE * PAGE + address % PAGE
                yield f"p_vaddr of another one {page:#x}", changed(variant, i, p_vaddr=page)
        yield "twice", headers + [header]
    yield "descending", list(reversed(headers))
    yield "no PT_LOAD", [header for header in headers if header["p_type"] != PT_LOAD]
    yield "no code", [{**header, "p_flags": header["p_flags"] & ~PF_X} for header in headers]
    yield "17 of them", headers + [load(behind + 2 * i * PAGE, 0, 1) for i in range(SEGMENTS_MAX + 1 - len(indexes))]
    code = next(headers[i] for i in indexes if headers[i]["p_flags"] & PF_X)
    yield "code of which a page is needed twice", headers + [
        load(behind + code["p_offset"] % PAGE, code["p_offset"], 1, flags=PF_R | PF_X)]
    yield "a segment around the code", [code, load(behind, code["p_offset"] // PAGE * PAGE - PAGE, 3 * PAGE)]


@kind
def records_of_segments(bundle):
    """Segments that cannot be mapped, so that another method starts the variant."""
    for index, variant in enumerate(bundle.variants):
        seen = {variant.record.with_fields()}
        for name, headers in wrong_segments(variant):
            record = variant.record.with_fields(headers=headers)
            if record not in seen:
                yield lie(bundle, index, name, (RIGHT,), BY_MEMFD, record=record)
            seen.add(record)


@kind
def records_of_programs(bundle):
    """Impossible types and entry points."""
    for index, variant in enumerate(bundle.variants):
        first = variant.record.headers[loads(variant)[0]]["p_vaddr"]
        for value in (0, 1, 4, 0xfe00, 0xffff):
            yield lie(bundle, index, f"type {value}", (RIGHT,), BY_MEMFD, elf={"type": value})
        for value in {first - 1 & TOP, end_of(variant), ADDRESSES, 1 << 63, TOP}:
            yield lie(bundle, index, f"entry {value:#x}", (RIGHT,), BY_MEMFD, elf={"entry": value})
        # the launcher cannot know that these are wrong
        for value in {first, variant.record.elf["entry"] + 1, end_of(variant) - 1}:
            yield lie(bundle, index, f"entry {value:#x}", elf={"entry": value})
        other = {ET_EXEC: ET_DYN, ET_DYN: ET_EXEC}[variant.record.elf["type"]]
        yield lie(bundle, index, "the other type", elf={"type": other})


@kind
def records_that_do_no_harm(bundle):
    """Wrong headers that do not matter to these programs, which run in place."""
    for index, variant in enumerate(bundle.variants):
        headers, behind = variant.record.headers, end_of(variant)

        def case(name, **fields):
            return lie(bundle, index, name, (RIGHT,), IN_PLACE, **fields)

        for value in (0, 1, 65, variant.size, 1 << 40, 1 << 63, TOP):
            yield case(f"header_offset {value:#x}", elf={"header_offset": value})
        for i in loads(variant):
            yield case("p_paddr", headers=changed(variant, i, p_paddr=TOP))
            for value in (0, 3, 1 << 12, (1 << 63) + 1):
                if value != headers[i]["p_align"]:
                    yield case(f"p_align {value:#x}", headers=changed(variant, i, p_align=value))
        yield case("16 segments", headers=headers + [load(behind + 2 * i * PAGE, 0, 1)
                                                     for i in range(SEGMENTS_MAX - len(loads(variant)))])
        yield case("64 program headers", headers=headers + [{"p_type": PT_NULL}] * (HEADERS_MAX - len(headers)))
        yield case("a segment without bytes", headers=headers + [load(TOP, TOP, TOP, 0)])
        yield case("memory behind the program", headers=headers + [load(behind + 5, 1, 0, 3 * PAGE, PF_R | PF_W)])
        yield case("a page that two more segments have", headers=headers + [
            load(behind, 0, 5), load(behind + PAGE, 0, 5, PAGE, PF_R | PF_W)])
        yield case("executable memory without bytes", headers=headers + [load(behind, 0, 0, PAGE, PF_R | PF_X)])
        # if the machine does not have this memory, another method starts the program
        for memory in (1 << 40, 1 << 46):
            yield lie(bundle, index, f"memory of {memory:#x} bytes", (RIGHT,),
                      headers=headers + [load(behind, 0, 0, memory, PF_R | PF_W)])
        for i in loads(variant):
            for align in (1 << 30, 1 << 62, 1 << 63):
                yield lie(bundle, index, f"p_align {align:#x}", (RIGHT,), headers=changed(variant, i, p_align=align))
        # only `verify` checks these
        for i in loads(variant):
            for flags in {0, PF_R, PF_W, PF_R | PF_W} - {headers[i]["p_flags"]}:
                yield lie(bundle, index, f"p_flags {flags}", headers=changed(variant, i, p_flags=flags))
        moved = headers[loads(variant)[0]]["p_offset"] + PAGE
        yield lie(bundle, index, "other bytes of the file", headers=changed(variant, loads(variant)[0], p_offset=moved))


@kind
def records_of_loaders(bundle):
    """A dynamic loader for programs that have none."""
    def case(index, name, *starts):
        return lie(bundle, index, f"interpreter {name[:40]!r}", *starts, interpreter=name + b"\0")

    for index, variant in enumerate(bundle.variants):
        # exec would not find it either
        for name in (b"/no/such/loader", b"no-such-loader", b"/no/such/" + b"x" * 200):
            yield case(index, name, (CANNOT,), "inplace: " + name.decode() + ": No such file or directory")
        # exec would not execute it either
        for name in (b"/dev/null", b"/proc/self/status", b"/proc/self/mem"):
            yield case(index, name, (CANNOT,), "inplace: " + name.decode() + ": Permission denied")
        # not programs; the test has made the pipe, which has no writer
        for name in (b"fifo", b"/", b".", b"/dev/null/x", b"x" * 4095):
            yield case(index, name, (RIGHT,), BY_MEMFD)
        yield case(index, b"/proc/self/exe", (REFUSED,), IN_PLACE)  # the launcher refuses to be the loader


@kind
def records_of_other_loaders(bundle):
    """Another dynamic loader, or none, for programs that have one."""
    for index, variant in enumerate(bundle.variants):
        record, name = variant.record, variant.record.interpreter
        place, = (i for i, header in enumerate(record.headers) if header["p_type"] == PT_INTERP)
        header = record.headers[place]
        missing = name[:-3] + b"!?\0"
        yield lie(bundle, index, "missing", (CANNOT,), "inplace: " + missing[:-1].decode(), interpreter=missing)
        yield lie(bundle, index, "a folder", (RIGHT,), BY_MEMFD, interpreter=b"/" * (len(name) - 1) + b"\0")
        # the program would be damaged
        yield lie(bundle, index, "none", interpreter=b"")
        yield lie(bundle, index, "none, nor a header", headers=changed(variant, place, p_type=PT_NULL), interpreter=b"")
        # the other headers are used to map the program; only `verify` compares the name
        for fields in ({"p_type": PT_NULL}, {"p_offset": header["p_offset"] + 1}, {"p_offset": TOP},
                       {"p_offset": TOP - len(name) + 2}, {"p_filesz": len(name) - 1}, {"p_filesz": TOP}):
            yield lie(bundle, index, f"{fields}", (RIGHT,), IN_PLACE, headers=changed(variant, place, **fields))
        second = [*record.headers[:place], {**header, "p_offset": 0}, *record.headers[place:]]
        yield lie(bundle, index, "a first one before it", (RIGHT,), headers=second)


@kind
def malformed_records(bundle):
    """Records that violate the manifest's own rules, so that the launcher and the tool refuse it."""
    for index, variant in enumerate(bundle.variants):
        def case(name, record, *says):
            return Case(f"variant {index} {name}", bundle.with_record(index, record), None,
                        refused(bundle, *says or (ELF,)))

        record, count = variant.record, len(variant.record.headers)
        for value in {0, count - 1, count + 1, HEADERS_MAX, HEADERS_MAX + 1, 0xffff}:
            yield case(f"header_count {value}", record.with_fields(elf={"header_count": value}))
        nulls = [{"p_type": PT_NULL}] * (HEADERS_MAX + 1 - count)
        yield case("65 program headers", record.with_fields(headers=record.headers + nulls))
        yield case("no program header", record.with_fields(headers=[]))
        for value in (1, 8, 4096, 4097, 1 << 31, 0xffffffff):
            yield case(f"interpreter_size {value}", record.with_fields(elf={"interpreter_size": value}))
        for name in (b"\0", b"/lib/x", b"/lib/x\0y", b"/lib/x\0\0", b"\0\0", b"/lib/x\0y\0", b"x",
                     b"x" * INTERPRETER_MAX, b"x" * INTERPRETER_MAX + b"\0"):
            yield case(f"interpreter {name[:10]!r}", record.with_fields(interpreter=name))
        for length in range(1, 8):
            whole = record.with_fields(interpreter=b"x" * (15 - length) + b"\0")
            yield case(f"padding of {length} bytes", whole[:-1] + b"\1", "reserved")


@kind
def records_of_places(bundle):
    """An intact payload that does not start at a page, which cannot be moved to one. The launcher must find that out
    without reading a byte after it: the rest of the last payload's page is not in the file."""
    index = len(bundle.variants) - 1
    variant = bundle.variants[index]
    raw = bundle.data[variant.start:variant.end - 1]  # the last byte of the ELF file is part of its section headers
    last, behind = (len(raw) - 1) // PAGE * PAGE, end_of(variant)
    shared = variant.record.headers + [load(behind, last, 1), load(behind + PAGE, last, 1)]
    size = {"payload_offset": variant.payload_offset + 1, "payload_size": len(raw), "size": len(raw)}
    for name, headers in (("as they are", variant.record.headers), ("with a last page that is needed twice", shared)):
        edits = bundle.with_record(index, variant.record.with_fields(headers=headers), size,
                                   {"checksum": xxh64(raw), "size": len(raw)})
        runs = [(f"{level(variant)} inplace", (RIGHT,), BY_MEMFD), (f"{level(variant)} memfd", (RIGHT,), BY_MEMFD)]
        yield Case(name, (*edits, (variant.start + 1, raw)), None, runs + [("verify", (FAILED,), level(variant))])


@kind
def records_without_permission(bundle):
    """Segments without read permission, in a payload that turns out not to be executable where it is: it is moved back,
    and another method reads it."""
    # linux/prctl.h, PR_SET_MDWE and PR_MDWE_REFUSE_EXEC_GAIN, which all children inherit. Kernels before 6.3 do not
    # know it and start all of these in place.
    ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)
    for index, variant in enumerate(bundle.variants):
        for flags in (0, PF_W, PF_X):
            yield lie(bundle, index, f"p_flags {flags}", (RIGHT,),
                      headers=changed(variant, loads(variant)[0], p_flags=flags))
