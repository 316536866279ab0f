/* SPDX-License-Identifier: MIT */
/*
 * The decoding of a small variant whose frames need those of `prefixes`, by threads whose interleavings are explored.
 * It takes a step, may fail, and checks that each frame is decoded once, with its prefix in the ring.
 */
#ifndef TESTS_DECODING_H
#define TESTS_DECODING_H

#include "interleave.h"
#include "prefixes.h"

#include "../../lib/payload.h"

enum { FRAME_SIZE = 64, NONE = 0xff };

/* What is explored. */
static struct {
    uint32_t threads, window;
    unsigned failures; /* at most so many frames cannot be decoded */
} setup;

/* How often it happened in any interleaving: shows that the test has tested something. */
static struct {
    size_t sleeps, failures, not_started, replaced, at_once;
} seen;

/* The threads share it. Of the variant: [0], of the base: [1]. */
static struct {
    uint8_t ring[FRAMES]; /* the frame of the base in each place of the ring, or NONE */
    uint8_t taken[2][FRAMES], done[2][FRAMES], failed[2][FRAMES];
    uint8_t failures, running;
} decoding;

/* Bytes in the ring replace those of another frame, which nobody may need any more or be writing. */
static void decoding_replace(uint32_t frame)
{
    uint8_t *place = &decoding.ring[frame % setup.window];

    INTERLEAVE_CHECK(*place == NONE || decoding.done[1][*place]);
    for (uint32_t i = 0; *place != NONE && i < prefixes.variant_frames; i++)
        INTERLEAVE_CHECK(decoding.done[0][i] || decoding.failures > 0 || !prefixes_need(i, *place));
    seen.replaced += *place != NONE;
    *place = (uint8_t)frame;
}

static void decoding_check_prefix(uint32_t frame)
{
    for (uint32_t i = prefixes.first[frame]; i < prefixes.end[frame]; i++)
        INTERLEAVE_CHECK(decoding.ring[i % setup.window] == i && decoding.done[1][i] && !decoding.failed[1][i]);
}

/* Decodes a frame of the base or of the variant. Returns whether it could. */
static bool decoding_run(bool base, uint32_t frame)
{
    INTERLEAVE_CHECK(frame < (base ? prefixes.base_frames : prefixes.variant_frames));
    INTERLEAVE_CHECK(!decoding.taken[base][frame]);
    decoding.taken[base][frame] = true;
    if (base)
        decoding_replace(frame);
    decoding.running++;
    seen.at_once += decoding.running > 1;
    interleave_step();
    decoding.running--;
    if (base)
        INTERLEAVE_CHECK(decoding.ring[frame % setup.window] == frame);
    else
        decoding_check_prefix(frame);
    decoding.done[base][frame] = true;
    if (decoding.failures == setup.failures || interleave_choose(2) == 0)
        return true;
    decoding.failures++;
    seen.failures++;
    decoding.failed[base][frame] = true;
    interleave_note(1);
    return false;
}

/* Nothing is decoded yet. Sets payload and base to those of the variant; `bytes` of their frames. */
static void decoding_begin(struct fatelf_payload *payload, struct fatelf_payload *base, const unsigned char *bytes)
{
    static const struct fatelf_encoding_row stored; /* no decoder of zstd's */
    static struct fatelf_variant variants[2];
    static struct fatelf_frame frames[FRAMES];

    memset(&decoding, 0, sizeof decoding);
    memset(decoding.ring, NONE, sizeof decoding.ring);
    for (int i = 0; i < 2; i++) {
        uint32_t count = i ? prefixes.base_frames : prefixes.variant_frames;
        variants[i] = (struct fatelf_variant){
            .frame_count = count, .frame_size = FRAME_SIZE, .size = (uint64_t)count * FRAME_SIZE};
    }
    for (uint32_t i = 0; i < prefixes.variant_frames; i++) {
        frames[i].prefix_offset = (uint64_t)prefixes.first[i] * FRAME_SIZE;
        frames[i].prefix_size = (prefixes.end[i] - prefixes.first[i]) * FRAME_SIZE;
    }
    *base = (struct fatelf_payload){
        .variant = &variants[1], .encoding = &stored, .bytes = bytes, .frames = (const unsigned char *)frames};
    *payload = *base;
    payload->variant = &variants[0];
    payload->base = &variants[1];
    payload->reach = prefixes.reach;
}

/* Explores every choice of prefixes, with every window from the smallest to one for the whole base. */
static const struct interleave_model *decoding_model;

static void decoding_explore_windows(void)
{
    setup.window = prefixes.reach ? prefixes.reach : 1;
    do
        interleave_explore(decoding_model);
    while (setup.window++ < prefixes.base_frames);
}

static void decoding_explore(const struct interleave_model *model, uint32_t threads, unsigned failures,
                             uint32_t variant_frames, uint32_t base_frames)
{
    decoding_model = model;
    setup.threads = threads;
    setup.failures = failures;
    prefixes_each(variant_frames, base_frames, decoding_explore_windows);
}

#endif
