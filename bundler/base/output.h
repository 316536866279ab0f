/* SPDX-License-Identifier: MIT */
/* Outputs: files that appear complete or not at all, and replace nothing that nobody asked to replace. */
#ifndef BUNDLER_BASE_OUTPUT_H
#define BUNDLER_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * An output: a temporary file (temporary.h), which gets its name when it is committed.
 */
struct output {
    const char *path; /* for messages; the caller's */
    char *target;     /* what `path` is, or where it points if it is a symbolic link; owned */
    char *temporary;  /* the temporary file's name, in the directory of `target`; owned. NULL: it is not open */
    int fd;           /* owned. -1: none */
    bool force;       /* it may replace a file */
};

/*
 * Opens an output, which must stay where it is until it is committed or abandoned. Refuses to replace an existing file
 * unless `force` is set, and always refuses to replace something that is not a regular file. Through a symbolic link,
 * the file that it points to is replaced. Returns 0, or reports and returns an exit status.
 */
int output_open(struct output *output, const char *path, bool force);
/* Checks, before what takes long, that output_open() will succeed. Returns 0, or reports and returns an exit status. */
int output_check(const char *path, bool force);
/*
 * To be called after another program has written the temporary file, under its name: that may be another file now.
 * Returns 0, or reports and returns an exit status.
 */
int output_reopen(struct output *output);
/* Asks the file system for room for `size` bytes. Returns 0, or reports and returns an exit status. */
int output_reserve(const struct output *output, uint64_t size);
/*
 * Sets the permissions, synchronises the file to the disk and gives it its name. Without `force`, this fails if there
 * is a file of that name by now. Returns 0, or reports, removes the temporary file and returns an exit status.
 */
int output_commit(struct output *output, mode_t mode);
/* Removes the temporary file. Does nothing after output_commit(). */
void output_abandon(struct output *output);

/* Opens a temporary file without a name in the directory of `path`. Returns its descriptor, or -1 with errno set. */
int output_spool(const char *path);

#endif
