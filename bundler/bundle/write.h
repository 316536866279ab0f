/* SPDX-License-Identifier: MIT */
/* Writes a bundle with libbfd: the stub's sections and segments, then ours. */
#ifndef BUNDLER_BUNDLE_WRITE_H
#define BUNDLER_BUNDLE_WRITE_H

#include "layout.h"
#include "stub.h"

/* A section to add: its place, and its bytes in memory or, if `bytes` is NULL, at `spool_offset` of the spool. */
struct write_part {
    struct layout_part *place;
    bool note; /* covered by the PT_NOTE; notes come first and follow each other without gaps */
    const unsigned char *bytes;
    uint64_t spool_offset;
};

/*
 * Writes the file `temporary`, which gets the bundle's own build-id; `path` is its name in messages. `executable`: the
 * parts may be run where they are mapped. Returns 0, or reports and returns an exit status.
 */
int write_bundle(const char *temporary, const char *path, const struct stub_file *stub, const struct write_part *parts,
                 size_t count, bool executable, int spool);

#endif
