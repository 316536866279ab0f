/* SPDX-License-Identifier: MIT */
/* Writes a bundle with libbfd: the stub's sections and segments, then the parts, and last what no section contains. */
#ifndef BUNDLER_BUNDLE_WRITE_H
#define BUNDLER_BUNDLE_WRITE_H

#include "layout.h"
#include "linkage_parts.h"
#include "stub.h"

enum { WRITE_PARTS_MAX = 32 };

/* What is written after the stub. */
struct write_parts {
    const struct layout_part *parts; /* `count` of them, which layout_place() has placed */
    size_t count;
    const struct layout_part *end; /* follows the end of what libbfd writes; not placed; may have no bytes */
    const struct linkage_parts *linkage;
};

/* The size of the room in the stub for the section .dynamic. */
size_t write_dynamic_room(const struct stub_file *stub);

/*
 * Writes the file `temporary`, with a build-id computed from its contents. That does not cover `end` directly, but the
 * manifest, which is a part, has its SHA-256. Messages name `path`. Returns 0, or reports and returns an exit status.
 */
int write_bundle(const char *temporary, const char *path, const struct stub_file *stub,
                 const struct write_parts *parts);

#endif
