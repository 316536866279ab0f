/* SPDX-License-Identifier: MIT */
/*
 * One instruction: how long it is and which level it needs. The instructions are decoded by Zydis; without it
 * (HAVE_ZYDIS, set by the Makefile), decoder_new() finds no decoder.
 */
#ifndef BUNDLER_INPUT_INSTRUCTION_H
#define BUNDLER_INPUT_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../lib/format.h"

/* The longest instruction of the architecture. */
enum { INSTRUCTION_MAX = 15 };

/* Arrays that are indexed by level have a first element for instructions that no level contains. */
enum { INSTRUCTION_OTHER = 0, INSTRUCTION_LEVELS = FATELF_LEVEL_MAX + 1 };

struct instruction {
    uint16_t mnemonic; /* for instruction_name() */
    uint8_t length;    /* in bytes */
    uint8_t level;     /* the lowest level that contains it, or INSTRUCTION_OTHER (AES, SHA, RDRAND, AMX ...) */
    bool is_vex;       /* of level 3 or 4 and in the encodings that came with AVX */
    bool is_sse;       /* of an SSE feature, in the encoding from before AVX, which compilers for v3 no longer use */
    bool is_cpuid;     /* asks the processor for its features */
};

struct decoder; /* for one thread */

/* NULL: out of memory, or the tool was built without a decoder. The caller frees it with free(). */
struct decoder *decoder_new(void);
bool decoder_exists(void);

/* Decodes the instruction at the beginning of `size` bytes. False: it is cut short, or there is none. */
bool instruction_decode(struct decoder *decoder, const unsigned char *bytes, size_t size,
                        struct instruction *instruction);

/* "VPBROADCASTD". The bytes hold an instruction; `name` has room for 32 bytes. */
void instruction_name(uint16_t mnemonic, char *name);

#endif
