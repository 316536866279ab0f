# SPDX-License-Identifier: MIT
"""Damages ELF files and bundles by what their fields mean: one to four changes, chosen by a random.Random."""

import struct

from bundle import APPENDED, FRAME, HEADER, HEADER_SIZE, PROGRAM_HEADER, STORED, VARIANT, VARIANT_SIZE, xxh64

# elf.h: offset and struct's letter of each field
ELF_HEADER = [(0, "I"), (4, "B"), (5, "B"), (6, "B"), (7, "B"), (16, "H"), (18, "H"), (20, "I"), (24, "Q"), (32, "Q"),
              (40, "Q"), (48, "I"), (52, "H"), (54, "H"), (56, "H"), (58, "H"), (60, "H"), (62, "H")]
SECTION = [(0, "I"), (4, "I"), (8, "Q"), (16, "Q"), (24, "Q"), (32, "Q"), (40, "I"), (44, "I"), (48, "Q"), (56, "Q")]
SYMBOL = [(0, "I"), (4, "B"), (5, "B"), (6, "H"), (8, "Q"), (16, "Q")]
WORD = [(0, "I")]
# what sections of a type contain: the size of an entry, and its fields
CONTENTS = {
    2: (24, SYMBOL), 3: (1, [(0, "B")]), 5: (4, WORD), 6: (16, [(0, "Q"), (8, "Q")]), 7: (4, WORD), 11: (24, SYMBOL),
    0x6ffffff6: (4, WORD), 0x6ffffffd: (4, WORD), 0x6ffffffe: (4, [(0, "I"), (0, "H"), (2, "H")]),
    0x6fffffff: (2, [(0, "H")]),
}
OTHER_CONTENTS = (1, [(0, "B")])
TYPES = [*range(0, 20), 0x6474e550, 0x6474e551, 0x6474e552, 0x6474e553, 0x6ffffff5, 0x6ffffff6, 0x6ffffffd, 0x6ffffffe,
         0x6fffffff]
BORDERS = [0, 1, 2, 63, 64, 255, 4095, 4096, 0xfffe, 0xffff, (1 << 31) - 1, (1 << 32) - 1, 1 << 36, (1 << 36) + 1,
           1 << 47, (1 << 63) - 1, 1 << 63, (1 << 64) - 4096, (1 << 64) - 1]


def new_value(random, data, at, letter):
    width = struct.calcsize(letter)
    old, = struct.unpack_from("<" + letter, data, at)
    choice = random.randrange(7)
    if choice == 0:
        value = random.choice(BORDERS)
    elif choice == 1:
        value = len(data) + random.randrange(-64, 65)
    elif choice == 2:
        value = old ^ 1 << random.randrange(8 * width)
    elif choice == 3:
        value = old + random.randrange(-16, 17)
    elif choice == 4:
        value = random.choice(TYPES)
    elif choice == 5:
        value = random.getrandbits(8 * width)
    else:
        value = int.from_bytes(data[(place := random.randrange(len(data))):place + width], "little")
    return value & (1 << 8 * width) - 1


def change(random, data, at, fields):
    """Changes one field of the entry at this offset."""
    offset, letter = random.choice(fields)
    if at + offset + struct.calcsize(letter) <= len(data):
        struct.pack_into("<" + letter, data, at + offset, new_value(random, data, at + offset, letter))


def elf_tables(data):
    """(offset, count, size of an entry, fields) of all that readers look at. Bundles first."""
    header_table, section_table = struct.unpack_from("<QQ", data, 32)
    _, headers, _, sections, _ = struct.unpack_from("<HHHHH", data, 54)
    tables = [(0, 1, 64, ELF_HEADER), (header_table, headers, 56, [*PROGRAM_HEADER.values()])]
    if sections:
        tables.append((section_table, sections, 64, SECTION))
    for i in range(sections):
        kind, _, _, offset, size = struct.unpack_from("<IQQQQ", data, section_table + 64 * i + 4)
        entry, fields = CONTENTS.get(kind, OTHER_CONTENTS)
        if kind not in (0, 8) and size >= entry:
            tables.append((offset, size // entry, entry, fields))
    return tables


def mutate_elf(random, original):
    """A damaged copy of an ELF file."""
    data, tables = bytearray(original), elf_tables(original)
    for _ in range(random.randrange(1, 5)):
        offset, count, entry, fields = random.choice(tables[:3] if random.randrange(2) else tables)
        at = offset + entry * random.randrange(max(count, 1))
        if random.randrange(10) == 0 and count > 1:  # an entry of a table twice, or in the place of another
            other = offset + entry * random.randrange(count)
            data[at:at + entry], data[other:other + entry] = data[other:other + entry], data[at:at + entry]
        else:
            change(random, data, at, fields)
    choice = random.randrange(20)
    if choice == 0:
        del data[random.randrange(len(data)):]
    elif choice == 1:
        data += random.randbytes(random.randrange(1, 5000))
    return bytes(data)


def repair(bundle, data, touched):
    """Makes the checksums right again: those of the frames that were touched, and the manifest's."""
    for variant in bundle.variants:
        for entry, frame in zip(variant.table, variant.frames):
            if any(at in frame for at in touched):
                struct.pack_into("<Q", data, entry.place, xxh64(data[frame.start:frame.stop]))
    struct.pack_into("<Q", data, bundle.note_end - 8, bundle.checksum(data))


def mutate_manifest(random, bundle, with_records):
    """A copy of the bundle with wrong fields in the manifest and a right checksum."""
    data = bytearray(bundle.data)
    tables = [(bundle.manifest, HEADER), *((v.place, VARIANT) for v in bundle.variants),
              *((entry.place, FRAME) for v in bundle.variants for entry in v.table),
              *((entry.place, APPENDED) for entry in bundle.appended)]
    for _ in range(random.randrange(1, 4)):
        if with_records and random.randrange(4) == 0:
            at = random.randrange(bundle.manifest + HEADER_SIZE + VARIANT_SIZE * len(bundle.variants),
                                  bundle.note_end - 8) & ~3
            change(random, data, at, WORD)
            continue
        place, layout = random.choice(tables)
        fields = [value for name, value in layout.items()
                  if not value[1].endswith("s") and (with_records or not name.startswith("elf_"))]
        change(random, data, place, fields)
    repair(bundle, data, ())
    return bytes(data)


def mutate_payload(random, bundle, repaired):
    """A copy of the bundle with wrong bytes in a payload, whose checksums are right again if that is wanted."""
    data, touched = bytearray(bundle.data), []
    variant = random.choice(bundle.variants)
    for _ in range(random.randrange(1, 4)):
        frame = random.choice(variant.frames)
        at = random.choice((frame.start + random.randrange(min(len(frame), 64)), random.choice(frame)))
        data[at] = data[at] ^ 1 << random.randrange(8)
        touched.append(at)
    if repaired:
        repair(bundle, data, touched)
    return bytes(data)


def mutate_bundle(random, bundle):
    """A copy that is damaged anywhere."""
    choice = random.randrange(4)
    if choice == 0:
        return mutate_elf(random, bundle.data)
    if choice == 1:
        return mutate_payload(random, bundle, random.randrange(4) > 0)
    return mutate_manifest(random, bundle, True)


def mutate_for_launcher(random, bundle, in_place):
    """
    A copy of which the launcher must start a whole program or none. For a start in place, payloads that are stored are
    not checked (fatelf-amd64(7)), and the manifest is what tells where the program's segments are.
    """
    stored = any(variant.encoding == STORED for variant in bundle.variants)
    if random.randrange(4) == 0 and not (in_place and stored):
        return mutate_payload(random, bundle, False)
    return mutate_manifest(random, bundle, False)
