/* SPDX-License-Identifier: MIT */
/* Complete reads and writes. */
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

/* Copies the contents of a file into a new one that only we can read. False: errno says why. */
bool file_copy(const char *from, const char *to);

#endif
