/* SPDX-License-Identifier: MIT */
/* Decodes the code of a file, with several threads, and counts its instructions. */
#ifndef BUNDLER_INPUT_ISA_SCAN_H
#define BUNDLER_INPUT_ISA_SCAN_H

#include "functions.h"

/* The unit of "pages": bytes of the file, which have the same boundaries as in memory. */
enum { ISA_PAGE = 4096 };

/* Counts. Arrays are indexed by level. */
struct isa_counts {
    uint64_t instructions[INSTRUCTION_LEVELS];
    uint64_t pages[INSTRUCTION_LEVELS]; /* with code, by the highest level of an instruction on them; [0] is unused */
    uint64_t runs[INSTRUCTION_LEVELS];  /* of pages with instructions above the level; a run ends with its MiB */
    uint64_t undecodable;               /* bytes that are in no instruction */
    /* Decoded data looks like instructions of any level. Where there is data, there are soon undecodable bytes too. */
    uint64_t mixed_pages;                 /* with undecodable bytes */
    uint64_t certain[INSTRUCTION_LEVELS]; /* the instructions on other pages */
    uint64_t sse_pages, vex_pages;        /* with is_sse; with is_vex but not is_sse, if not mixed */
    uint64_t sse;                         /* instructions with is_sse */
    uint64_t cpuid;                       /* instructions with is_cpuid */
};

/* The first instruction of a level on a page that is not mixed. */
struct isa_sample {
    uint64_t address; /* 0: there is none */
    uint16_t mnemonic;
};

struct isa {
    struct isa_counts counts;
    struct isa_sample samples[INSTRUCTION_LEVELS];
    uint64_t in_main[INSTRUCTION_LEVELS]; /* instructions in main() */
    struct isa_sample main_samples[INSTRUCTION_LEVELS];
    bool can_ask; /* the program can find out what the processor can do: it may contain code that it does not run */
    struct functions functions; /* with the numbers of their instructions */
};

/* Fills counts, samples and the numbers in the functions. Returns 0, or reports and returns an exit status. */
int isa_scan(struct isa *isa, const struct elf_code *code, int fd, unsigned threads, const char *path);

#endif
