/* SPDX-License-Identifier: MIT */
/* Files: whole reads, and outputs that appear whole or not at all. */
#ifndef BUNDLER_BASE_FILE_H
#define BUNDLER_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Reads exactly `size` bytes at `offset`. False with errno set (0: the file is shorter). */
bool file_read(int fd, void *bytes, size_t size, uint64_t offset);

/* Writes all of it at the file's position. False with errno set. */
bool file_write(int fd, const void *bytes, size_t size);

/*
 * A new file beside `path` that takes its place when it is committed. While one is open, signals that end the program
 * remove it first. One at a time.
 */
struct output {
    const char *path; /* the caller's */
    char *temporary;
    int fd;
};

/*
 * Opens an output. Without `force` a file that is already there is refused; something that is not a regular file always
 * is. Returns 0, or reports and returns an exit status.
 */
int output_open(struct output *output, const char *path, bool force);
/* Gives it `mode`, makes it durable and puts it in its place. Returns 0, or reports, removes it, returns a status. */
int output_commit(struct output *output, mode_t mode);
/* Removes it; does nothing once it is committed. */
void output_abandon(struct output *output);

/* An open file without a name in the folder of `path`, or -1 with errno set. */
int file_spool(const char *path);

#endif
