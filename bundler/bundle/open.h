/* SPDX-License-Identifier: MIT */
/*
 * Opens a bundle for reading, and checks its manifest and its tables of frames. Manifest and tables are copied once, so
 * that nothing changes after it was checked, whatever happens to the file. Everything else is read when it is needed:
 * a mapped file would end the program by SIGBUS when it becomes shorter or the disk fails.
 */
#ifndef BUNDLER_BUNDLE_OPEN_H
#define BUNDLER_BUNDLE_OPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../../lib/payload.h"

/* A bundle has two PT_NOTE segments: the stub's and that of the manifest. */
enum { BUNDLE_NOTES_MAX = 8 };

struct bundle_file {
    const char *path; /* for messages; the caller's */
    int fd;           /* owned. -1: none */
    struct stat stat;
    uint64_t size; /* of the file, in bytes */
    struct fatelf_bundle bundle;
    struct fatelf_payload payloads[FATELF_VARIANTS_MAX]; /* of its variants, in order */
    char build_id[2 * 20 + 1];                           /* hexadecimal, or empty */
    const char *components, *creator;                    /* the texts of these notes. NULL: there is none */
    unsigned char *notes[BUNDLE_NOTES_MAX];              /* the contents of its PT_NOTE segments; owned */
    unsigned note_count;
    uint64_t notes_size; /* of all of them */
};

/*
 * Opens the bundle at `path`, which messages call `name`. *file must not be moved until bundle_file_close(), which the
 * caller calls in any case. Returns 0, or reports and returns an exit status.
 */
int bundle_file_open(struct bundle_file *file, const char *path, const char *name);
void bundle_file_close(struct bundle_file *file);

/* Whether two variants differ in nothing but their levels: they share a payload, and so they have the same bytes. */
bool bundle_file_are_same(const struct bundle_file *file, unsigned a, unsigned b);

/* The level of the lowest variant that is the same as variant `index`. 0: there is none below it. */
unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index);

/* Reports what is wrong with variant `index`, a FATELF_ERROR_*. Returns STATUS_FAILED. */
int bundle_file_fail(const struct bundle_file *file, unsigned index, int error);

/*
 * Reads `size` bytes at `offset`, which counts from the manifest's first byte. Returns 0, or reports and returns an exit
 * status.
 */
int bundle_file_read(const struct bundle_file *file, void *bytes, size_t size, uint64_t offset);

/*
 * Compares the seek table of variant `index`, if it has one, with the table of frames. Returns 0, or reports and returns
 * an exit status.
 */
int bundle_file_check_seek_table(const struct bundle_file *file, unsigned index);

#endif
