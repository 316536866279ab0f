/* SPDX-License-Identifier: MIT */
/*
 * A mutator for ELF files. Most mutations of a whole file would hit code. This one mostly chooses one of the tables
 * that readers look at, and in it either some bytes or one field, which gets a value that a reader may not expect.
 */
#ifndef TESTS_FUZZ_ELF_MUTATOR_H
#define TESTS_FUZZ_ELF_MUTATOR_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

struct elf_part {
    uint64_t offset, size;
};

static uint64_t random_number(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return below ? (*state >> 32) % below : 0;
}

/* Keeps of the part what is in the file. */
static struct elf_part part_in_file(uint64_t offset, uint64_t length, uint64_t size)
{
    if (offset >= size)
        return (struct elf_part){0, 0};
    return (struct elf_part){offset, length < size - offset ? length : size - offset};
}

/* A header, a table of headers, or what one of the headers describes. Sections of these types have tables in them. */
static struct elf_part choose_part(const uint8_t *data, size_t size, uint64_t *state)
{
    static const uint32_t tables[] = {SHT_DYNAMIC, SHT_DYNSYM,      SHT_SYMTAB,     SHT_STRTAB,     SHT_NOTE,
                                      SHT_HASH,    SHT_GNU_verneed, SHT_GNU_versym, SHT_GNU_verdef, SHT_GNU_HASH};
    Elf64_Ehdr header;
    Elf64_Shdr section;
    Elf64_Phdr segment;

    if (size < sizeof header)
        return (struct elf_part){0, size};
    memcpy(&header, data, sizeof header);
    switch (random_number(state, 8)) {
    case 0:
        return (struct elf_part){0, sizeof header};
    case 1:
        return part_in_file(header.e_phoff, header.e_phnum * sizeof segment, size);
    case 2:
        return part_in_file(header.e_shoff, header.e_shnum * sizeof section, size);
    case 3: {
        struct elf_part table = part_in_file(header.e_phoff, header.e_phnum * sizeof segment, size);
        if (table.size < sizeof segment)
            return table;
        memcpy(&segment, data + table.offset + random_number(state, table.size / sizeof segment) * sizeof segment,
               sizeof segment);
        return part_in_file(segment.p_offset, segment.p_filesz, size);
    }
    default: {
        struct elf_part table = part_in_file(header.e_shoff, header.e_shnum * sizeof section, size);
        if (table.size < sizeof section)
            return table;
        for (unsigned tries = 0; tries < 20; tries++) {
            memcpy(&section, data + table.offset + random_number(state, table.size / sizeof section) * sizeof section,
                   sizeof section);
            for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
                if (section.sh_type == tables[i])
                    return part_in_file(section.sh_offset, section.sh_size, size);
        }
        return part_in_file(section.sh_offset, section.sh_size, size);
    }
    }
}

/* Gives a field of 2, 4 or 8 bytes a number: a border, another field of the file, or a little more or less. */
static void change_field(uint8_t *bytes, size_t room, const uint8_t *data, size_t size, uint64_t *state)
{
    static const uint64_t borders[] = {0,
                                       1,
                                       63,
                                       64,
                                       4095,
                                       4096,
                                       0xfffe,
                                       0xffff,
                                       0x7fffffff,
                                       0xffffffff,
                                       INT64_MAX,
                                       UINT64_MAX,
                                       UINT64_MAX - 4095,
                                       UINT64_C(1) << 36,
                                       UINT64_C(1) << 47};
    size_t width = (size_t)2 << random_number(state, 3);
    uint64_t value = 0;

    if (room < width)
        return;
    uint8_t *field = bytes + random_number(state, room / width) * width;
    memcpy(&value, field, width);
    switch (random_number(state, 5)) {
    case 0:
        value = borders[random_number(state, sizeof borders / sizeof *borders)];
        break;
    case 1:
        value = size + random_number(state, 129) - 64;
        break;
    case 2:
        memcpy(&value, data + random_number(state, size - width + 1), width);
        break;
    case 3:
        value ^= UINT64_C(1) << random_number(state, 8 * width);
        break;
    default:
        value += random_number(state, 33) - 16;
    }
    memcpy(field, &value, width);
}

/* The first table of symbols. */
static struct elf_part find_symbols(const uint8_t *data, size_t size, struct elf_part sections)
{
    Elf64_Shdr section;

    for (uint64_t at = 0; sections.size - at >= sizeof section; at += sizeof section) {
        memcpy(&section, data + sections.offset + at, sizeof section);
        if (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM)
            return part_in_file(section.sh_offset, section.sh_size, size);
    }
    return (struct elf_part){0, 0};
}

/*
 * Makes two entries of a table of headers or symbols alike: one gets a field of the other, or all of them, and then a
 * field of it becomes a little larger or smaller. So sections overlap, and there are two of a kind.
 */
static void mix_entries(uint8_t *data, size_t size, uint64_t *state)
{
    Elf64_Ehdr header;
    size_t entry = sizeof(Elf64_Shdr);

    if (size < sizeof header)
        return;
    memcpy(&header, data, sizeof header);
    struct elf_part table = part_in_file(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr), size);
    uint64_t choice = random_number(state, 4); /* most often, two section headers */
    if (choice == 0) {
        entry = sizeof(Elf64_Phdr);
        table = part_in_file(header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr), size);
    } else if (choice == 1) {
        entry = sizeof(Elf64_Sym);
        table = find_symbols(data, size, table);
    }
    if (table.size < entry)
        return;
    uint8_t *to = data + table.offset + random_number(state, table.size / entry) * entry;
    const uint8_t *from = data + table.offset + random_number(state, table.size / entry) * entry;
    size_t field = random_number(state, entry / 8) * 8;
    if (random_number(state, 2))
        memmove(to, from, entry);
    else
        memmove(to + field, from + field, 8);
    field = random_number(state, entry / 8) * 8;
    to[field] = (uint8_t)(to[field] + random_number(state, 33) - 16);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint64_t state = seed;

    if (random_number(&state, 16) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    for (uint64_t changes = random_number(&state, 3) + 1; changes > 0; changes--) {
        if (random_number(&state, 4) == 0) {
            mix_entries(data, size, &state);
            continue;
        }
        struct elf_part part = choose_part(data, size, &state);
        if (part.size == 0)
            continue;
        if (random_number(&state, 3) == 0)
            LLVMFuzzerMutate(data + part.offset, part.size, part.size);
        else
            change_field(data + part.offset, part.size, data, size, &state);
    }
    return size;
}

#endif
