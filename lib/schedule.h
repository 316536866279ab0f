/* SPDX-License-Identifier: MIT */
/*
 * Decides which frame of a variant or of its base a thread decodes next. The launcher, extract and verify use it. No
 * system calls, no memory of its own, no atomics: the caller holds a lock while it calls fatelf_schedule_next() or
 * fatelf_schedule_fail(). tests/unit/schedule.c tries every order of calls.
 *
 * A frame of a delta-coded variant needs frames of the base variant in memory. The same threads decode both: a thread
 * takes the next frame of the variant if the base frames that it needs are ready, otherwise the next frame of the base.
 * So both advance side by side, and the base frames that a frame needs were written shortly before it.
 *
 * The base is decoded to a ring with room for `window` frames: frame b replaces frame b - window. That may happen only
 * when that frame is decoded and no frame of the variant needs it any more.
 *
 * No thread waits for ever, because there is always another one that decodes a frame, or a frame that can be taken. Let
 * no thread decode anything, and let v be the first frame of the variant that is not done. It is also the next one to
 * be taken, because threads take them in order. All frames of the base before base_next are decoded or not needed any
 * more, so either those that v needs are ready, or base_next is below needed[v]. needed[v] is at most keep[v] + window,
 * so base_next has a place in the ring. Threads that wait are woken whenever a frame is done.
 */
#ifndef FATELF_SCHEDULE_H
#define FATELF_SCHEDULE_H

#include "payload.h"

#include <stdbool.h>
#include <stdint.h>

enum { FATELF_SCHEDULE_THREADS_MAX = 16 };

enum fatelf_schedule_step {
    FATELF_SCHEDULE_NONE,    /* before the thread's first call */
    FATELF_SCHEDULE_VARIANT, /* decode this frame of the variant */
    FATELF_SCHEDULE_BASE,    /* decode this frame of the base */
    FATELF_SCHEDULE_WAIT,    /* sleep until schedule->wake has been set, then call fatelf_schedule_next() again */
    FATELF_SCHEDULE_END,     /* nothing is left for this thread, or a thread has failed */
};

/* What a thread does. */
struct fatelf_schedule_task {
    enum fatelf_schedule_step step;
    uint32_t frame; /* FATELF_SCHEDULE_VARIANT, FATELF_SCHEDULE_BASE */
};

struct fatelf_schedule {
    /* fatelf_schedule_make() sets these. Without a base, the last four are 0 and NULL. */
    uint32_t threads;        /* 1 .. FATELF_SCHEDULE_THREADS_MAX */
    uint32_t variant_frames; /* how many there are */
    uint32_t base_frames;    /* the largest number in `needed` */
    uint32_t window;         /* at least needed[u] - keep[v] for all frames u <= v of the variant */
    /*
     * For each frame of the variant: `needed` is the number after the last frame of the base that it needs, or 0; this
     * frame of the variant and all later ones need no frame of the base below `keep`.
     */
    const uint32_t *needed;
    const uint32_t *keep;

    /* The functions below change these; initially 0. */
    uint32_t variant_next; /* first frame of the variant that no thread has taken */
    uint32_t base_next;    /* first frame of the base that no thread has taken; those below are decoded or not needed */
    struct fatelf_schedule_task tasks[FATELF_SCHEDULE_THREADS_MAX];
    bool waiting;           /* a thread waits, or has waited since the last wake */
    bool wake;              /* the caller must wake all threads that wait, and set this to false */
    bool failed;            /* no more frames are given out */
    uint32_t failed_thread; /* the first one that failed */
};

/*
 * How many frames of the base the ring should have room for, if `threads` threads decode: more than the reach, because
 * threads that decode the base ahead would otherwise wait for each other (docs/performance.md). 0 without a base.
 */
uint32_t fatelf_schedule_window(const struct fatelf_payload *payload, uint32_t threads);

/*
 * A schedule for all frames of `payload`. `window`: frames of the base in the ring, at least payload->reach. `tables`:
 * room for 2 * frame_count numbers if the payload has a base; the schedule keeps them. is_wanted() tells whether a frame
 * will be decoded at all; NULL: all are.
 */
struct fatelf_schedule fatelf_schedule_make(const struct fatelf_payload *payload, uint32_t threads, uint32_t window,
                                            uint32_t *tables, bool (*is_wanted)(const void *owner, uint32_t frame),
                                            const void *owner);

/* What thread number `thread` does next. The frame that it got from the previous call, if any, is decoded now. */
struct fatelf_schedule_task fatelf_schedule_next(struct fatelf_schedule *schedule, uint32_t thread);

/* The thread could not decode the frame that it got. It makes no more calls. */
void fatelf_schedule_fail(struct fatelf_schedule *schedule, uint32_t thread);

#endif
