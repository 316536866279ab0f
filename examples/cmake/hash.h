/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

uint32_t hash_bytes(const unsigned char *bytes, size_t size);

/* For which level hash.c was compiled. */
extern const char hash_level[];
