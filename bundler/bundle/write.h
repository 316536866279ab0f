/* SPDX-License-Identifier: MIT */
/* Writes a bundle with libbfd: the stub's sections and segments, then the parts. */
#ifndef BUNDLER_BUNDLE_WRITE_H
#define BUNDLER_BUNDLE_WRITE_H

#include "layout.h"
#include "stub.h"

enum { WRITE_PARTS_MAX = 16 };

/*
 * Writes the file `temporary`, with a build-id computed from its contents. layout_place() must have placed the parts.
 * Messages name `path`. Returns 0, or reports and returns an exit status.
 */
int write_bundle(const char *temporary, const char *path, const struct stub_file *stub, const struct layout_part *parts,
                 size_t count);

#endif
