/* SPDX-License-Identifier: MIT */
/*
 * A second counter of instructions, written from the comments in isa_scan.h and functions.h. It uses the same decoder,
 * but knows no threads: it goes over all of the file again for each question, which a small input allows.
 */
#ifndef TESTS_FUZZ_SECOND_COUNTER_H
#define TESTS_FUZZ_SECOND_COUNTER_H

#include "../../bundler/input/isa_scan.h"
#include "tool.h"

enum { SECOND_LEAD = 256 }; /* where the decoder starts before a chunk: see LEAD in isa_scan.c */

/* What begins at a byte of the file. */
struct second_byte {
    bool is_code, is_undecodable, is_instruction;
    struct instruction instruction;
    uint64_t address;
};

static inline uint64_t second_minimum(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Decodes every span, chunk by chunk. Returns an element for each byte of the file; the caller frees them. */
static inline struct second_byte *second_decode(const struct elf_code *code, const uint8_t *data, size_t size)
{
    struct second_byte *bytes = calloc(size, sizeof *bytes);
    struct decoder *decoder = decoder_new();
    struct instruction instruction;

    if (!bytes || !decoder)
        fault("out of memory", "");
    for (size_t i = 0; i < code->span_count; i++) {
        const struct code_span *span = &code->spans[i];
        uint64_t end = span->offset + span->size, to;
        for (uint64_t from = span->offset; from < end; from = to) {
            to = second_minimum(end, from - from % ISA_CHUNK + ISA_CHUNK);
            uint64_t at = from - second_minimum(SECOND_LEAD, from - span->offset);
            while (at < to) {
                bool good = instruction_decode(decoder, data + at, end - at, &instruction);
                if (at >= from) {
                    bytes[at].is_instruction = good;
                    bytes[at].is_undecodable = !good;
                    bytes[at].instruction = instruction;
                    bytes[at].address = span->address + (at - span->offset);
                }
                at += good ? instruction.length : 1;
            }
            for (at = from; at < to; at++)
                bytes[at].is_code = true;
        }
    }
    free(decoder);
    return bytes;
}

/* The counts of one page alone, with its highest level in *highest, which is 1 for a page without code. */
static inline struct isa_counts second_page(const struct second_byte *bytes, size_t from, size_t to, unsigned *highest)
{
    struct isa_counts page = {0};
    bool is_code = false, has_vex = false;

    *highest = FATELF_LEVEL_MIN;
    for (size_t at = from; at < to; at++) {
        const struct instruction *instruction = &bytes[at].instruction;
        is_code |= bytes[at].is_code;
        page.undecodable += bytes[at].is_undecodable;
        if (!bytes[at].is_instruction)
            continue;
        page.instructions[instruction->level]++;
        page.sse += instruction->is_sse;
        page.cpuid += instruction->is_cpuid;
        has_vex |= instruction->is_vex;
        if (instruction->level > *highest)
            *highest = instruction->level;
    }
    page.pages[*highest] = is_code;
    page.mixed_pages = page.undecodable > 0;
    if (!page.mixed_pages)
        memcpy(page.certain, page.instructions, sizeof page.certain);
    page.sse_pages = page.sse > 0;
    page.vex_pages = has_vex && !page.sse && !page.mixed_pages;
    return page;
}

/* All of isa_counts are numbers of 64 bits, and sums. */
static inline void second_add(struct isa_counts *sum, const struct isa_counts *page)
{
    uint64_t a[sizeof *sum / sizeof(uint64_t)], b[sizeof *sum / sizeof(uint64_t)];

    memcpy(a, sum, sizeof a);
    memcpy(b, page, sizeof b);
    for (size_t i = 0; i < sizeof a / sizeof *a; i++)
        a[i] += b[i];
    memcpy(sum, a, sizeof a);
}

static inline struct isa_counts second_count(const struct second_byte *bytes, size_t size)
{
    struct isa_counts sum = {0};
    unsigned before = 0, highest;

    for (size_t from = 0; from < size; from += ISA_PAGE) {
        struct isa_counts page = second_page(bytes, from, (size_t)second_minimum(size, from + ISA_PAGE), &highest);
        for (unsigned level = FATELF_LEVEL_MIN; level < INSTRUCTION_LEVELS; level++)
            page.runs[level] = highest > level && (from % ISA_CHUNK == 0 || before <= level);
        before = highest;
        second_add(&sum, &page);
    }
    return sum;
}

/* The lowest address of those instructions of the level that are the first on a page without undecodable bytes. */
static inline uint64_t second_sample(const struct second_byte *bytes, size_t size, unsigned level)
{
    uint64_t lowest = 0;
    unsigned highest;

    for (size_t from = 0; from < size; from += ISA_PAGE) {
        size_t at = from, to = (size_t)second_minimum(size, from + ISA_PAGE);
        if (second_page(bytes, from, to, &highest).mixed_pages)
            continue;
        while (at < to && !(bytes[at].is_instruction && bytes[at].instruction.level == level && bytes[at].address))
            at++;
        if (at < to && (!lowest || bytes[at].address < lowest))
            lowest = bytes[at].address;
    }
    return lowest;
}

/* The functions are in order, and each has those instructions at its addresses that no later one contains. */
static inline void second_look_at_functions(const struct functions *functions, const struct second_byte *bytes,
                                            size_t size)
{
    for (size_t i = 0; i < functions->count; i++) {
        const struct function *function = &functions->list[i];
        uint64_t next = i + 1 < functions->count ? function[1].start : UINT64_MAX;
        uint32_t instructions[INSTRUCTION_LEVELS] = {0};
        if (function->start >= next)
            fault("functions are not in order", "");
        for (size_t at = 0; at < size; at++) {
            uint64_t address = bytes[at].address;
            unsigned level = bytes[at].instruction.level;
            if (bytes[at].is_instruction && level != FATELF_LEVEL_MIN && address >= function->start && address < next &&
                address - function->start < function->size)
                instructions[level]++;
        }
        if (memcmp(instructions, function->instructions, sizeof instructions) != 0)
            fault("wrong numbers of instructions in a function", "");
    }
}

/* The symbols of the table that functions.h names: each function of them must be in the list. */
static inline void second_look_at_symbols(const struct elf_code *code, const struct functions *functions,
                                          const uint8_t *data)
{
    const Elf64_Shdr *table = elf_code_section(code, SHT_SYMTAB);
    Elf64_Sym symbol;
    size_t found = 0;

    table = table ? table : elf_code_section(code, SHT_DYNSYM);
    if (!table || table->sh_entsize != sizeof symbol || table->sh_link >= code->count ||
        code->headers[table->sh_link].sh_type != SHT_STRTAB) {
        if (functions->count > 0)
            fault("functions without symbols", "");
        return;
    }
    const Elf64_Shdr *strings = &code->headers[table->sh_link];
    for (uint64_t at = 0; table->sh_size - at >= sizeof symbol; at += sizeof symbol) {
        memcpy(&symbol, data + table->sh_offset + at, sizeof symbol);
        unsigned type = ELF64_ST_TYPE(symbol.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0 ||
            symbol.st_name >= strings->sh_size || symbol.st_size > UINT64_MAX - symbol.st_value)
            continue;
        const struct function *function = functions_at(functions, symbol.st_value);
        if (!function || function->start != symbol.st_value || function->name > strings->sh_offset + symbol.st_name)
            fault("a function is missing", "");
        found += function->name == strings->sh_offset + symbol.st_name;
    }
    if (found < functions->count)
        fault("a function that no symbol describes", "");
}

/* Compares what the tool has counted with what is counted here. */
static inline void second_compare(const struct isa *isa, const struct elf_code *code, const uint8_t *data, size_t size)
{
    struct second_byte *bytes = second_decode(code, data, size);
    struct isa_counts counts = second_count(bytes, size);

    if (memcmp(&counts, &isa->counts, sizeof counts) != 0)
        fault("wrong counts", "");
    for (unsigned level = 0; level < INSTRUCTION_LEVELS; level++)
        if (level != FATELF_LEVEL_MIN && isa->samples[level].address != second_sample(bytes, size, level))
            fault("another instruction comes first", "");
    second_look_at_functions(&isa->functions, bytes, size);
    second_look_at_symbols(code, &isa->functions, data);
    free(bytes);
}

#endif
