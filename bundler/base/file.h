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

/*
 * Gives a file another name, also on another file system; there, only we may read it. There must be no file of this name.
 * False: errno says why.
 */
bool file_move(const char *from, const char *to);

#endif
