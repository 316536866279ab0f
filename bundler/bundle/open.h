/* SPDX-License-Identifier: MIT */
/* Opens a bundle for reading, and checks its manifest and its tables of frames. */
#ifndef BUNDLER_BUNDLE_OPEN_H
#define BUNDLER_BUNDLE_OPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../../lib/payload.h"

struct bundle_file {
    const char *path; /* the caller's */
    int fd;           /* owned. -1: none */
    struct stat stat;
    struct fatelf_image image; /* the whole file, mapped; owned */
    struct fatelf_bundle bundle;
    struct fatelf_payload payloads[FATELF_VARIANTS_MAX]; /* of its variants, in order */
    char build_id[2 * 20 + 1];                           /* hexadecimal, or empty */
};

/*
 * Opens the bundle. *file must not be moved until bundle_file_close(), which the caller calls in any case. Returns 0,
 * or reports and returns an exit status.
 */
int bundle_file_open(struct bundle_file *file, const char *path);
void bundle_file_close(struct bundle_file *file);

/* The level of the lowest variant whose payload variant `index` shares. 0: no lower variant has the same payload. */
unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index);

/*
 * Decodes variant `index` to the descriptor `fd` (-1: nowhere) and compares its SHA-256. `to` names the output in
 * messages. Returns 0, or reports and returns an exit status.
 */
int bundle_file_decode(const struct bundle_file *file, unsigned index, int fd, const char *to);

#endif
