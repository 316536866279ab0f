/* A bundle that is read: its manifest checked, its payloads at hand. */
#ifndef BUNDLER_BUNDLEFILE_H
#define BUNDLER_BUNDLEFILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../lib/bundle.h"

struct bundle_file {
    const char *path; /* the caller's */
    int fd;
    struct stat stat;
    struct fatelf_image image;
    struct fatelf_bundle bundle;
    char build_id[2 * 20 + 1]; /* hexadecimal, or empty */
};

/* Returns 0, or reports and returns an exit status. bundle_file_close() in any case. */
int bundle_file_open(struct bundle_file *file, const char *path);
void bundle_file_close(struct bundle_file *file);

/* Index of the variant for a level, or -1. */
int bundle_file_find(const struct bundle_file *file, unsigned level);

/* The level of the lowest variant with the same payload, which is stored once; 0: it is this variant's own. */
unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index);

/* How an encoding is called. */
const char *bundle_file_encoding(unsigned encoding);

/*
 * Decodes variant `index` to `fd` (-1: nowhere) and compares its hash. Returns 0, or reports with `to`, the output's
 * name, and returns an exit status.
 */
int bundle_file_decode(const struct bundle_file *file, unsigned index, int fd, const char *to);

#endif
