/* SPDX-License-Identifier: MIT */
/* Codes the payloads of an assembly. Decides which one is the base, and which ones are coded against it. */
#ifndef BUNDLER_BUNDLE_CODE_H
#define BUNDLER_BUNDLE_CODE_H

#include "assemble.h"

/* The default base: most machines in use have this level and not the next one. */
enum { CODE_BASE_DEFAULT = 3 };

struct code_options {
    struct compress_settings compress;
    bool delta;    /* code the other payloads against a base */
    unsigned base; /* code every other payload against this level. 0: the default base, and only if it saves enough */
    bool quiet;    /* no progress line */
};

/* Whether payloads may be coded against each other. */
bool code_uses_delta(const struct assembly *assembly, const struct code_options *options);

/*
 * The base: the variant for the level that was asked for, or else the next lower one, or else the lowest. All other
 * variants start more slowly, because the launcher has to decode the base as well.
 */
const struct assembled_variant *code_base(const struct assembly *assembly, const struct code_options *options);

/*
 * Codes all payloads with the source PAYLOAD_CODE into assembly->spool, which it opens. If options->base is set, there is
 * a variant for that level. Returns 0, or reports and returns an exit status.
 */
int code_payloads(struct assembly *assembly, const struct code_options *options);

#endif
