/* SPDX-License-Identifier: MIT */
#include "isa.h"

#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/say.h"

/* The rules of isa_lowest_level(). docs/performance.md has the figures that they rest on. */
enum {
    CERTAIN_MIN = 4,       /* instructions, so that data that was decoded is no evidence */
    MAIN_MIN = 2,          /* instructions in main(), which is decoded from its start */
    PAGES_MIN = 4,         /* a smaller program may consist of its one function for AVX */
    VEX_PAGES_PART = 50,   /* percent of the pages with SSE or AVX instructions: at most 17 in programs for v1 */
    ABOVE_PAGES_PART = 40, /* percent of all pages: at least 77 in programs that are made for v3 */
    V2_PAGES_PART = 33,    /* percent of all pages: at least 40 in programs that are made for v2 */
    SCATTERED_MIN = 16,    /* pages */
    SCATTERED_PART = 25,   /* percent of all pages: 24 to 31 in Go programs for v3, up to 32 in static ones for v1 */
    RUNS_PART = 33,        /* runs of such pages, in percent of these: 45 in the former, at most 23 in the latter */
};

uint64_t isa_above(const uint64_t counts[INSTRUCTION_LEVELS], unsigned level)
{
    uint64_t sum = 0;

    while (++level < INSTRUCTION_LEVELS)
        sum += counts[level];
    return sum;
}

uint64_t isa_pages(const struct isa *isa)
{
    return isa_above(isa->counts.pages, 0);
}

/*
 * A program that cannot ask the processor would fail on an older one wherever it meets such an instruction. Of 788
 * programs that cannot, none contains one on a page that is not mixed.
 */
static bool is_unconditional(const struct isa *isa, unsigned level)
{
    uint64_t found = isa_above(isa->counts.certain, level);

    /* many mixed pages: data between the functions, as in Haskell programs; it may pass for code on other pages too */
    return !isa->can_ask && found >= CERTAIN_MIN && found >= isa->counts.mixed_pages;
}

/* Nobody compiles main() itself for a higher level than the program. */
static bool is_in_main(const struct isa *isa, unsigned level)
{
    return isa_above(isa->in_main, level) >= MAIN_MIN;
}

/* A compiler for v2 rarely uses the instructions of v2, but it does so in all parts of a program. */
static bool is_v2(const struct isa *isa, unsigned level)
{
    uint64_t found = isa->counts.pages[2];

    return level == 1 && found >= PAGES_MIN && found * 100 >= isa_pages(isa) * V2_PAGES_PART;
}

/*
 * Go uses the instructions of v3 for integers, and SSE as ever. They are on every third or fourth page of a program for
 * v3, evenly distributed, while functions for AVX lie side by side.
 */
static bool is_scattered(const struct isa *isa, unsigned level)
{
    uint64_t above = isa_above(isa->counts.pages, level);

    return above >= SCATTERED_MIN && above * 100 >= isa_pages(isa) * SCATTERED_PART &&
           isa->counts.runs[level] * 100 >= above * RUNS_PART;
}

/*
 * A compiler for v3 uses the encodings of AVX everywhere, and those of SSE nowhere. A program that has AVX functions
 * besides those for v1 has many pages with SSE instructions alone.
 */
static bool is_everywhere(const struct isa *isa, unsigned level)
{
    const struct isa_counts *counts = &isa->counts;
    uint64_t above = isa_above(counts->pages, level), both = counts->vex_pages + counts->sse_pages;

    return counts->vex_pages >= PAGES_MIN && counts->vex_pages * 100 >= both * VEX_PAGES_PART &&
           above * 100 >= isa_pages(isa) * ABOVE_PAGES_PART;
}

static bool is_above(const struct isa *isa, unsigned level)
{
    return is_unconditional(isa, level) || is_in_main(isa, level) || is_v2(isa, level) || is_scattered(isa, level) ||
           is_everywhere(isa, level);
}

unsigned isa_lowest_level(const struct isa *isa)
{
    unsigned level = FATELF_LEVEL_MIN;

    while (level < FATELF_LEVEL_MAX && is_above(isa, level))
        level++;
    return level;
}

const struct isa_sample *isa_example(const struct isa *isa, unsigned level)
{
    const struct isa_sample *samples = is_in_main(isa, level) ? isa->main_samples : isa->samples;

    for (unsigned i = FATELF_LEVEL_MAX; i > level; i--)
        if (samples[i].address)
            return &samples[i];
    return NULL;
}

/* Reads up to `size` bytes of code at an address. Returns how many. */
static size_t read_code(const struct elf_code *code, int fd, uint64_t address, unsigned char *bytes, size_t size)
{
    const struct code_span *span = elf_code_at(code, address);

    if (!span)
        return 0;
    uint64_t room = span->size - (address - span->address);
    size = room < size ? (size_t)room : size;
    return file_read(fd, bytes, size, span->offset + (address - span->address)) ? size : 0;
}

/*
 * The address of main(), also in a stripped program: glibc's start code, at the entry point, loads it into rdi before
 * its first call. 0: not found.
 */
static uint64_t find_main(const struct elf_code *code, struct decoder *decoder, int fd, uint64_t entry)
{
    static const unsigned char relative[] = {0x48, 0x8d, 0x3d}, absolute[] = {0x48, 0xc7, 0xc7}; /* lea, mov */
    unsigned char bytes[64];
    struct instruction instruction;
    size_t size = read_code(code, fd, entry, bytes, sizeof bytes);

    for (size_t at = 0; at < size; at += instruction.length) {
        int32_t value;
        if (!instruction_decode(decoder, bytes + at, size - at, &instruction) || bytes[at] == 0xe8)
            return 0;
        if (instruction.length != sizeof relative + sizeof value)
            continue;
        memcpy(&value, bytes + at + sizeof relative, sizeof value);
        if (memcmp(bytes + at, relative, sizeof relative) == 0)
            return entry + at + instruction.length + (uint64_t)(int64_t)value;
        if (memcmp(bytes + at, absolute, sizeof absolute) == 0)
            return (uint64_t)(int64_t)value;
    }
    return 0;
}

/* Without a symbol that tells its size, main() counts up to its first return, or to where the next function begins. */
static bool is_end(const unsigned char *bytes, size_t size)
{
    static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

    return bytes[0] == 0xc3 || bytes[0] == 0xf4 || bytes[0] == 0xcc ||
           (size >= sizeof endbr64 && memcmp(bytes, endbr64, sizeof endbr64) == 0);
}

static void count_main(struct isa *isa, const struct elf_code *code, struct decoder *decoder, int fd, uint64_t entry)
{
    unsigned char bytes[ISA_PAGE];
    struct instruction instruction;
    uint64_t address = find_main(code, decoder, fd, entry);
    size_t size = address ? read_code(code, fd, address, bytes, sizeof bytes) : 0;
    const struct function *function = functions_at(&isa->functions, address);
    bool has_size = function && function->start == address;

    if (has_size && function->size < size)
        size = (size_t)function->size;
    for (size_t at = 0; at < size; at += instruction.length) {
        if (!instruction_decode(decoder, bytes + at, size - at, &instruction) ||
            (!has_size && at > 0 && is_end(bytes + at, size - at)))
            break;
        unsigned level = instruction.level;
        if (isa->in_main[level]++ == 0)
            isa->main_samples[level] = (struct isa_sample){address + at, instruction.mnemonic};
    }
}

int isa_read(struct isa *isa, const struct elf_file *elf, int fd, uint64_t size, unsigned threads, const char *path)
{
    struct elf_code code = {0};
    struct decoder *decoder = decoder_new();

    *isa = (struct isa){0};
    int status = decoder ? elf_code_read(&code, elf, fd, size, path) : fail("out of memory");
    if (!status)
        status = functions_read(&isa->functions, &code, fd);
    if (!status)
        status = isa_scan(isa, &code, fd, threads, path);
    if (!status) {
        count_main(isa, &code, decoder, fd, elf->header.e_entry);
        isa->can_ask = isa->counts.cpuid > 0 || functions_import_detection(&code, elf, fd);
    }
    elf_code_free(&code);
    free(decoder);
    return status;
}

void isa_free(struct isa *isa)
{
    free(isa->functions.list);
    *isa = (struct isa){0};
}
