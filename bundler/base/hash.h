/* SPDX-License-Identifier: MIT */
/* SHA-256 of a part of a file, with libcrypto. */
#ifndef BUNDLER_BASE_HASH_H
#define BUNDLER_BASE_HASH_H

#include <stdint.h>

enum { HASH_SIZE = 32 };

/*
 * Computes the SHA-256 of `size` bytes at `offset`, of which it reads a piece at a time. Returns 0, or reports with
 * `path` and returns an exit status.
 */
int hash_range(int fd, uint64_t offset, uint64_t size, const char *path, uint8_t sha256[HASH_SIZE]);

#endif
