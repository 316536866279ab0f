/* SPDX-License-Identifier: MIT */
/*
 * Decides which frame a thread decodes next. No system calls, no I/O, no memory of its own.
 *
 * A frame of a delta-coded variant may need the first N frames of the base variant in memory. The same threads decode
 * both: a thread takes the next frame of the variant if the base frames that it needs are ready, otherwise the next
 * frame of the base. So both advance side by side, and the base frames that a frame needs were written shortly before
 * it.
 *
 * The threads call these functions on one struct schedule without a lock. All shared state consists of sequentially
 * consistent atomics: tests/unit/schedule.c runs every interleaving of their accesses.
 */
#ifndef STUB_SCHEDULE_H
#define STUB_SCHEDULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Bits of schedule.ready. The others are a number: base frames that are ready, or the thread that failed. */
#define SCHEDULE_WAITERS (UINT32_C(1) << 30) /* a thread waits for a change of the word */
#define SCHEDULE_FAILED (UINT32_C(1) << 31)  /* a thread has failed: no more frames are given out */
#define SCHEDULE_NUMBER (SCHEDULE_WAITERS - 1)

struct schedule {
    /* The caller sets these before the first thread starts. */
    uint32_t variant_frames; /* how many there are */
    uint32_t base_frames;    /* how many to decode, from the first: the largest number in `needed`; 0: no base */
    const uint32_t *needed;  /* for each frame of the variant, how many base frames it needs; unused without a base */
    atomic_uchar *decoded;   /* a flag for each of the base frames, initially 0; unused without a base */

    /* The functions below change these; initially 0. */
    atomic_uint variant_next; /* first frame of the variant that no thread has taken */
    atomic_uint base_next;    /* first frame of the base that no thread has taken */
    atomic_uint ready;        /* base frames that are decoded, counted up to the first that is not, and SCHEDULE_* */
};

enum schedule_next {
    SCHEDULE_VARIANT, /* decode frame *number of the variant */
    SCHEDULE_BASE,    /* decode frame *number of the base, then call schedule_base_done() */
    SCHEDULE_AGAIN,   /* another thread was faster: call schedule_take() again */
    SCHEDULE_WAIT,    /* if `ready` is still *number, sleep (a futex); then call schedule_take() again */
    SCHEDULE_END,     /* nothing is left for this thread, or a thread has failed */
};

/* What the calling thread does next. */
enum schedule_next schedule_take(struct schedule *schedule, uint32_t *number);

/* Base frame `frame` is in memory now. Returns whether the caller must wake all threads that wait for `ready`. */
bool schedule_base_done(struct schedule *schedule, uint32_t frame);

/* The calling thread `thread` (at most SCHEDULE_NUMBER) cannot decode its frame. Returns the same as the above. */
bool schedule_fail(struct schedule *schedule, uint32_t thread);

/* Whether a thread has failed; *thread is then the first one that did. */
bool schedule_failed(struct schedule *schedule, uint32_t *thread);

#endif
