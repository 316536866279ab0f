/* SPDX-License-Identifier: MIT */
/*
 * A small summary of the texts in a program, by which two programs can be compared however large they are.
 *
 * Builds of one program for different levels have different code, but the same messages and names: texts that the
 * program loads are the best sign of what it is, and stripping does not change them. The sketch is a sample of all
 * windows of SKETCH_WINDOW printable characters in the loaded segments: those with the smallest hashes (the method is
 * called "bottom-k MinHash"). The share of windows that two samples have in common is that of all windows, to within
 * about two percent. docs/performance.md, Builds of one program, has the shares that were measured.
 */
#ifndef BUNDLER_INPUT_SKETCH_H
#define BUNDLER_INPUT_SKETCH_H

#include "elf.h"

enum {
    SKETCH_WINDOW = 16, /* characters; shorter ones are common to most programs */
    SKETCH_SIZE = 1024, /* windows */
    SKETCH_MIN = 128,   /* fewer say nothing: a minimal C program has 32, from the C library's start files */
};

struct sketch {
    uint64_t hashes[SKETCH_SIZE]; /* `count` of them, ascending; no two are the same */
    size_t count;
};

/*
 * Makes the sketch of the file `fd` of `size` bytes. Returns 0, or reports with `path` and returns an exit status.
 */
int sketch_make(struct sketch *sketch, const struct elf_file *elf, int fd, uint64_t size, const char *path);

/* The share of all texts of two programs that both have, in percent. -1: they have too few. */
int sketch_compare(const struct sketch *a, const struct sketch *b);

#endif
