/* SPDX-License-Identifier: MIT */
/* Writes a bundle with libbfd: the stub's sections and segments, then the parts, and last what no section contains. */
#ifndef BUNDLER_BUNDLE_WRITE_H
#define BUNDLER_BUNDLE_WRITE_H

#include "layout.h"
#include "stub.h"

enum { WRITE_PARTS_MAX = 24 };

/*
 * Writes the file `temporary`, with a build-id computed from its contents. layout_place() must have placed the parts.
 * The bytes of `end`, which need not be placed and may be none, follow the end of what libbfd writes. The build-id does
 * not cover them directly, but the manifest, which is a part, has their SHA-256. Messages name `path`. Returns 0, or
 * reports and returns an exit status.
 */
int write_bundle(const char *temporary, const char *path, const struct stub_file *stub, const struct layout_part *parts,
                 size_t count, const struct layout_part *end);

#endif
