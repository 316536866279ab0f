/* SPDX-License-Identifier: MIT */
/* The states that an exploration has seen, by their fingerprints. */
#ifndef TESTS_KNOWN_H
#define TESTS_KNOWN_H

#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "../../lib/checksum.h"

enum { KNOWN_ROOM = 1 << 20 };

static uint64_t known[KNOWN_ROOM]; /* 0: free */
static uint32_t known_places[KNOWN_ROOM / 2];
static size_t known_count;

/* A new exploration begins. */
static void known_clear(void)
{
    for (size_t i = 0; i < known_count; i++)
        known[known_places[i]] = 0;
    known_count = 0;
}

/* Adds a state. Returns whether it was known already. */
static bool known_add(uint64_t fingerprint)
{
    size_t at = (fingerprint >> 8) % KNOWN_ROOM;

    fingerprint |= 1;
    for (; known[at] != 0; at = (at + 1) % KNOWN_ROOM)
        if (known[at] == fingerprint)
            return true;
    assert_true(known_count < KNOWN_ROOM / 2);
    known[at] = fingerprint;
    known_places[known_count++] = (uint32_t)at;
    return false;
}

#endif
