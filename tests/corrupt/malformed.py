# SPDX-License-Identifier: MIT
"""Manifests with wrong fields and a right checksum, and wrong notes and program headers around them."""

import itertools
import struct

from bundle import DELTA, STORED, ZSTD, program_header
from cases import FAILED, OK, REFUSED, RIGHT, Case, kind, level, others

TOP = (1 << 64) - 1
HUGE = 1 << 36  # FATELF_SIZE_MAX
REACH_MAX = 1 << 25
# texts of messages (lib/error.h)
BASE, FLAGS, PLACE, PREFIX, TABLE, ELF = "base of a variant is missing or not allowed", "feature flags do not match", \
    "does not start where the previous frame ends", "frame's prefix is not allowed", "table of frames is at the wrong", \
    "the record of a variant's ELF headers is invalid"
# Values that are always refused.
BAD_HEADER = {
    "magic": (0, 0x0a464c455441467e, TOP),
    "version": (0, 1, 2, 3, 5, 0xffff),
    "header_size": (0, 39, 41, 48, 0xffff),
    "variant_size": (0, 72, 79, 81, 88, 0xffff),
    "launch": (0, 3, 255),
    "appended_count": (1, 9, 1 << 31, 0xffffffff),
    "incompatible": (2, 3, 1 << 63, TOP),
}
BAD_VARIANT = {
    "level": (0, 5, 255),
    "encoding": (0, 4, 255),
    "frame_size": (0, 1, 0x8000, 0xffff, 0x18000, 0x100001, 1 << 22, 1 << 31, 0xffffffff),
    "payload_size": (0, HUGE, HUGE + 1, 1 << 63, TOP - 4095, TOP),
    "size": (0, HUGE, HUGE + 1, 1 << 63, TOP),
}


TURNS = itertools.count()


def in_turn(count, *choices):
    """Some of the choices, others in each case, because all of them would take too long."""
    first = next(TURNS)
    return [choices[(first + i) % len(choices)] for i in range(min(count, len(choices)))]


def accepted(bundle):
    """Runs: everything works."""
    runs = [(level(variant), (RIGHT,)) for variant in bundle.variants]
    return runs + [("verify", (OK,)), ("list", (OK,)), (f"extract {level(bundle.variants[0])} -o -", (OK,))]


def refused(bundle, *says):
    """Runs: the launcher and the tool refuse the manifest. says: text in the message, if it is known."""
    levels = in_turn(2, *(level(variant) for variant in bundle.variants))
    commands = in_turn(2, "verify", "list", "extract best -o -", f"extract {level(bundle.variants[0])} -o -")
    return [(what, (REFUSED,), *says) for what in levels] + [(what, (FAILED,), *says) for what in commands]


def refused_for(bundle, variant, *says):
    """Runs: refused by the tool, which checks all variants, and if this variant starts or one that is coded against
    it."""
    hit = [variant, *bundle.dependents(variant)]
    starts = [(level(v), (REFUSED,), *says) if v in hit else (level(v), (RIGHT,)) for v in bundle.variants]
    command, = in_turn(1, "verify", "list", f"extract {level(variant)} -o -")
    return [*starts, (command, (FAILED,), *says)]


def malformed(bundle, name, runs=None, **fields):
    """The case of a note with these fields; by default the launcher and the tool refuse it."""
    return Case(f"{name} {fields}", ((bundle.note, bundle.with_fields(**fields)),), None, runs or refused(bundle))


@kind
def malformed_header(bundle):
    count, size = len(bundle.variants), bundle.manifest_size
    values = {**BAD_HEADER, "variant_count": (0, count - 1, count + 1, 5, 255),
              "manifest_size": (0, size - 8, size - 1, size + 1, size + 8, 0xffffffff)}
    for name, bad in values.items():
        for value in bad:
            yield malformed(bundle, "header", header={name: value})


@kind
def malformed_variant(bundle):
    for index, variant in enumerate(bundle.variants):
        values = {name: list(bad) for name, bad in BAD_VARIANT.items()}
        neighbours = bundle.variants[max(index - 1, 0):index + 2]
        values["level"] += [other.level for other in neighbours if other is not variant]
        values["frame_count"] = (0, variant.frame_count - 1, variant.frame_count + 1, 1 << 31, 0xffffffff)
        table = variant.frames_offset
        wrong = {table - 8, table + 8, table + 1, table - 32, table + 32, bundle.manifest_size, 0xffffffff, 0}
        for value in wrong | {other.frames_offset for other in others(bundle, variant)}:
            yield malformed(bundle, f"variant {index}", refused(bundle, TABLE),
                            variants={index: {"frames_offset": value}})
        for name, bad in values.items():
            for value in bad:
                yield malformed(bundle, f"variant {index}", variants={index: {name: value}})
        for value in {0, 8, variant.elf_offset - 8, variant.elf_offset + 8, 0xffffffff}:
            yield malformed(bundle, f"variant {index}", refused(bundle, ELF), variants={index: {"elf_offset": value}})
        for value in {0, 8, variant.elf_size - 8, variant.elf_size + 8, bundle.manifest_size, 0xffffffff}:
            yield malformed(bundle, f"variant {index}", refused(bundle, ELF), variants={index: {"elf_size": value}})
        # a size and a number of frames that agree, but that the bundle does not have
        lie = {"size": HUGE, "frame_count": HUGE // variant.frame_size}
        yield malformed(bundle, f"variant {index}", variants={index: lie})
        yield malformed(bundle, f"variant {index}", variants={index: {**lie, "frame_size": 1 << 16,
                                                                      "frame_count": HUGE >> 16}})
        if variant.encoding == STORED:
            yield malformed(bundle, f"variant {index}", variants={index: {**lie, "payload_size": HUGE}})
            yield malformed(bundle, f"variant {index}", variants={index: {"size": variant.size + 1}})
            # more frames than the manifest has entries for
            more = {"frame_size": 0x10000, "frame_count": -(-variant.size // 0x10000)}
            assert more["frame_count"] > variant.frame_count
            yield malformed(bundle, f"variant {index}", variants={index: more})
    if len(bundle.variants) > 1:
        first, second = bundle.variants[:2]
        yield malformed(bundle, "order", variants={0: {"level": second.level}, 1: {"level": first.level}})


@kind
def malformed_place(bundle):
    """Payloads that are elsewhere than the manifest says, or outside their segment."""
    room = bundle.payload_end - bundle.manifest
    for index, variant in enumerate(bundle.variants):
        for offset in (0, 1, bundle.manifest_size - 1, room, room - variant.payload_size + 1, HUGE, HUGE + 1, 1 << 63,
                       TOP, TOP - 4095, (1 << 64) - variant.payload_offset, (1 << 64) - bundle.manifest):
            yield malformed(bundle, f"variant {index}", variants={index: {"payload_offset": offset}})
        last = {"payload_size": room - variant.payload_offset + 1}
        if variant.encoding == STORED:
            last["size"] = last["payload_size"]
            last["frame_count"] = -(-last["size"] // variant.frame_size)
        yield malformed(bundle, f"variant {index}", variants={index: last})


@kind
def malformed_base(bundle):
    """Bases that are missing or impossible, and flags that contradict them."""
    levels = [variant.level for variant in bundle.variants]
    deltas = [index for index, variant in enumerate(bundle.variants) if variant.encoding == DELTA]
    def case(name, changed):
        return malformed(bundle, name, refused(bundle, BASE), variants=changed)

    for index, variant in enumerate(bundle.variants):
        good = [other.level for other in bundle.variants if index in deltas and other.encoding == ZSTD]
        for base in {0, 1, 2, 3, 4, 5, 64, 128, 255} - set(good if index in deltas else [0]):
            yield case(f"variant {index}", {index: {"base": base}})
    for index in deltas:
        variant = bundle.variants[index]
        base = levels.index(variant.base)
        yield case("a base that is stored", {base: {"encoding": STORED, "payload_size": bundle.variants[base].size}})
        yield case("ring with the base", {base: {"encoding": DELTA, "base": variant.level}})
        yield case("zstd with a base", {index: {"encoding": ZSTD}})
        other = deltas[(deltas.index(index) + 1) % len(deltas)]
        if other != index:
            yield case("ring", {index: {"base": levels[other]}, other: {"base": levels[index]}})
    if len(deltas) > 2:
        yield case("ring of all", {index: {"base": levels[deltas[i - 1]]} for i, index in enumerate(deltas)})

    said = refused(bundle, FLAGS)
    yield malformed(bundle, "flag", said, header={"incompatible": 0 if deltas else 1})
    plain = {"encoding": ZSTD, "base": 0}
    if deltas:
        yield malformed(bundle, "flag without delta", said, variants={index: plain for index in deltas})
        for index in deltas:  # its frames still have prefixes
            yield malformed(bundle, "plain", refused_for(bundle, bundle.variants[index], PREFIX),
                            header={"incompatible": int(len(deltas) > 1)}, variants={index: plain})
    if not deltas and bundle.variants[-1].encoding == ZSTD and len(levels) > 1:
        against = {0: {"encoding": DELTA, "base": levels[-1]}}
        yield malformed(bundle, "delta without flag", said, variants=against)
        yield malformed(bundle, "delta without prefixes", accepted(bundle), header={"incompatible": 1},
                        variants=against)


@kind
def malformed_frames(bundle):
    """Entries of the table of frames with wrong places."""
    for index, variant in enumerate(bundle.variants):
        def case(**frames):
            places = {(index, int(name[1:])): fields for name, fields in frames.items()}
            return malformed(bundle, "place", refused_for(bundle, variant, PLACE), frames=places)

        for number, entry in enumerate(variant.table):
            name, left = f"f{number}", variant.payload_size - entry.offset
            wrong = {entry.offset + 1, entry.offset - 1 & TOP, entry.offset + (1 << 32), 1 << 63, TOP, HUGE,
                     -entry.size & TOP, variant.payload_size, *(other.offset for other in variant.table)}
            for offset in wrong - {entry.offset}:
                yield case(**{name: {"offset": offset}})
            for size in {0, 1, entry.size - 1, entry.size + 1, left, left + 1, 1 << 31, entry.size ^ 1 << 31,
                         0xffffffff} - {entry.size}:
                yield case(**{name: {"size": size}})
        if variant.frame_count == 1 and variant.encoding != STORED:  # only the seek table is left
            yield malformed(bundle, "place", refused_for(bundle, variant, PLACE), frames={(index, 0): {"size": 0}},
                            variants={index: {"payload_size": len(variant.seek_table)}})
        if variant.frame_count > 1:
            a, b = variant.table[:2]
            yield case(f0={"size": 0}, f1={"offset": 0, "size": a.size + b.size})
            yield case(f0={"offset": b.offset, "size": b.size}, f1={"offset": 0, "size": a.size})  # descending
            yield case(f0={"offset": b.size}, f1={"offset": 0})
            yield case(f0={"size": a.size - 1})  # a gap
            yield case(f1={"offset": a.size - 1, "size": b.size + 1})  # they overlap
            yield case(f0={"size": a.size + (1 << 31)}, f1={"offset": a.size + (1 << 31), "size": b.size + (1 << 31)})
            yield case(f1={"offset": (a.size - b.size) & TOP})
        if variant.encoding == STORED and variant.frame_count > 1:  # the border between them is at another place
            yield case(f0={"size": a.size - 1}, f1={"offset": a.size - 1, "size": b.size + 1})
        for size in (1, 16, 25, len(variant.seek_table)) if variant.encoding != STORED else ():
            yield malformed(bundle, "payload", refused_for(bundle, variant, PLACE),
                            variants={index: {"payload_size": size}})


@kind
def malformed_prefixes(bundle):
    """Entries of the table of frames with wrong prefixes."""
    for index, variant in enumerate(bundle.variants):
        base = bundle.base_of(variant)
        for number, entry in enumerate(variant.table):
            bad = {(1, 0), (TOP, 0), (0, 0xffffffff), (TOP, 0xffffffff), (0, REACH_MAX + 1), (TOP, 1)}
            if base:
                size = base.size
                bad |= {(1 << 63, 0), (TOP, 2), (TOP - 0xffff, 0x10000), (TOP - 0xfffffffe, 0xffffffff),
                        (1 << 63, 1 << 31), (HUGE, 1), (0, size + 1), (1, size), (size - 1, 2), (size, 1),
                        (size + 1, 1), (size, 0), (size - entry.prefix_size + 1, entry.prefix_size),
                        (-entry.prefix_size & TOP, entry.prefix_size)}
            else:
                bad |= {(0, 1), (0, 8), (0, variant.size)}
            for offset, size in bad:
                yield malformed(bundle, "prefix", refused_for(bundle, variant, PREFIX),
                                frames={(index, number): {"prefix_offset": offset, "prefix_size": size}})


@kind
def malformed_contents(bundle):
    """A consistent manifest, but another payload, which is noticed when it is decoded."""
    for index, variant in enumerate(bundle.variants):
        own, hit = level(variant), bundle.dependents(variant)
        rest = [(level(other), (REFUSED,) if other in hit else (RIGHT,)) for other in others(bundle, variant)]
        noticed = [(own, (REFUSED,)), ("verify", (FAILED,)), (f"extract {own} -o -", (FAILED,)), ("list", (OK,)), *rest]
        lies = [{"payload_offset": variant.payload_offset - 1}]
        if variant.encoding != STORED and not hit:  # in a base, prefixes would be outside then
            lies += [{"size": variant.size - 1}, {"size": variant.size + 1}]
        if variant is not bundle.variants[-1]:  # the segment ends after the last one
            lies += [{"payload_offset": variant.payload_offset + 1}]
        for lie in lies:
            yield malformed(bundle, "contents", noticed, variants={index: lie})
        # the frames do not fill the payload, which is noticed when it is opened
        lies = [{"payload_size": variant.payload_size - 1}]
        lies += [{"payload_size": variant.payload_size + 1}] if variant is not bundle.variants[-1] else []
        for lie in lies:
            lie = {**lie, "size": lie["payload_size"]} if variant.encoding == STORED else lie
            yield malformed(bundle, "contents", refused_for(bundle, variant, PLACE), variants={index: lie})
        for number, entry in enumerate(variant.table):
            yield malformed(bundle, "checksum", [(*run[:2], "frame's checksum does not match") for run in noticed],
                            frames={(index, number): {"checksum": entry.checksum ^ 1 << 40}})
        # the launcher relies on the frames' checksums; the tool compares the hash
        runs = [(level(other), (RIGHT,)) for other in bundle.variants] + [("list", (OK,))]
        runs += [(what, (FAILED,), "SHA-256") for what in ("verify", f"extract {own} -o -")]
        yield malformed(bundle, "hash", runs, variants={index: {"sha256": bytes(32)}})


@kind
def unknown_but_compatible(bundle):
    """Unknown bits of `compatible` change nothing."""
    for bits in (1 << 1, 1 << 17, 1 << 63, TOP - 1):
        yield malformed(bundle, "compatible", accepted(bundle), header={"compatible": bits})


@kind
def malformed_note(bundle):
    """Notes and program headers around the manifest."""
    data, segment = bundle.data, bundle.note_segment
    size = bundle.note_end - bundle.note

    def case(name, *edits):
        runs = [(level(variant), (REFUSED,)) for variant in bundle.variants]
        runs += [(what, (FAILED,)) for what in ("verify", "list", f"extract {level(bundle.variants[0])} -o -")]
        return Case(name, edits, None, runs)

    def number(offset, value):
        return bundle.note + offset, struct.pack("<I", value & 0xffffffff)

    for value in (0, 1, 12, 14, 16, 17, 0x7fffffff, 0xfffffffd, 0xffffffff):
        yield case(f"n_namesz {value:#x}", number(0, value))
    for value in (0, 1, 39, 47, 48, bundle.manifest_size - 8, bundle.manifest_size - 1, bundle.manifest_size + 1,
                  bundle.manifest_size + 8, 0x7fffffff, 0xfffffffd, 0xffffffff):
        yield case(f"n_descsz {value:#x}", number(4, value))
    for value in (0, 2, 3, 0xffffffff):
        yield case(f"n_type {value}", number(8, value))
    yield case("another owner", (bundle.note + 12, b"GNU\0"))
    yield case("no zero after the owner", (bundle.note + 24, b"4"))

    for value in (0, 1, 11, 12, 28, size - 1, len(data), TOP):
        yield case(f"note segment of {value:#x} bytes", program_header(data, segment, p_filesz=value, p_memsz=value))
    for value in (0, 0x200, segment.address + 4, bundle.payload_segment.address + bundle.payload_segment.file_size,
                  TOP, TOP - 4095):
        yield case(f"note segment at {value:#x}", program_header(data, segment, p_vaddr=value, p_paddr=value))
    yield case("no note segment", program_header(data, segment, p_type=0))

    other, = [note for note in bundle.notes if note is not segment]
    yield case("two manifests in two segments",
               program_header(data, other, p_offset=segment.offset, p_vaddr=segment.address, p_paddr=segment.address,
                              p_filesz=size, p_memsz=size))
    moved = {i: {"payload_offset": v.payload_offset - size} for i, v in enumerate(bundle.variants)}
    assert 2 * size <= bundle.variants[0].start - bundle.note, "no room for a second note"
    yield case("two manifests in one segment", program_header(data, segment, p_filesz=2 * size, p_memsz=2 * size),
               (bundle.note_end, bundle.with_fields(variants=moved)))
