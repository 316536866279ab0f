/* SPDX-License-Identifier: MIT */
/* A build, the input of `create`: opened, checked, and its level determined. */
#ifndef BUNDLER_INPUT_BUILD_H
#define BUNDLER_INPUT_BUILD_H

#include <bfd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "appended.h"
#include "asks.h"
#include "dynamic.h"
#include "identity.h"
#include "record.h"
#include "sketch.h"

struct build {
    const char *path;         /* the caller's */
    bfd *bfd;                 /* for its sections; owned */
    int fd;                   /* for its bytes; owned; libbfd has its own descriptor */
    struct stat stat;         /* when it was opened */
    uint64_t size;            /* in bytes */
    unsigned level;           /* 1..4 */
    bool compressed_debug;    /* it has debug sections that are compressed */
    unsigned marks;           /* FATELF_MARK_* */
    struct record record;     /* its ELF headers, for the manifest */
    struct appended appended; /* what no loader maps and the program reads in its own file */
    struct dynamic dynamic;
    struct asks asks;
    struct identity identity;
    struct sketch sketch;
};

/*
 * Opens and checks `operand`, "[LEVEL=]FILE". Returns 0, or reports and returns an exit status. The caller calls
 * build_close() in any case.
 */
int build_open(struct build *build, const char *operand);
void build_close(struct build *build);

/*
 * Splits an operand, "v3=FILE" or "x86-64-v3=FILE", into level and file. *level is 0 if it is the name of a file alone.
 * Returns 0, or reports and returns an exit status.
 */
int build_split(const char *operand, unsigned *level, const char **path);

/*
 * Compares the bytes of two builds and sets *same. Returns 0, or reports and returns an exit status. Both builds stay
 * open.
 */
int build_compare(const struct build *a, const struct build *b, bool *same);

/* Checks that the file is still as it was when it was opened. Returns 0, or reports and returns an exit status. */
int build_check_unchanged(const struct build *build);

#endif
