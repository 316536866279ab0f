/* SPDX-License-Identifier: MIT */
/* Complete reads and writes, and names of files. */
#ifndef BUNDLER_BASE_FILE_H
#define BUNDLER_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/* Reads exactly `size` bytes at `offset`. False: errno says why (0: the file is shorter). */
bool file_read(int fd, void *bytes, size_t size, uint64_t offset);

/* Reports, after file_read(), why the file cannot be read. Returns STATUS_FAILED. */
int file_fail_read(const char *path);

/* Writes exactly `size` bytes at the file's position. False: errno says why. */
bool file_write(int fd, const void *bytes, size_t size);

/* For the two functions that follow: which file could not be read or written. errno says why (0: it is shorter). */
enum file_failure { FILE_GOOD, FILE_FIRST, FILE_SECOND };

/* Compares the first `size` bytes of two files. */
enum file_failure file_compare(int first, int second, uint64_t size, bool *same);

/* Writes `size` bytes at `offset` of the first file to the position of the second one. */
enum file_failure file_copy(int first, uint64_t offset, uint64_t size, int second);

/*
 * Gives a file another name, also on another file system; there, only we may read it. There must be no file of this name.
 * False: errno says why.
 */
bool file_move(const char *from, const char *to);

/* The part of a path after its last '/'. */
const char *base_name(const char *path);

/*
 * The file that a shell would run for this name; with `skip`, the first one in PATH for which that is false. The caller
 * frees it. NULL: there is none.
 */
char *file_in_path(const char *name, bool (*skip)(const char *path));

#endif
