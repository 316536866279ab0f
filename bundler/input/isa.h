/* SPDX-License-Identifier: MIT */
/* Which instructions a program contains, and which level it looks made for. */
#ifndef BUNDLER_INPUT_ISA_H
#define BUNDLER_INPUT_ISA_H

#include "isa_scan.h"

/*
 * Decodes all code in the file with `threads` threads; their number does not change the result. Returns 0, or reports
 * with `path` and returns an exit status. The caller calls isa_free() in any case.
 */
int isa_read(struct isa *isa, const struct elf_file *elf, int fd, uint64_t size, unsigned threads, const char *path);
void isa_free(struct isa *isa);

/* The sums over all levels above this one. */
uint64_t isa_above(const uint64_t counts[INSTRUCTION_LEVELS], unsigned level);
uint64_t isa_pages(const struct isa *isa); /* with code */

/*
 * The lowest level that the program may be made for. Its code may hold instructions of higher levels, if they look as
 * if the program ran them only after it asked the processor.
 */
unsigned isa_lowest_level(const struct isa *isa);

/* The best example of an instruction above the level. NULL: there is none. */
const struct isa_sample *isa_example(const struct isa *isa, unsigned level);

#endif
