/* SPDX-License-Identifier: MIT */
/*
 * Threads decode frames into a ring of slots, and frames of the base into a window, as the schedule says. The calling
 * thread takes the frames out of the slots in order. The outcome does not depend on the number of threads: the first
 * frame that cannot be decoded is reported.
 */
#include "decode.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/error.h"
#include "../../lib/schedule.h"
#include "../base/file.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../input/record.h"

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
    ZSTD_DCtx *context;
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

/* Decodes a frame of the variant or of the base to `to`. */
static uint8_t decode_frame(const struct tools *tools, const struct fatelf_payload *payload, uint32_t frame,
                            unsigned char *to)
{
    struct job *job = tools->job;
    struct fatelf_frame entry = fatelf_payload_frame(payload, frame);
    unsigned char *coded = payload->encoding->decode ? tools->coded : to;
    const unsigned char *bytes;

    if (!file_read(job->file->fd, coded, entry.size,
                   job->file->bundle.file_offset + payload->variant->payload_offset + entry.offset)) {
        int error = errno;
        pthread_mutex_lock(&job->lock);
        job->read_error = error;
        pthread_mutex_unlock(&job->lock);
        return NOT_READ;
    }
    return (uint8_t)fatelf_payload_decode(payload, frame, coded, tools->context, &job->window, tools->scratch, to,
                                          &bytes);
}

static void decode_base(struct tools *tools, uint32_t frame)
{
    struct job *job = tools->job;
    uint64_t offset = (uint64_t)frame * job->base->variant->frame_size;
    uint8_t problem = decode_frame(tools, job->base, frame, fatelf_window_place(&job->window, offset));

    pthread_mutex_lock(&job->lock);
    job->base_problems[frame] = problem;
    pthread_mutex_unlock(&job->lock);
}

/* Waits until the frame's slot is free. NULL: the calling thread has given up. The lock is held. */
static struct slot *wait_for_slot(struct job *job, uint32_t frame)
{
    while (!job->schedule.failed && frame >= job->taken + job->slot_count)
        pthread_cond_wait(&job->changed, &job->lock);
    return job->schedule.failed ? NULL : &job->slots[frame % job->slot_count];
}

/* The failure of the first frame of the base that this frame of the variant needs. The lock is held. */
static struct failure failure_of_base(const struct job *job, uint32_t frame)
{
    struct fatelf_base_frames needed = fatelf_payload_base_frames(job->payload, frame);

    for (uint32_t i = needed.first; i < needed.end; i++)
        if (job->base_problems[i])
            return (struct failure){job->base_problems[i], true, i};
    return (struct failure){.frame = frame};
}

static void decode_own(struct tools *tools, uint32_t frame)
{
    struct job *job = tools->job;
    struct failure failure = {.frame = frame};

    pthread_mutex_lock(&job->lock);
    struct slot *slot = wait_for_slot(job, frame);
    if (slot && job->base)
        failure = failure_of_base(job, frame);
    pthread_mutex_unlock(&job->lock);
    if (!slot)
        return;
    if (!failure.problem)
        failure.problem = decode_frame(tools, job->payload, frame, slot->raw);
    pthread_mutex_lock(&job->lock);
    slot->failure = failure;
    slot->ready = true;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

static struct fatelf_schedule_task next_task(struct tools *tools)
{
    struct job *job = tools->job;
    struct fatelf_schedule_task task;

    pthread_mutex_lock(&job->lock);
    for (;;) {
        task = fatelf_schedule_next(&job->schedule, tools->number);
        if (job->schedule.wake)
            pthread_cond_broadcast(&job->changed);
        job->schedule.wake = false;
        if (task.step != FATELF_SCHEDULE_WAIT)
            break;
        pthread_cond_wait(&job->changed, &job->lock);
    }
    pthread_mutex_unlock(&job->lock);
    return task;
}

/* A thread. */
static void *work(void *argument)
{
    struct tools *tools = argument;
    struct fatelf_schedule_task task;

    while ((task = next_task(tools)).step != FATELF_SCHEDULE_END) {
        if (task.step == FATELF_SCHEDULE_BASE)
            decode_base(tools, task.frame);
        else
            decode_own(tools, task.frame);
    }
    return NULL;
}

static int report(const struct job *job, const struct failure *failure)
{
    const struct fatelf_variant *variant = job->payload->variant;
    const struct fatelf_variant *where = failure->base ? job->base->variant : variant;
    char base[sizeof ", its base v255"] = "";

    if (failure->problem == NOT_READ)
        return fail("%s: cannot be read: %s", job->file->path,
                    job->read_error ? strerror(job->read_error) : "it became shorter");
    if (failure->base)
        snprintf(base, sizeof base, ", its base v%u", where->level);
    return fail("%s: v%u%s: %s (frame %u of %u)", job->file->path, variant->level, base,
                fatelf_error_text(failure->problem), failure->frame + 1, where->frame_count);
}

/* Takes all frames out of the slots in order. */
static int collect(struct job *job, unsigned index, const struct decode_sink *sink, EVP_MD_CTX *hash)
{
    const struct fatelf_variant *variant = job->payload->variant;
    int status = 0;

    for (uint32_t frame = 0; !status && frame < variant->frame_count; frame++) {
        struct slot *slot = &job->slots[frame % job->slot_count];
        uint32_t size = fatelf_payload_raw_size(job->payload, frame);
        uint64_t offset = (uint64_t)frame * variant->frame_size;
        pthread_mutex_lock(&job->lock);
        while (!slot->ready)
            pthread_cond_wait(&job->changed, &job->lock);
        pthread_mutex_unlock(&job->lock);
        if (slot->failure.problem)
            status = report(job, &slot->failure);
        else if (!record_matches(&job->file->bundle, index, slot->raw, size, offset))
            status = bundle_file_fail(job->file, index, FATELF_ERROR_VARIANT_ELF);
        else if (sink->put)
            status = sink->put(sink->owner, slot->raw, size, offset);
        if (!status && !sink->already_known)
            EVP_DigestUpdate(hash, slot->raw, size);
        progress_add(variant->level, size, 0);
        pthread_mutex_lock(&job->lock);
        slot->ready = false;
        job->taken++;
        if (status)
            fatelf_schedule_fail(&job->schedule, 0);
        pthread_cond_broadcast(&job->changed);
        pthread_mutex_unlock(&job->lock);
    }
    return status;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool make_tools(struct job *job)
{
    size_t coded = fatelf_coded_size_max(job->payload->variant->frame_size);
    size_t scratch = fatelf_payload_scratch_size(job->payload);

    if (job->base)
        coded = larger(coded, fatelf_coded_size_max(job->base->variant->frame_size));
    job->tools = calloc(job->threads, sizeof *job->tools);
    for (uint32_t i = 0; job->tools && i < job->threads; i++) {
        job->tools[i] = (struct tools){
            .job = job,
            .number = i,
            .context = ZSTD_createDCtx(),
            .coded = malloc(coded),
            .scratch = malloc(larger(scratch, 1)),
        };
        if (!job->tools[i].context || !job->tools[i].coded || !job->tools[i].scratch)
            return false;
    }
    return job->tools != NULL;
}

static bool make_slots(struct job *job)
{
    const struct fatelf_variant *variant = job->payload->variant;
    size_t size = variant->size < variant->frame_size ? (size_t)variant->size : variant->frame_size;

    job->slots = calloc(job->slot_count, sizeof *job->slots);
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++)
        if (!(job->slots[i].raw = malloc(size)))
            return false;
    return job->slots != NULL;
}

static bool make_window(struct job *job)
{
    uint32_t frames = fatelf_schedule_window(job->payload, job->threads);

    if (job->base) {
        job->window.size = (uint64_t)larger(frames, 1) * job->base->variant->frame_size;
        job->window.bytes = malloc(job->window.size);
        job->tables = calloc(job->payload->variant->frame_count, 2 * sizeof *job->tables);
        job->base_problems = calloc(job->base->variant->frame_count, sizeof *job->base_problems);
        if (!job->window.bytes || !job->tables || !job->base_problems)
            return false;
    }
    job->schedule = fatelf_schedule_make(job->payload, job->threads, frames, job->tables, NULL, NULL);
    return true;
}

static void release(struct job *job)
{
    for (uint32_t i = 0; job->tools && i < job->threads; i++) {
        ZSTD_freeDCtx(job->tools[i].context);
        free(job->tools[i].coded);
        free(job->tools[i].scratch);
    }
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++)
        free(job->slots[i].raw);
    free(job->tools);
    free(job->slots);
    free(job->window.bytes);
    free(job->tables);
    free(job->base_problems);
}

/* Compares the seek table with the table of frames. */
static int check_seek_table(const struct bundle_file *file, unsigned index)
{
    const struct fatelf_payload *payload = &file->payloads[index];
    const struct fatelf_variant *variant = payload->variant;
    uint64_t size = fatelf_payload_seek_table_size(payload);

    if (size == 0)
        return 0;
    unsigned char *table = malloc(size);
    if (!table)
        return fail("out of memory");
    int status = bundle_file_read(file, table, size, variant->payload_offset + variant->payload_size - size);
    int error = status ? 0 : fatelf_payload_check_seek_table(payload, table);
    free(table);
    return error ? bundle_file_fail(file, index, error) : status;
}

/* Starts the threads, collects what they decode, and waits for their end. */
static int run(struct job *job, unsigned index, const struct decode_sink *sink, EVP_MD_CTX *hash)
{
    uint32_t started = 0;
    int error = 0, status;

    while (!error && started < job->threads) {
        error = pthread_create(&job->tools[started].id, NULL, work, &job->tools[started]);
        started += !error;
    }
    status = started > 0 ? collect(job, index, sink, hash) : fail("no thread can be started: %s", strerror(error));
    for (uint32_t i = 0; i < started; i++)
        pthread_join(job->tools[i].id, NULL);
    return status;
}

int decode_variant(const struct bundle_file *file, unsigned index, unsigned threads, const struct decode_sink *sink)
{
    const struct fatelf_payload *payload = &file->payloads[index];
    const struct fatelf_variant *variant = payload->variant;
    unsigned char digest[EVP_MAX_MD_SIZE];
    uint32_t most = variant->frame_count < FATELF_SCHEDULE_THREADS_MAX ? variant->frame_count
                                                                       : FATELF_SCHEDULE_THREADS_MAX;
    struct job job = {
        .file = file,
        .payload = payload,
        .base = payload->base ? &file->payloads[payload->base - file->bundle.manifest.variants] : NULL,
        .threads = threads < most ? threads : most,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    int status = check_seek_table(file, index);

    if (status)
        return status;
    job.slot_count = 2 * job.threads;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL) || !make_tools(&job) || !make_slots(&job) ||
        !make_window(&job))
        status = fail("out of memory");
    if (!status)
        status = run(&job, index, sink, hash);
    if (!status && !sink->already_known &&
        (!EVP_DigestFinal_ex(hash, digest, NULL) || memcmp(digest, variant->sha256, sizeof variant->sha256) != 0))
        status = fail("%s: v%u: damaged: its SHA-256 does not match", file->path, variant->level);
    EVP_MD_CTX_free(hash);
    release(&job);
    return status;
}
