"""Manifests that lie, with a checksum that is right, and notes and program headers that lead astray."""

import struct

from bundle import STORED
from cases import FAILED, OK, REFUSED, RIGHT, Case, kind, level, others

# Fields of the manifest that lie, with a checksum that is right. Each is refused whatever else holds.
TOP = (1 << 64) - 1
HUGE = 1 << 40  # FATELF_SIZE_MAX
BAD_HEADER = {
    "magic": (0, 0x0a464c455441467e, TOP),
    "version": (0, 2, 0xffff),
    "header_size": (0, 39, 41, 48, 0xffff),
    "variant_size": (0, 71, 73, 80, 0xffff),
    "launch": (0, 2, 3, 255),
    "reserved": (1, 1 << 31),
    "incompatible": (1, 2, 1 << 63, TOP),
}
BAD_VARIANT = {
    "level": (0, 5, 255),
    "encoding": (0, 3, 255),
    "base": (1, 2, 3, 4, 255),
    "reserved": (1, 128),
    "frame_size": (0, 1, 0x8000, 0xffff, 0x18000, 0x100001, 1 << 24, 1 << 31, 0xffffffff),
    "payload_size": (0, HUGE, HUGE + 1, 1 << 63, TOP),
    "size": (0, HUGE, HUGE + 1, 1 << 63, TOP),
}


def malformed(bundle, name, runs=None, **fields):
    """The note with these fields; refused by everybody who looks at the manifest."""
    commands = ("verify", "list", "extract best -o -", f"extract {level(bundle.variants[0])} -o -")
    runs = runs or [(level(v), (REFUSED,)) for v in bundle.variants] + [(what, (FAILED,)) for what in commands]
    return Case(f"{name} {fields}", ((bundle.note, bundle.with_fields(**fields)),), None, runs)


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
        sums = variant.sums_offset
        values["sums_offset"] = (sums - 8, sums + 8, sums + 1, bundle.manifest_size, 0xffffffff, 0) if sums else (1, 40)
        for name, bad in values.items():
            for value in bad:
                yield malformed(bundle, f"variant {index}", variants={index: {name: value}})
        # a size and a count of frames that agree, in a bundle that has no such bytes
        lie = {"size": HUGE, "frame_count": HUGE // variant.frame_size}
        if variant.encoding == STORED:
            yield malformed(bundle, f"variant {index}", variants={index: lie})
            yield malformed(bundle, f"variant {index}", variants={index: {**lie, "payload_size": HUGE}})
            yield malformed(bundle, f"variant {index}", variants={index: {"size": variant.size + 1}})
            # more frames, for which there are no sums in the manifest
            more = {"frame_size": 0x10000, "frame_count": -(-variant.size // 0x10000)}
            assert more["frame_count"] > variant.frame_count
            yield malformed(bundle, f"variant {index}", variants={index: more})
    if len(bundle.variants) > 1:
        first, second = bundle.variants[:2]
        yield malformed(bundle, "order", variants={0: {"level": second.level}, 1: {"level": first.level}})


@kind
def malformed_place(bundle):
    """Payloads that are not where the manifest says, or not inside of their segment."""
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
def malformed_contents(bundle):
    """A manifest that is well in itself, but the payload is another: noticed by who decodes it."""
    for index, variant in enumerate(bundle.variants):
        own, others_run = level(variant), [(level(other), (RIGHT,)) for other in others(bundle, variant)]
        noticed = [(own, (REFUSED,)), ("verify", (FAILED,)), (f"extract {own} -o -", (FAILED,)), ("list", (OK,))]
        lies = [{"payload_offset": variant.payload_offset - 1}]
        if variant.encoding == STORED:
            lies += [{"size": variant.size - 1, "payload_size": variant.size - 1}]
            if variant is not bundle.variants[-1]:
                lies += [{"size": variant.size + 1, "payload_size": variant.size + 1}]
        else:
            lies += [{"size": variant.size - 1}, {"size": variant.size + 1}, {"payload_size": 1}, {"payload_size": 16},
                     {"payload_size": 25}, {"payload_size": variant.payload_size - 1},
                     {"payload_size": len(variant.seek_table)},
                     {"size": HUGE, "frame_count": HUGE // variant.frame_size}]
        if variant is not bundle.variants[-1]:  # behind the last one the segment ends
            lies += [{"payload_offset": variant.payload_offset + 1}]
            lies += [] if variant.encoding == STORED else [{"payload_size": variant.payload_size + 1}]
        for lie in lies:
            yield malformed(bundle, "contents", noticed + others_run, variants={index: lie})
        # the launcher relies on the frames' own checksums; the tool compares
        wrong = bytes(32)
        yield malformed(bundle, "hash", [(own, (RIGHT,)), ("verify", (FAILED,)), (f"extract {own} -o -", (FAILED,))]
                        + others_run, variants={index: {"sha256": wrong}})


@kind
def unknown_but_compatible(bundle):
    """Bits of `compatible` that nobody knows change nothing."""
    for bits in (1 << 1, 1 << 17, 1 << 63, TOP - 1):
        runs = [(level(variant), (RIGHT,)) for variant in bundle.variants]
        runs += [("verify", (OK,)), ("list", (OK,)), (f"extract {level(bundle.variants[0])} -o -", (OK,))]
        yield malformed(bundle, "compatible", runs, header={"compatible": bits})


def program_header(data, segment, **fields):
    """An edit of a program header."""
    places = {"p_type": (0, "I"), "p_offset": (8, "Q"), "p_vaddr": (16, "Q"), "p_paddr": (24, "Q"),
              "p_filesz": (32, "Q"), "p_memsz": (40, "Q")}
    changed = bytearray(data[segment.place:segment.place + 56])
    for name, value in fields.items():
        struct.pack_into("<" + places[name][1], changed, places[name][0], value)
    return segment.place, bytes(changed)


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
    yield case("no zero behind the owner", (bundle.note + 24, b"4"))

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
