/* SPDX-License-Identifier: MIT */
/*
 * Threads decode frames into a ring of slots, and frames of the base into a window, as the schedule says. The calling
 * thread takes the frames out of the slots in order. The outcome does not depend on the number of threads: the first
 * frame that cannot be decoded is reported.
 */
#include "decode.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/error.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../input/record.h"
#include "decode_work.h"

/* Other threads may be failing meanwhile. */
static int read_error(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    int error = job->read_error;
    pthread_mutex_unlock(&job->lock);
    return error;
}

static int report(struct job *job, const struct failure *failure)
{
    int error = read_error(job);
    const struct fatelf_variant *variant = job->payload->variant;
    const struct fatelf_variant *where = failure->base ? job->base->variant : variant;
    char base[sizeof ", its base v255"] = "";

    if (failure->problem == NOT_READ)
        return fail("%s: cannot be read: %s", job->file->path, error ? strerror(error) : "it became shorter");
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

/* Starts the threads, collects what they decode, and waits for their end. */
static int run(struct job *job, unsigned index, const struct decode_sink *sink, EVP_MD_CTX *hash)
{
    uint32_t started = 0;
    int error = 0, status;

    while (!error && started < job->threads) {
        error = pthread_create(&job->tools[started].id, NULL, decode_work, &job->tools[started]);
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
    int status = bundle_file_check_seek_table(file, index);

    if (status)
        return status;
    job.slot_count = 2 * job.threads;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ready = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) && make_tools(&job) && make_slots(&job) &&
                 make_window(&job);
    status = ready ? run(&job, index, sink, hash) : fail("out of memory");
    if (!status && !sink->already_known &&
        (!EVP_DigestFinal_ex(hash, digest, NULL) || memcmp(digest, variant->sha256, sizeof variant->sha256) != 0))
        status = fail("%s: v%u: damaged: its SHA-256 does not match", file->path, variant->level);
    EVP_MD_CTX_free(hash);
    release(&job);
    return status;
}
