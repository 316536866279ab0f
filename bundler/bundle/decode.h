/* SPDX-License-Identifier: MIT */
/* Decodes one variant of an open bundle, with several threads and in bounded memory. */
#ifndef BUNDLER_BUNDLE_DECODE_H
#define BUNDLER_BUNDLE_DECODE_H

#include "open.h"

/* Takes the decoded bytes, in order. */
struct decode_sink {
    /* Returns 0, or reports and returns an exit status, which ends the decoding. NULL: the bytes go nowhere. */
    int (*put)(void *owner, const unsigned char *bytes, size_t size, uint64_t offset);
    void *owner;        /* the first argument of put() */
    bool already_known; /* put() compares the bytes with those that they were made from: the SHA-256 is not computed */
};

/*
 * Decodes variant `index` with up to `threads` threads, at least 1, and gives the bytes to the sink. Compares every
 * checksum, the seek table, the ELF headers and the SHA-256 with the manifest. Memory: the reach of the payload, at most
 * FATELF_REACH_MAX, and 12 MiB for each thread. Adds the decoded bytes to the progress line. Returns 0, or reports and
 * returns an exit status.
 */
int decode_variant(const struct bundle_file *file, unsigned index, unsigned threads, const struct decode_sink *sink);

#endif
