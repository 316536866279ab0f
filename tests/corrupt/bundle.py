# SPDX-License-Identifier: MIT
"""Reads a bundle as lib/format.h specifies it, and finds where each part is in the file. Shares no code with the
tool."""

import struct

PT_LOAD, PT_NOTE = 1, 4
SHT_NULL, SHT_NOBITS = 0, 8
HEADER_SIZE, VARIANT_SIZE, ELF_SIZE, PHDR_SIZE, FRAME_SIZE, APPENDED_SIZE = 40, 80, 24, 56, 32, 96
STORED, ZSTD, DELTA = 1, 2, 3
INPLACE = 2

# lib/format.h, struct fatelf_header, fatelf_variant, fatelf_elf, fatelf_frame and fatelf_appended, and elf.h,
# Elf64_Phdr: offset and struct's letter of each field
HEADER = {
    "magic": (0, "Q"), "version": (8, "H"), "header_size": (10, "H"), "variant_size": (12, "H"),
    "variant_count": (14, "B"), "launch": (15, "B"), "manifest_size": (16, "I"), "appended_count": (20, "I"),
    "incompatible": (24, "Q"), "compatible": (32, "Q"),
}
VARIANT = {
    "level": (0, "B"), "encoding": (1, "B"), "base": (2, "B"), "marks": (3, "B"), "frame_size": (4, "I"),
    "frame_count": (8, "I"), "frames_offset": (12, "I"), "payload_offset": (16, "Q"), "payload_size": (24, "Q"),
    "size": (32, "Q"), "sha256": (40, "32s"), "elf_offset": (72, "I"), "elf_size": (76, "I"),
}
ELF = {
    "entry": (0, "Q"), "header_offset": (8, "Q"), "type": (16, "H"), "header_count": (18, "H"),
    "interpreter_size": (20, "I"),
}
PROGRAM_HEADER = {
    "p_type": (0, "I"), "p_flags": (4, "I"), "p_offset": (8, "Q"), "p_vaddr": (16, "Q"), "p_paddr": (24, "Q"),
    "p_filesz": (32, "Q"), "p_memsz": (40, "Q"), "p_align": (48, "Q"),
}
FRAME = {
    "checksum": (0, "Q"), "offset": (8, "Q"), "prefix_offset": (16, "Q"), "size": (24, "I"), "prefix_size": (28, "I"),
}
APPENDED = {"offset": (0, "Q"), "size": (8, "Q"), "sha256": (16, "32s"), "name": (48, "48s")}


def xxh64(data):
    """XXH64 with seed 0, as xxHash's doc/xxhash_spec.md describes it."""
    p1, p2, p3, p4, p5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
                          0x27D4EB2F165667C5)
    mask = (1 << 64) - 1

    def rotate(value, bits):
        return (value << bits | value >> (64 - bits)) & mask

    def mix(lane, value):
        return rotate((lane + value * p2) & mask, 31) * p1 & mask

    at = 0
    if len(data) >= 32:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while len(data) - at >= 32:
            for i in range(4):
                lanes[i] = mix(lanes[i], int.from_bytes(data[at:at + 8], "little"))
                at += 8
        total = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            total = ((total ^ mix(0, lane)) * p1 + p4) & mask
    else:
        total = p5
    total = (total + len(data)) & mask
    while len(data) - at >= 8:
        total ^= mix(0, int.from_bytes(data[at:at + 8], "little"))
        total = (rotate(total, 27) * p1 + p4) & mask
        at += 8
    if len(data) - at >= 4:
        total ^= int.from_bytes(data[at:at + 4], "little") * p1 & mask
        total = (rotate(total, 23) * p2 + p3) & mask
        at += 4
    for byte in data[at:]:
        total ^= byte * p5 & mask
        total = rotate(total, 11) * p1 & mask
    for shift, prime in ((33, p2), (29, p3), (32, 1)):
        total = (total ^ total >> shift) * prime & mask
    return total


class Segment:
    def __init__(self, data, place):
        self.place = place
        self.type, self.flags, self.offset, self.address, _, self.file_size, self.memory_size, _ = \
            struct.unpack_from("<IIQQQQQQ", data, place)
        self.is_manifest = self.type == PT_NOTE and \
            data[self.offset + 8:self.offset + 25] == b"\1\0\0\0fatelf-amd64\0"


class Fields:
    """An entry of the manifest with its fields as attributes. place: its offset in the file."""

    def __init__(self, data, place, fields):
        self.place = place
        for name, (offset, letter) in fields.items():
            setattr(self, name, struct.unpack_from("<" + letter, data, place + offset)[0])


def packed(values, layout, size):
    """The bytes of a struct. values: {field: value}; fields that are missing are 0."""
    made = bytearray(size)
    for name, value in values.items():
        struct.pack_into("<" + layout[name][1], made, layout[name][0], value)
    return bytes(made)


class Record:
    """The manifest's record of a variant's ELF file. elf, headers: fields by name. interpreter: with its final 0."""

    def __init__(self, data, place):
        def read(at, layout):
            return {name: struct.unpack_from("<" + letter, data, at + offset)[0]
                    for name, (offset, letter) in layout.items()}

        self.elf = read(place, ELF)
        names = place + ELF_SIZE + PHDR_SIZE * self.elf["header_count"]
        self.headers = [read(at, PROGRAM_HEADER) for at in range(place + ELF_SIZE, names, PHDR_SIZE)]
        self.interpreter = data[names:names + self.elf["interpreter_size"]]

    def file_end(self):
        """The offset in the ELF file after the last byte that is mapped."""
        return max(h["p_offset"] + h["p_filesz"] for h in self.headers if h["p_type"] == PT_LOAD)

    def with_fields(self, elf=None, headers=None, interpreter=None):
        """The bytes of a changed record. elf: {field: value}; headers: all of them."""
        headers = self.headers if headers is None else headers
        interpreter = self.interpreter if interpreter is None else interpreter
        fields = {**self.elf, "header_count": len(headers), "interpreter_size": len(interpreter), **(elf or {})}
        made = packed(fields, ELF, ELF_SIZE) + b"".join(packed(h, PROGRAM_HEADER, PHDR_SIZE) for h in headers)
        return made + interpreter + bytes(-len(made + interpreter) % 8)


class Variant(Fields):
    """record: a Record, or None. table: its entries of the manifest's table of frames. frames, seek_table: ranges of
    the file."""

    def __init__(self, data, place, manifest):
        super().__init__(data, place, VARIANT)
        self.start = manifest + self.payload_offset
        self.end = self.start + self.payload_size
        self.record = Record(data, manifest + self.elf_offset) if self.elf_size else None
        table = manifest + self.frames_offset
        self.table = [Fields(data, table + FRAME_SIZE * i, FRAME) for i in range(self.frame_count)]
        self.frames = [range(self.start + entry.offset, self.start + entry.offset + entry.size) for entry in self.table]
        self.seek_table = range(0) if self.encoding == STORED else range(self.frames[-1].stop, self.end)
        for entry, frame in zip(self.table, self.frames):
            assert entry.checksum == xxh64(data[frame.start:frame.stop]), "checksum of a frame"
        assert self.encoding == STORED or data[self.seek_table.start:self.end] == self.make_seek_table(), "seek table"

    def raw_sizes(self):
        return [min(self.frame_size, self.size - i * self.frame_size) for i in range(self.frame_count)]

    def make_seek_table(self):
        """zstd's seekable format, contrib/seekable_format/zstd_seekable_compression_format.md"""
        return seek_table([(entry.size, raw) for entry, raw in zip(self.table, self.raw_sizes())])


def seek_table(sizes):
    """sizes: ((compressed, raw), ..)"""
    entries = b"".join(struct.pack("<II", *pair) for pair in sizes)
    return struct.pack("<II", 0x184D2A5E, len(entries) + 9) + entries + struct.pack("<IBI", len(sizes), 0, 0x8F92EAB1)


class Elf:
    def __init__(self, data):
        self.data = data
        self.header_table, self.section_table = struct.unpack_from("<QQ", data, 32)
        count, _, sections, strings = struct.unpack_from("<HHHH", data, 56)
        self.segments = [Segment(data, self.header_table + 56 * i) for i in range(count)]
        self.headers_end = self.header_table + 56 * count
        self.sections_end = self.section_table + 64 * sections
        self.sections = {}  # name: range of the file
        headers = [struct.unpack_from("<IIQQQQ", data, self.section_table + 64 * i) for i in range(sections)]
        for name, kind, _, _, offset, size in headers:
            start = headers[strings][4] + name
            if kind not in (SHT_NULL, SHT_NOBITS):
                self.sections[data[start:data.index(b"\0", start)].decode()] = range(offset, offset + size)


class Bundle(Elf):
    def __init__(self, data):
        super().__init__(data)
        loads = [segment for segment in self.segments if segment.type == PT_LOAD]
        self.payload_segment = loads[-1]
        self.payload_end = self.payload_segment.offset + self.payload_segment.file_size
        self.notes = [segment for segment in self.segments if segment.type == PT_NOTE]
        self.note_segment, = [segment for segment in self.notes if segment.is_manifest]
        self.note = self.note_segment.offset
        self.manifest = self.note + 12 + 16  # the owner's 13 bytes are padded to 16
        self.manifest_size, = struct.unpack_from("<I", data, self.note + 4)
        self.note_end = self.manifest + self.manifest_size
        variants, self.launch = struct.unpack_from("<BB", data, self.manifest + 14)
        self.variants = [Variant(data, self.manifest + HEADER_SIZE + VARIANT_SIZE * i, self.manifest)
                         for i in range(variants)]
        appended, = struct.unpack_from("<I", data, self.manifest + HEADER["appended_count"][0])
        self.appended = [Fields(data, self.note_end - 8 - APPENDED_SIZE * i, APPENDED) for i in range(appended, 0, -1)]
        assert self.checksum(data) == struct.unpack_from("<Q", data, self.note_end - 8)[0], "checksum"

    def base_of(self, variant):
        """The variant that it is coded against, or None."""
        return next((other for other in self.variants if other.level == variant.base), None)

    def dependents(self, variant):
        return [other for other in self.variants if other.base == variant.level]

    def checksum(self, data):
        return xxh64(data[self.manifest:self.note_end - 8])

    def with_fields(self, header=None, variants=None, frames=None, appended=None):
        """The note with changed fields and a right checksum. variants: {index: {field: value}}, frames: {(index of the
        variant, index of the frame): {field: value}}, appended: as variants"""
        changed = bytearray(self.data[:self.note_end])
        parts = [(self.manifest, HEADER, header or {})]
        parts += [(self.variants[index].place, VARIANT, fields) for index, fields in (variants or {}).items()]
        parts += [(self.variants[index].table[frame].place, FRAME, fields)
                  for (index, frame), fields in (frames or {}).items()]
        parts += [(self.appended[index].place, APPENDED, fields) for index, fields in (appended or {}).items()]
        for place, layout, fields in parts:
            for name, value in fields.items():
                offset, letter = layout[name]
                struct.pack_into("<" + letter, changed, place + offset, value)
        struct.pack_into("<Q", changed, self.note_end - 8, self.checksum(changed))
        return bytes(changed[self.note:])

    def with_record(self, index, record, variant=None, frame=None):
        """Edits that replace this variant's ELF record by other bytes, of any size that there is room for, and these
        fields of the variant and of its first frame."""
        changed = bytearray(self.data[self.manifest:self.note_end - 8])
        start = self.variants[index].elf_offset
        grown = len(record) - self.variants[index].elf_size
        changed[start:start + self.variants[index].elf_size] = record
        for i, other in enumerate(self.variants):
            fields = {"frames_offset": other.frames_offset + grown}
            if i == index:
                fields.update(elf_size=len(record), **(variant or {}))
            elif other.elf_offset > start:
                fields["elf_offset"] = other.elf_offset + grown
            for name, value in fields.items():
                offset, letter = VARIANT[name]
                struct.pack_into("<" + letter, changed, HEADER_SIZE + VARIANT_SIZE * i + offset, value)
        for name, value in (frame or {}).items():
            offset, letter = FRAME[name]
            place = self.variants[index].table[0].place - self.manifest + grown
            struct.pack_into("<" + letter, changed, place + offset, value)
        struct.pack_into("<I", changed, HEADER["manifest_size"][0], self.manifest_size + grown)
        changed += struct.pack("<Q", xxh64(changed))
        note = struct.pack("<III", 13, len(changed), 1) + self.data[self.note + 12:self.manifest] + changed
        assert self.note + len(note) <= min(other.start for other in self.variants), "no room for the manifest"
        return ((self.note, note),
                program_header(self.data, self.note_segment, p_filesz=len(note), p_memsz=len(note)))


def program_header(data, segment, **fields):
    """An edit that changes these fields of a program header."""
    changed = bytearray(data[segment.place:segment.place + 56])
    for name, value in fields.items():
        offset, letter = PROGRAM_HEADER[name]
        struct.pack_into("<" + letter, changed, offset, value)
    return segment.place, bytes(changed)


def read(data):
    image = Elf(data)
    return Bundle(data) if any(segment.is_manifest for segment in image.segments) else image
