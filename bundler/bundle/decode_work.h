/* SPDX-License-Identifier: MIT */
/* The threads of decode.c, and what they share. */
#ifndef BUNDLER_BUNDLE_DECODE_WORK_H
#define BUNDLER_BUNDLE_DECODE_WORK_H

#include <pthread.h>

#include "../../lib/error.h"
#include "../../lib/schedule.h"
#include "open.h"

struct ZSTD_DCtx_s; /* <zstd.h> */

/* The bytes of a frame could not be read: the only problem that is not a FATELF_ERROR_*. */
#define NOT_READ UINT8_MAX

_Static_assert(FATELF_ERROR_COUNT < NOT_READ, "a byte is enough for every problem");

/* Why a frame could not be decoded. */
struct failure {
    uint8_t problem; /* 0: it was decoded */
    bool base;       /* it is a frame of the base */
    uint32_t frame;
};

struct slot {
    unsigned char *raw; /* room for a frame; owned */
    struct failure failure;
    bool ready; /* the frame was decoded, or could not be, and has not been taken out yet */
};

/* What one thread works with. */
struct tools {
    struct job *job;
    uint32_t number;
    pthread_t id;
    struct ZSTD_DCtx_s *context;
    unsigned char *coded; /* room for the bytes of a compressed frame */
    void *scratch;
};

struct job {
    const struct bundle_file *file;
    const struct fatelf_payload *payload;
    const struct fatelf_payload *base; /* NULL: none */
    struct fatelf_window window;       /* of the base */
    uint32_t *tables;                  /* of the schedule */
    struct slot *slots;
    uint32_t slot_count;
    struct tools *tools;
    uint32_t threads;

    pthread_mutex_t lock; /* protects all that follows, slot.failure and slot.ready */
    pthread_cond_t changed;
    struct fatelf_schedule schedule;
    uint32_t taken;         /* number of frames that the calling thread has taken out */
    uint8_t *base_problems; /* by frame of the base */
    int read_error;         /* errno of the last read that failed; 0: the file became shorter */
};

/* A thread. `argument`: its struct tools. */
void *decode_work(void *argument);

#endif
