/* SPDX-License-Identifier: MIT */
/*
 * Threads read and code frames into a ring of slots. The calling thread takes the frames out of the ring in order,
 * hashes the raw bytes and writes the coded ones. The ring limits the memory, however large the build is. The payload
 * does not depend on the number of threads.
 */
#include "compress.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/checksum.h"
#include "../../lib/encoding.h"
#include "../../lib/manifest.h"
#include "../base/file.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "align.h"

/* The reach: locate.c explains the first term; its start and its end are rounded to frames of the base. */
_Static_assert(2 * LOCATE_DISTANCE_MAX + 2 * COMPRESS_FRAME_SIZE_MAX <= FATELF_REACH_MAX,
               "readers accept every choice of prefixes");

struct slot {
    struct encode_frame frame;
    bool ready; /* the frame is coded and has not been taken out yet */
};

struct job {
    struct encode_job encode;
    uint32_t frames;
    struct slot *slots;
    uint32_t slot_count;

    pthread_mutex_t lock; /* protects all that follows, and slot.ready */
    pthread_cond_t changed;
    uint32_t next;  /* the first frame that no thread has taken */
    uint32_t taken; /* number of frames that the calling thread has taken out */
    const char *error;
    const char *error_path; /* the build that could not be coded. NULL: the spool could not be written */
};

/* A thread: codes frames until there are no more or one cannot be coded. */
static void *work(void *argument)
{
    struct job *job = argument;
    struct encoder *encoder = encoder_make(&job->encode);
    const char *error = encoder ? NULL : "out of memory";
    const char *path = job->encode.build->path;

    pthread_mutex_lock(&job->lock);
    while (!error && !job->error && job->next < job->frames) {
        if (job->next >= job->taken + job->slot_count) {
            pthread_cond_wait(&job->changed, &job->lock);
            continue;
        }
        uint32_t frame = job->next++;
        struct slot *slot = &job->slots[frame % job->slot_count];
        pthread_mutex_unlock(&job->lock);
        error = encoder_code(encoder, frame, &slot->frame, &path);
        pthread_mutex_lock(&job->lock);
        slot->ready = true;
        pthread_cond_broadcast(&job->changed);
    }
    if (error && !job->error) {
        job->error = error;
        job->error_path = path;
    }
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    encoder_free(encoder);
    return NULL;
}

/* Waits for a frame. NULL: job->error is set. */
static struct slot *wait_for(struct job *job, uint32_t frame)
{
    struct slot *slot = &job->slots[frame % job->slot_count];

    pthread_mutex_lock(&job->lock);
    while (!slot->ready && !job->error)
        pthread_cond_wait(&job->changed, &job->lock);
    if (job->error)
        slot = NULL;
    pthread_mutex_unlock(&job->lock);
    return slot;
}

/* Frees a slot for another frame. `written`: false with errno set if the frame could not be written. */
static void give_back(struct job *job, struct slot *slot, bool written)
{
    pthread_mutex_lock(&job->lock);
    slot->ready = false;
    job->taken++;
    if (!written && !job->error)
        job->error = strerror(errno);
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

/* Appends the seek table to the spool. Returns its size, or 0 with errno set. */
static size_t write_seek_table(int spool, const struct coded *coded)
{
    uint32_t count = coded->frame_count;
    size_t size = count * sizeof(struct fatelf_seek_entry);
    struct fatelf_seek_entry *entries = malloc(size);
    struct fatelf_seek_footer footer = {.number_of_frames = count, .seekable_magic = FATELF_SEEK_FOOTER_MAGIC};
    struct fatelf_seek_header header = {
        .skippable_magic = FATELF_SEEK_SKIPPABLE_MAGIC,
        .frame_size = (uint32_t)(size + sizeof footer),
    };

    for (uint32_t i = 0; entries && i < count; i++) {
        uint64_t left = coded->size - (uint64_t)i * coded->frame_size;
        entries[i] = (struct fatelf_seek_entry){
            .compressed_size = coded->frames[i].size,
            .decompressed_size = left < coded->frame_size ? (uint32_t)left : coded->frame_size,
        };
    }
    bool good = entries && file_write(spool, &header, sizeof header) && file_write(spool, entries, size) &&
                file_write(spool, &footer, sizeof footer);
    free(entries);
    return good ? sizeof header + size + sizeof footer : 0;
}

/* Takes all frames out of the ring in order. False: job->error says why, if it is set. */
static bool collect(struct job *job, int spool, struct coded *coded)
{
    bool stored = !job->encode.row->code;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);

    for (uint32_t index = 0; good && index < job->frames; index++) {
        struct slot *slot = wait_for(job, index);
        if (!slot)
            break;
        const struct encode_frame *frame = &slot->frame;
        const unsigned char *bytes = stored ? frame->raw : frame->coded;
        size_t size = stored ? frame->raw_size : frame->coded_size;
        EVP_DigestUpdate(hash, frame->raw, frame->raw_size);
        coded->frames[index] = (struct fatelf_frame){
            .checksum = fatelf_checksum(bytes, size),
            .offset = coded->payload_size,
            .prefix_offset = frame->prefix.offset,
            .size = (uint32_t)size,
            .prefix_size = frame->prefix.size,
        };
        coded->payload_size += size;
        progress_add(job->encode.build->level, frame->raw_size, size);
        give_back(job, slot, file_write(spool, bytes, size));
    }
    good = good && EVP_DigestFinal_ex(hash, coded->sha256, NULL) && !job->error;
    EVP_MD_CTX_free(hash);
    if (!good || !fatelf_encoding_by_number(coded->encoding)->seek_table)
        return good;
    size_t table = write_seek_table(spool, coded);
    coded->payload_size += table;
    if (table == 0)
        job->error = strerror(errno);
    return table != 0;
}

static bool allocate(struct job *job)
{
    bool stored = !job->encode.row->code;

    job->slots = calloc(job->slot_count, sizeof *job->slots);
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++) {
        struct encode_frame *frame = &job->slots[i].frame;
        frame->raw = malloc(job->encode.frame_size + ALIGN_SLACK);
        frame->coded = stored ? NULL : malloc(encode_bound(job->encode.frame_size));
        if (!frame->raw || (!stored && !frame->coded))
            return false;
    }
    return job->slots != NULL;
}

static void release(struct job *job)
{
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++) {
        free(job->slots[i].frame.raw);
        free(job->slots[i].frame.coded);
    }
    free(job->slots);
}

static uint32_t choose_frame_size(uint64_t size)
{
    uint32_t frame_size = COMPRESS_FRAME_SIZE_MIN;

    while (frame_size < COMPRESS_FRAME_SIZE_MAX && fatelf_frame_count(size, frame_size) > COMPRESS_FRAMES_WANTED)
        frame_size *= 2;
    return frame_size;
}

/* Tells the threads to stop, with job->error unless that is already set. */
static void give_up(struct job *job, const char *error)
{
    pthread_mutex_lock(&job->lock);
    if (!job->error) {
        job->error = error;
        job->error_path = job->encode.build->path;
    }
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

int compress_build(const struct build *build, const struct encode_base *base, const struct compress_settings *settings,
                   int spool, struct coded *coded)
{
    const struct encode_row *row = encode_by_encoding(settings->encoding);
    uint32_t frame_size = choose_frame_size(build->size);
    struct job job = {
        .encode =
            {
                .row = base ? encode_by_encoding(row->against) : row,
                .build = build,
                .base = base,
                .frame_size = frame_size,
                .level = settings->level,
            },
        .frames = (uint32_t)fatelf_frame_count(build->size, frame_size),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    unsigned threads = settings->threads < job.frames ? settings->threads : job.frames;
    job.slot_count = 2 * threads;
    pthread_t *ids = calloc(threads, sizeof *ids);
    unsigned started = 0;

    *coded = (struct coded){
        .encoding = job.encode.row->encoding,
        .frame_size = frame_size,
        .frame_count = job.frames,
        .frames = calloc(job.frames, sizeof *coded->frames),
        .size = build->size,
    };
    bool good = ids && coded->frames && allocate(&job);
    while (good && started < threads && pthread_create(&ids[started], NULL, work, &job) == 0)
        started++;
    good = good && started > 0 && collect(&job, spool, coded);
    if (!good)
        give_up(&job, "out of memory or threads");
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    release(&job);
    free(ids);
    if (good)
        return 0;
    free(coded->frames);
    coded->frames = NULL;
    if (!job.error_path)
        return fail("%s: cannot be written: %s", settings->output, job.error);
    return fail("%s: cannot be compressed: %s", job.error_path, job.error);
}
