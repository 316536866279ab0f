/* SPDX-License-Identifier: MIT */
/* Files: complete reads and writes, and outputs that appear completely or not at all. */
#ifndef BUNDLER_BASE_FILE_H
#define BUNDLER_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Reads exactly `size` bytes at `offset`. False: errno says why (0: the file is shorter). */
bool file_read(int fd, void *bytes, size_t size, uint64_t offset);

/* Writes exactly `size` bytes at the file's position. False: errno says why. */
bool file_write(int fd, const void *bytes, size_t size);

/*
 * An output: a temporary file in the directory of `path`, which replaces `path` when it is committed. If a signal ends
 * the program, the temporary file is removed first. Only one output can be open at a time.
 */
struct output {
    const char *path; /* the caller's */
    char *temporary;  /* the temporary file's name; owned. NULL: the output is not open */
    int fd;           /* owned. -1: none */
};

/*
 * Opens an output. Refuses to replace an existing file unless `force` is set, and always refuses to replace something
 * that is not a regular file. Returns 0, or reports and returns an exit status.
 */
int output_open(struct output *output, const char *path, bool force);
/*
 * Sets the permissions, synchronises the file to the disk and renames it. Returns 0, or reports, removes the temporary
 * file and returns an exit status.
 */
int output_commit(struct output *output, mode_t mode);
/* Removes the temporary file. Does nothing after output_commit(). */
void output_abandon(struct output *output);

/* Opens a temporary file without a name in the directory of `path`. Returns its descriptor, or -1 with errno set. */
int file_spool(const char *path);

#endif
