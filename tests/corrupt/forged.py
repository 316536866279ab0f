# SPDX-License-Identifier: MIT
"""Bundles that are put together byte by byte as lib/format.h specifies them, with right checksums and wrong frames.
They are made of a stored bundle, whose payloads are the builds and whose segment has room for more. The frames here
contain their bytes uncompressed (RFC 8878, 3.1.1.2, "Raw_Block"), so that a reader that accepts one starts the right
program."""

import hashlib
import re
import struct

from bundle import DELTA, FRAME_SIZE, HEADER_SIZE, STORED, VARIANT_SIZE, ZSTD, program_header, seek_table, xxh64
from cases import FAILED, OK, REFUSED, RIGHT, Case, kind
from malformed import PREFIX, REACH_MAX, TOP

MAGIC = struct.pack("<I", 0xFD2FB528)
FRAME, CHECKSUM = "frame cannot be decoded", "frame's checksum does not match"
ZEROS_FRAME = 1 << 23
XXH64_OF_ZEROS = 0x86823cbc61f6df0f  # of ZEROS_FRAME bytes


def block(kind_of, size, content, last):
    return struct.pack("<I", size << 3 | kind_of << 1 | last)[:3] + content


def raw_blocks(raw):
    assert len(raw) <= 1 << 17, "more than one block"
    return block(0, len(raw), raw, 1)


def frame(raw, descriptor=0xa4, fields=None, blocks=None):
    """A zstd frame; by default of one segment, with a content size of 4 bytes and a checksum."""
    fields = struct.pack("<I", len(raw)) if fields is None else fields
    blocks = raw_blocks(raw) if blocks is None else blocks
    return MAGIC + bytes([descriptor]) + fields + blocks + struct.pack("<I", xxh64(raw) & 0xffffffff)


def frame_of_zeros():
    blocks = b"".join(block(1, 1 << 17, b"\0", i == (ZEROS_FRAME >> 17) - 1) for i in range(ZEROS_FRAME >> 17))
    return MAGIC + b"\xa4" + struct.pack("<I", ZEROS_FRAME) + blocks + struct.pack("<I", XXH64_OF_ZEROS & 0xffffffff)


def skippable(content, magic=0x184D2A50):
    return struct.pack("<II", magic, len(content)) + content


def number(value):
    """Unsigned LEB128."""
    coded = bytearray()
    while value >= 0x80:
        coded.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(coded + bytes([value]))


def numbers(*values):
    return b"".join(map(number, values))


def signed(value):
    return 2 * value if value >= 0 else -2 * value - 1


def delta_of(literal_sizes=b"", copy_sizes=b"", moves=b"", gaps=b"", changes=b"", literals=b""):
    """The content of the zstd frame of a frame with a prefix."""
    streams = (literal_sizes, copy_sizes, moves, gaps, changes, literals)
    return struct.pack("<6I", *map(len, streams)) + b"".join(streams)


def frame_of_delta(delta):
    """A frame in which a long row of zeros is one byte (RFC 8878, "RLE_Block"), because the canvas has little room."""
    start, size = max(((m.start(), len(m.group())) for m in re.finditer(b"\\0+", delta)), key=lambda run: run[1],
                      default=(0, 0))
    if size < 10000:
        return frame(delta)
    blocks = block(0, start, delta[:start], 0) + block(1, size, b"\0", 0) + raw_blocks(delta[start + size:])
    return frame(delta, blocks=blocks)


def delta_frame(raw):
    """A frame with a prefix of which it copies nothing."""
    return frame(delta_of(literals=raw))


class Part:
    """A variant of a forged bundle. frames: [(bytes, prefix offset, prefix size), ..]"""

    def __init__(self, level, encoding, raw, frames, base=0, frame_size=1 << 20):
        self.level, self.encoding, self.base, self.frame_size, self.frames = level, encoding, base, frame_size, frames
        self.size, self.sha256 = len(raw), hashlib.sha256(raw).digest()
        self.sums = [xxh64(coded) for coded, _, _ in frames]
        raw_sizes = [min(frame_size, self.size - i * frame_size) for i in range(len(frames))]
        table = seek_table([(len(coded), size) for (coded, _, _), size in zip(frames, raw_sizes)])
        self.payload = b"".join(coded for coded, _, _ in frames) + (b"" if encoding == STORED else table)


def forge(canvas, name, parts, *runs):
    """The case of a bundle that has these variants after the launcher of `canvas`."""
    tables, frames = b"", b""
    at = canvas.variants[0].start
    frames_offset = HEADER_SIZE + VARIANT_SIZE * len(parts)
    edits = []
    for part in parts:
        tables += struct.pack("<BBBBIIIQQQ32sII", part.level, part.encoding, part.base, 0, part.frame_size,
                              len(part.frames), frames_offset + len(frames), at - canvas.manifest, len(part.payload),
                              part.size, part.sha256, 0, 0)
        edits.append((at, part.payload))
        at += len(part.payload)
        offset = 0
        for (coded, prefix_offset, prefix_size), checksum in zip(part.frames, part.sums):
            frames += struct.pack("<QQQII", checksum, offset, prefix_offset, len(coded), prefix_size)
            offset += len(coded)
    assert at <= canvas.payload_end, "no room for the payloads"
    assert len(frames) % FRAME_SIZE == 0
    size = frames_offset + len(frames) + 8
    incompatible = int(any(part.encoding == DELTA for part in parts))
    manifest = struct.pack("<QHHHBBIIQQ", 0x0a464c455441467f, 4, HEADER_SIZE, VARIANT_SIZE, len(parts), 1, size, 0,
                           incompatible, 0) + tables + frames
    note = struct.pack("<III", 13, size, 1) + b"fatelf-amd64".ljust(16, b"\0") + manifest
    note += struct.pack("<Q", xxh64(manifest))
    assert canvas.note + len(note) <= canvas.variants[0].start, "no room for the manifest"
    edits.append((canvas.note, note))
    edits.append(program_header(canvas.data, canvas.note_segment, p_filesz=len(note), p_memsz=len(note)))
    return Case(name, tuple(edits), None, runs)


def builds(canvas):
    return [canvas.data[variant.start:variant.end] for variant in canvas.variants]


def good(*levels):
    runs = [(f"v{level}", (RIGHT,)) for level in levels]
    return runs + [("verify", (OK,)), ("list", (OK,)), *((f"extract v{level} -o -", (OK,)) for level in levels)]


def bad(levels, says, lists=(OK,)):
    """Runs: refused when one of these levels starts, and by the tool."""
    runs = [(f"v{level}", (REFUSED,), says) for level in levels]
    runs += [(f"extract v{level} -o -", (FAILED,), says) for level in levels]
    return runs + [("verify", (FAILED,), says), ("list", lists, says)]


def faulty_frames(raw):
    """Name and bytes of frames that must not be decoded; most of them contain the right bytes."""
    whole, half = frame(raw), len(raw) // 2
    legacy = [struct.pack("<I", 0xFD2FB520 + version) for version in range(2, 8)] + [struct.pack(">I", 0xFD2FB51E)]

    yield "bytes that are no frame", raw
    yield "one byte", whole[:1]
    yield "four bytes", whole[:4]
    yield "a frame without its magic", whole[4:]
    yield "a frame without its last byte", whole[:-1]
    yield "a frame whose last block is missing", frame(raw, blocks=b"")
    yield "a frame whose last block is not marked", frame(raw, blocks=block(0, len(raw), raw, 0))
    yield "a block of a reserved kind", frame(raw, blocks=block(3, len(raw), raw, 1))
    yield "a block that is too large", frame(raw, blocks=block(0, len(raw) + 1, raw, 1))
    yield "a reserved bit", frame(raw, descriptor=0xac)
    yield "a dictionary's id", frame(raw, descriptor=0xa5, fields=b"\1" + struct.pack("<I", len(raw)))
    yield "no content size", frame(raw, descriptor=0x04, fields=b"\x78")
    for size in (0, 1, len(raw) - 1, len(raw) + 1, 1 << 20, 1 << 31, 0xffffffff):
        yield f"content size {size}", frame(raw, fields=struct.pack("<I", size))
    for size in (1 << 32 | len(raw), 1 << 63, TOP - 1, TOP):
        yield f"content size {size}", frame(raw, descriptor=0xe4, fields=struct.pack("<Q", size))
    yield "more than it says", frame(raw, blocks=block(0, len(raw), raw, 0) + raw_blocks(b"x"))
    yield "less than it says", frame(raw, blocks=raw_blocks(raw[:-1]))
    yield "two halves", frame(raw[:half]) + frame(raw[half:])
    yield "a first half of the whole size", frame(raw, blocks=raw_blocks(raw[:half])) + frame(raw[half:])
    for magic in (0x184D2A50, 0x184D2A5E, 0x184D2A5F):
        yield "a skippable frame", skippable(raw, magic)
        yield "a skippable frame in front", skippable(b"", magic) + whole
        yield "a skippable frame behind", whole + skippable(b"", magic)
    yield "a second frame", whole + whole
    yield "a second frame with nothing in it", whole + frame(b"", descriptor=0x24, fields=b"\0")
    for behind in (b"\0", MAGIC, MAGIC + b"\xa4", bytes(64)):
        yield f"{len(behind)} bytes behind", whole + behind
    for magic in legacy:
        yield f"a legacy frame {magic.hex()}", magic + whole[4:]
        for behind in (magic, magic + bytes(4), magic + bytes(60), magic + whole[4:]):
            yield f"a legacy frame {magic.hex()} behind", whole + behind


@kind
def forged_frames(canvas):
    """Frames with a right checksum and wrong contents."""
    v1, _, v3, _ = builds(canvas)
    base, delta = Part(3, ZSTD, v3, [(frame(v3), 0, 0)]), Part(1, DELTA, v1, [(delta_frame(v1), 0, len(v3))], base=3)
    yield forge(canvas, "good", [delta, base], *good(1, 3))
    yield forge(canvas, "good without a prefix", [Part(1, DELTA, v1, [(frame(v1), 0, 0)], base=3), base], *good(1, 3))
    yield forge(canvas, "good with id 0 of a dictionary",
                [Part(1, ZSTD, v1, [(frame(v1, descriptor=0xa5, fields=b"\0" + struct.pack("<I", len(v1))), 0, 0)])],
                *good(1))
    for name, coded in faulty_frames(v1):
        yield forge(canvas, f"delta: {name}", [Part(1, DELTA, v1, [(coded, 0, 0)], base=3), base],
                    *bad([1], FRAME), ("v3", (RIGHT,)))
    for name, coded in faulty_frames(delta_of(literals=v1)):
        if name.startswith("content size") and name != "content size 0":
            continue  # a delta may have any size up to a frame's; forged_deltas tests that
        yield forge(canvas, f"delta with a prefix: {name}", [Part(1, DELTA, v1, [(coded, 0, len(v3))], base=3), base],
                    *bad([1], FRAME), ("v3", (RIGHT,)))
    for name, coded in faulty_frames(v3):
        runs = [*bad([1], FRAME), *bad([3], FRAME), ("verify", (FAILED,), "v1, its base v3: damaged")]
        yield forge(canvas, f"base: {name}", [delta, Part(3, ZSTD, v3, [(coded, 0, 0)])], *runs)
    for name, faulty in (("delta", 0), ("base", 1)):
        parts = [Part(1, DELTA, v1, [(delta_frame(v1), 0, len(v3))], base=3), Part(3, ZSTD, v3, [(frame(v3), 0, 0)])]
        parts[faulty].sums[0] ^= 1
        yield forge(canvas, f"checksum of the {name}", parts, *bad([1, 3][faulty:] if faulty else [1], CHECKSUM))


@kind
def forged_bases(canvas):
    """Impossible bases of which no byte is needed, so that a reader that accepts one starts the right program."""
    v1, v2, v3, _ = builds(canvas)
    says = "base of a variant is missing or not allowed"

    def delta(level, raw, base, offset=0, size=64):
        return Part(level, DELTA, raw, [(delta_frame(raw) if size else frame(raw), offset, size)], base=base)

    stored, plain = Part(3, STORED, v3, [(v3, 0, 0)]), Part(3, ZSTD, v3, [(frame(v3), 0, 0)])
    for name, parts in {
            "stored": [delta(1, v1, 3), stored], "missing": [delta(1, v1, 2), plain], "none": [delta(1, v1, 0), plain],
            "itself": [delta(1, v1, 1), plain], "alone": [delta(1, v1, 1)], "ring": [delta(1, v1, 2), delta(2, v2, 1)],
            "chain": [delta(1, v1, 2), delta(2, v2, 3), plain], "chain of no prefixes":
            [delta(1, v1, 2, 0, 0), delta(2, v2, 3, 0, 0), plain], "of a stored one":
            [Part(1, STORED, v1, [(v1, 0, 0)], base=3), plain], "of a zstd one":
            [Part(1, ZSTD, v1, [(frame(v1), 0, 0)], base=3), plain]}.items():
        yield forge(canvas, f"base: {name}", parts, *bad([part.level for part in parts], says, (FAILED,)))
    yield forge(canvas, "good: one base for two", [delta(1, v1, 3), delta(2, v2, 3), plain], *good(1, 2, 3))
    yield forge(canvas, "good: a stored one beside", [delta(1, v1, 3), Part(2, STORED, v2, [(v2, 0, 0)]), plain],
                *good(1, 2, 3))


@kind
def forged_prefixes(canvas):
    """Prefixes at the end of the base and after it, and as far apart as they may and farther. The base is all zeros."""
    v1, _, v3, _ = builds(canvas)
    count, size = 5, 5 * ZEROS_FRAME
    zeros = Part(4, ZSTD, bytes(size), [(frame_of_zeros(), 0, 0)] * count, frame_size=ZEROS_FRAME)

    def case(offset, length, *runs):
        delta = Part(1, DELTA, v1, [(delta_frame(v1) if length else frame(v1), offset, length)], base=4)
        return forge(canvas, f"prefix {offset:#x} {length:#x}", [delta, zeros], *runs)

    def two(*offsets):
        rest = (1 << 16) - len(v1)
        first = delta_of(number(len(v1)), number(rest), number(signed(-len(v1))), literals=v1)
        frames = [(frame(delta), offset, 1 << 16) for delta, offset in zip((first, delta_of(literals=b"end")), offsets)]
        return [Part(1, DELTA, v1 + bytes(rest) + b"end", frames, base=4, frame_size=1 << 16), zeros]

    end = size - (1 << 16)
    for offsets in ((0, end), (REACH_MAX - (1 << 16), 0), (end, size - REACH_MAX)):
        yield forge(canvas, f"prefixes at {offsets}", two(*offsets), *good(1)[:3])
    for offsets in ((REACH_MAX - (1 << 16) + 1, 0), (end, size - REACH_MAX - 1), (end, 0)):
        yield forge(canvas, f"prefixes at {offsets}", two(*offsets), *bad([1], PREFIX, (FAILED,)))
    for offset, length in ((0, REACH_MAX), (size - REACH_MAX, REACH_MAX), (size - 1, 1), (0, 1), (0, 0),
                           (ZEROS_FRAME - 1, 2)):
        yield case(offset, length, *good(1)[:3])
    for at, length in ((0, REACH_MAX + 1), (1, REACH_MAX), (size - REACH_MAX + 1, REACH_MAX), (size, 1), (0, size),
                       (size - 1, 2), (size, 0), (1, 0), (0, 0xffffffff), (TOP, 1), (TOP, 0xffffffff), (TOP - 63, 64)):
        yield case(at, length, *bad([1], PREFIX, (FAILED,)))


def faulty_deltas(raw, base):
    """Name and bytes of deltas that must not be decoded; most of them result in the right bytes. They copy the first
    bytes, which all builds have in common, and change the last four of these by 0."""
    same = next(i for i in range(len(raw)) if raw[i] != base[i])
    rest = len(raw) - same
    huge = b"\xff\xff\xff\xff\x0f"
    good = {"literal_sizes": b"\0", "copy_sizes": number(same), "moves": b"\0", "gaps": number(same - 4),
            "changes": b"\0", "literals": raw[same:]}

    def case(name, **streams):
        return name, delta_of(**{**good, **streams})

    yield None, delta_of(**good)
    whole = delta_of(**good)
    for size in (0, 1, 23, 24, 25, len(whole) - 1):
        yield f"cut to {size} bytes", whole[:size]
    yield "a byte behind the streams", whole + b"\0"
    for stream in range(6):
        for size in (1 << 31, 0xffffffff, len(whole) - 23, len(whole)):
            place = 4 * stream
            yield f"stream {stream} of {size} bytes", whole[:place] + struct.pack("<I", size) + whole[place + 4:]
    for name in ("literal_sizes", "copy_sizes", "moves", "gaps", "changes"):
        yield case(f"nothing in {name}", **{name: b""})
        yield case(f"one more in {name}", **{name: good[name] + b"\0"})
        endless = good[name][:-1] + bytes([good[name][-1] | 0x80])
        yield case(f"{name}: a number that does not end", **{name: endless})
        yield case(f"{name}: a number of six bytes", **{name: endless.ljust(5, b"\x80") + b"\0"})
        yield case(f"{name}: a number of 33 bits", **{name: endless.ljust(4, b"\x80") + b"\x10"})
    yield case("literals missing", literals=raw[same:-1])
    yield case("literals left", literals=raw[same:] + b"x")
    yield case("literals of no end", literal_sizes=huge)
    yield case("more literals than there are", literal_sizes=number(rest + 1))
    yield case("a copy of no end", copy_sizes=huge, literals=b"")
    yield case("a copy that ends behind the frame", copy_sizes=number(len(raw) + 1), literals=b"")
    yield case("a copy that ends behind the prefix", copy_sizes=number(len(base) + 1), literals=b"")
    for place in (-1, -(1 << 31), len(base) - same + 1, len(base), (1 << 31) - 1):
        yield case(f"a copy from {place}", moves=number(signed(place)))
    for places in ((1 << 31) - 1, 1), (-(1 << 31), -(1 << 31)), (-1, 1), (len(base) + 1, -len(base) - 1):
        yield case(f"moves {places}", literal_sizes=b"\0\0", copy_sizes=b"\0" + number(same),
                   moves=numbers(*map(signed, places)))
    for gap in (same - 3, same - 1, same, len(raw) - 4, len(raw), (1 << 31) - 1):
        yield case(f"a change behind {gap} bytes", gaps=number(gap))
    yield case("a change in no copy", gaps=b"\0", literal_sizes=b"", copy_sizes=b"", moves=b"", literals=raw)
    yield case("two changes in one place", gaps=number(same - 4) + b"\0", changes=b"\0\0")
    yield case("a change too few", gaps=number(same - 4) + number(len(raw)))
    steps = (1 << 16) - len(whole) + 3
    nothing = bytes(steps // 3 + 1)
    yield case("larger than a frame", literal_sizes=nothing + good["literal_sizes"],
               copy_sizes=nothing + good["copy_sizes"], moves=nothing + good["moves"])


@kind
def forged_deltas(canvas):
    """Frames with a prefix and a wrong delta."""
    v1, _, v3, _ = builds(canvas)
    base = Part(3, ZSTD, v3, [(frame(v3), 0, 0)])
    for name, delta in faulty_deltas(v1, v3):
        parts = [Part(1, DELTA, v1, [(frame_of_delta(delta), 0, len(v3))], base=3, frame_size=1 << 16), base]
        runs = (*bad([1], FRAME), ("v3", (RIGHT,))) if name else good(1, 3)
        yield forge(canvas, f"delta: {name or 'good'}", parts, *runs)
