/* SPDX-License-Identifier: MIT */
/*
 * A bundle in memory: variants by level, each with an index into a pool of payloads. It is filled from builds, whose
 * payloads are coded first, or from a bundle, whose payloads are copied as they are; then it is written.
 */
#ifndef BUNDLER_BUNDLE_ASSEMBLE_H
#define BUNDLER_BUNDLE_ASSEMBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../lib/launch.h"
#include "../coding/compress.h"
#include "../input/build.h"
#include "../input/linkage.h"
#include "appended.h"
#include "metadata.h"
#include "open.h"
#include "stub.h"

/* What is stored of one or more identical variants. */
struct payload {
    enum {
        PAYLOAD_CODE,  /* its bytes are made from a build, by code_payloads() */
        PAYLOAD_CARRY, /* its bytes are copied from a bundle */
    } source;
    /* PAYLOAD_CODE: what its bytes are made from. PAYLOAD_CARRY: its decoded bytes, if others are to be coded against
       them; otherwise NULL. The caller's, which stays open */
    const struct build *build;
    uint64_t spool_offset;             /* PAYLOAD_CODE: where its bytes are in the spool, after it was coded */
    const struct bundle_file *carried; /* PAYLOAD_CARRY: the bundle that has its bytes, which stays open */
    unsigned carried_variant;          /* PAYLOAD_CARRY: the index of a variant there that it belongs to */
    unsigned base;                     /* the level of the variant that it is coded against. 0: none */
    struct coded coded;                /* for the manifest; owned. A payload that is not coded yet has no frames */
};

struct assembled_variant {
    unsigned level;
    unsigned payload;         /* index into assembly.payloads */
    unsigned marks;           /* FATELF_MARK_* of the build */
    const unsigned char *elf; /* its struct fatelf_elf with what follows it; the build's or the bundle's. NULL: none */
    uint32_t elf_size;        /* of these bytes */
};

struct assembly {
    struct assembled_variant variants[FATELF_VARIANTS_MAX]; /* by level, lowest first */
    unsigned variant_count;
    struct payload payloads[FATELF_VARIANTS_MAX];
    unsigned payload_count;
    unsigned base; /* the level that others are coded against. 0: code_payloads() chooses it */
    const struct fatelf_launch_row *launch;
    bool go_env;                     /* the bundle also honours GOAMD64 and MGODEBUG */
    uint64_t align;                  /* of payloads, in bytes: a power of two, at least a page */
    struct metadata metadata;        /* of the lowest variant; owned */
    struct linkage linkage;          /* of all variants, sorted; owned */
    struct appended_copies appended; /* of appended_collect() for builds, of appended_carry() for a bundle */
    int spool;                       /* a file for the payloads that are coded; owned. -1: none */
    const char *output;              /* the name of the output, for messages */
};

/* An empty assembly, with the defaults of `create`. The caller calls assembly_free() in any case. */
struct assembly assembly_make(const char *output);
void assembly_free(struct assembly *assembly);

/*
 * Adds a variant that is made from a build. If a build with the same bytes was added before, both share one payload.
 * Returns 0, or reports and returns an exit status, for instance if there is a variant for the level already.
 */
int assembly_add_build(struct assembly *assembly, const struct build *build);

/*
 * Adds variant `index` of an open bundle without decoding it. Variants that share a payload in the bundle share it
 * here. The caller must also add the base of a delta-coded variant, and take over the copies of appended data with
 * appended_carry(). Returns 0, or reports and returns an exit status.
 */
int assembly_add_carried(struct assembly *assembly, const struct bundle_file *file, unsigned index);

/* The variant for a level. NULL: there is none. */
const struct assembled_variant *assembly_find(const struct assembly *assembly, unsigned level);

/* Whether variant `index` shares the payload of a lower variant. */
bool assembly_is_shared(const struct assembly *assembly, unsigned index);

/*
 * Writes the bundle to the file `temporary`. All payloads must have been coded or carried over. Returns 0, or reports
 * and returns an exit status.
 */
int assembly_write(const struct assembly *assembly, const struct stub_file *stub, const char *temporary);

#endif
