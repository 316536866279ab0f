/* SPDX-License-Identifier: MIT */
/* A bundle that is read: its manifest checked, its payloads at hand. */
#ifndef BUNDLER_BUNDLE_OPEN_H
#define BUNDLER_BUNDLE_OPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../../lib/payload.h"

struct bundle_file {
    const char *path; /* the caller's */
    int fd;
    struct stat stat;
    struct fatelf_image image;
    struct fatelf_bundle bundle;
    struct fatelf_payload payloads[FATELF_VARIANTS_MAX]; /* of its variants, in order */
    const struct fatelf_variant *base;                   /* the one in base_bytes, or NULL */
    unsigned char *base_bytes;                           /* raw; kept for the next variant that is coded against it */
    char build_id[2 * 20 + 1];                           /* hexadecimal, or empty */
};

/* *file stays where it is until bundle_file_close(), which is called in any case. Returns 0, or reports and returns an
 * exit status. */
int bundle_file_open(struct bundle_file *file, const char *path);
void bundle_file_close(struct bundle_file *file);

/* The level of the lowest variant with the same payload, which is stored once; 0: it is this variant's own. */
unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index);

/*
 * Decodes variant `index` to `fd` (-1: nowhere) and compares its hash. Returns 0, or reports with `to`, the output's
 * name, and returns an exit status.
 */
int bundle_file_decode(struct bundle_file *file, unsigned index, int fd, const char *to);

#endif
