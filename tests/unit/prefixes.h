/* SPDX-License-Identifier: MIT */
/* All choices of the base frames that the frames of a small variant need. */
#ifndef TESTS_PREFIXES_H
#define TESTS_PREFIXES_H

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 4 }; /* at most, of the variant and of the base */

static struct {
    uint32_t variant_frames, base_frames;
    uint32_t first[FRAMES], end[FRAMES]; /* the base frames that each frame of the variant needs; both 0: none */
    uint32_t keep[FRAMES];               /* no later frame of the variant needs a frame below */
    uint32_t reach;                      /* base frames that must be in memory at once */
} prefixes;

static bool prefixes_need(uint32_t variant_frame, uint32_t base_frame)
{
    return prefixes.first[variant_frame] <= base_frame && base_frame < prefixes.end[variant_frame];
}

/* For a message. Returns a static string. */
static const char *prefixes_text(void)
{
    static char text[128];

    snprintf(text, sizeof text, "frames that need");
    for (uint32_t i = 0; i < prefixes.variant_frames; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " [%u, %u)", prefixes.first[i], prefixes.end[i]);
    return text;
}

/* Sets the fields that follow from `first` and `end`. */
static void prefixes_derive(void)
{
    uint32_t end = 0;

    prefixes.base_frames = prefixes.reach = 0;
    for (uint32_t i = 0; i < prefixes.variant_frames; i++)
        if (prefixes.end[i] > prefixes.base_frames)
            prefixes.base_frames = prefixes.end[i];
    uint32_t lowest = prefixes.base_frames;
    for (uint32_t i = prefixes.variant_frames; i-- > 0;) {
        if (prefixes.end[i] > 0 && prefixes.first[i] < lowest)
            lowest = prefixes.first[i];
        prefixes.keep[i] = lowest;
    }
    for (uint32_t i = 0; i < prefixes.variant_frames; i++) {
        end = prefixes.end[i] > end ? prefixes.end[i] : end;
        if (end > prefixes.keep[i] && end - prefixes.keep[i] > prefixes.reach)
            prefixes.reach = end - prefixes.keep[i];
    }
}

/* Calls explore() for every choice of prefixes in a base of `base_frames`. */
static void prefixes_each_choice(uint32_t variant_frames, uint32_t base_frames, void (*explore)(void))
{
    uint32_t choices = 1 + base_frames * (base_frames + 1) / 2, combinations = 1;

    prefixes.variant_frames = variant_frames;
    for (uint32_t i = 0; i < variant_frames; i++)
        combinations *= choices;
    for (uint32_t combination = 0; combination < combinations; combination++) {
        uint32_t rest = combination;
        for (uint32_t i = 0; i < variant_frames; i++, rest /= choices) {
            uint32_t choice = rest % choices, size = 1;
            prefixes.first[i] = prefixes.end[i] = 0;
            if (choice-- == 0)
                continue;
            for (; choice > base_frames - size; size++)
                choice -= base_frames - size + 1;
            prefixes.first[i] = choice;
            prefixes.end[i] = choice + size;
        }
        prefixes_derive();
        explore();
    }
}

/* The same for all smaller variants and bases. */
static void prefixes_each(uint32_t variant_frames, uint32_t base_frames, void (*explore)(void))
{
    for (uint32_t v = 1; v <= variant_frames; v++)
        for (uint32_t b = 0; b <= base_frames; b++)
            prefixes_each_choice(v, b, explore);
}

#endif
