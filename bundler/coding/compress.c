/* SPDX-License-Identifier: MIT */
/*
 * Threads read and code frames into a ring of slots; the calling thread takes them out in order, hashes the raw bytes
 * and writes the coded ones. The memory is that of the ring, however large the variant is; the bytes that come out do
 * not depend on the number of threads.
 */
#include "compress.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_c_literalCompressionMode */
#include <zstd.h>

#include "../../lib/checksum.h"
#include "../../lib/manifest.h"
#include "delta.h"
#include "../base/file.h"
#include "locate.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../input/build.h"

struct slot {
    unsigned char *raw;
    unsigned char *coded;
    size_t raw_size;
    size_t coded_size;
    struct place prefix;
    bool ready;
};

struct job {
    const struct compress_settings *settings;
    const struct build *from;
    const struct compress_base *base; /* NULL: none */
    uint32_t frame_size;
    uint32_t frames;
    struct slot *slots;
    uint32_t slot_count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t next;  /* frame that no thread has taken */
    uint32_t taken; /* frames that the writer is done with */
    const char *error;
    const char *error_path; /* of a build, or NULL: the error is one of writing */
};

/* One thread's tools. */
struct coder {
    ZSTD_CCtx *context;
    struct delta_coder *delta; /* where there is a base */
    unsigned char *prefix;
    size_t prefix_room;
};

/* Returns NULL or what went wrong. */
static const char *read_file(const struct build *from, unsigned char *bytes, size_t size, uint64_t offset)
{
    if (file_read(from->fd, bytes, size, offset))
        return NULL;
    return errno ? strerror(errno) : "changed while it was read";
}

/* Gives the coder what of the base the frame in the slot resembles. Returns NULL or what went wrong. */
static const char *set_prefix(const struct compress_base *base, struct coder *coder, struct slot *slot, double share)
{
    if (!locator_find(base->locator, slot->raw, slot->raw_size, share, &slot->prefix))
        return "out of memory";
    if (!coder->prefix || slot->prefix.size > coder->prefix_room) {
        free(coder->prefix);
        coder->prefix = malloc((size_t)slot->prefix.size + ALIGN_SLACK);
        coder->prefix_room = coder->prefix ? slot->prefix.size : 0;
        if (!coder->prefix)
            return "out of memory";
    }
    memset(coder->prefix + slot->prefix.size, 0, ALIGN_SLACK);
    return read_file(base->variant, coder->prefix, slot->prefix.size, slot->prefix.offset);
}

static const char *code_plain(const struct job *job, struct coder *coder, struct slot *slot)
{
    slot->prefix = (struct place){0};
    slot->coded_size = ZSTD_compress2(coder->context, slot->coded, ZSTD_compressBound(job->frame_size), slot->raw,
                                      slot->raw_size);
    return ZSTD_isError(slot->coded_size) ? ZSTD_getErrorName(slot->coded_size) : NULL;
}

/* A frame that has nothing in common with the base is not coded against it. */
static const char *code_delta(const struct job *job, struct coder *coder, struct slot *slot)
{
    size_t size;

    if (!delta_code(coder->delta, coder->context, coder->prefix, slot->prefix.size, slot->raw, slot->raw_size,
                    slot->coded, ZSTD_compressBound(job->frame_size), &size))
        return "out of memory";
    if (size == 0)
        return code_plain(job, coder, slot);
    slot->coded_size = size;
    return NULL;
}

/* Returns NULL or what went wrong, with *path. */
static const char *code_frame(const struct job *job, struct coder *coder, uint32_t frame, struct slot *slot,
                              const char **path)
{
    uint64_t offset = (uint64_t)frame * job->frame_size;
    uint64_t left = job->from->size - offset;
    const char *error;

    *path = job->from->path;
    slot->raw_size = left < job->frame_size ? (size_t)left : job->frame_size;
    error = read_file(job->from, slot->raw, slot->raw_size, offset);
    if (error || job->settings->encoding == FATELF_ENCODING_STORED)
        return error;
    if (!job->base)
        return code_plain(job, coder, slot);
    double middle = (double)offset + (double)slot->raw_size / 2;
    memset(slot->raw + slot->raw_size, 0, ALIGN_SLACK);
    error = set_prefix(job->base, coder, slot, middle / (double)job->from->size);
    if (!error)
        return code_delta(job, coder, slot);
    *path = job->base->variant->path;
    return error;
}

static bool set(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value));
}

static ZSTD_CCtx *make_context(const struct job *job)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    bool tuned = job->settings->level == COMPRESS_LEVEL_DEFAULT;
    bool good = context && set(context, ZSTD_c_checksumFlag, 1) &&
                set(context, ZSTD_c_compressionLevel, tuned ? COMPRESS_LEVEL_OF_DEFAULT : job->settings->level) &&
                (!tuned || job->base || set(context, ZSTD_c_literalCompressionMode, ZSTD_ps_disable));

    if (good)
        return context;
    ZSTD_freeCCtx(context);
    return NULL;
}

static void *work(void *argument)
{
    struct job *job = argument;
    struct coder coder = {.context = make_context(job)};
    if (job->base)
        coder.delta = delta_coder_make(job->frame_size);
    const char *error = coder.context && (coder.delta || !job->base) ? NULL : "out of memory";
    const char *path = job->from->path;

    pthread_mutex_lock(&job->lock);
    while (!error && !job->error && job->next < job->frames) {
        if (job->next >= job->taken + job->slot_count) {
            pthread_cond_wait(&job->changed, &job->lock);
            continue;
        }
        uint32_t frame = job->next++;
        struct slot *slot = &job->slots[frame % job->slot_count];
        pthread_mutex_unlock(&job->lock);
        error = code_frame(job, &coder, frame, slot, &path);
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
    ZSTD_freeCCtx(coder.context);
    delta_coder_free(coder.delta);
    free(coder.prefix);
    return NULL;
}

/* Waits for a frame; NULL with job->error set. */
static struct slot *take(struct job *job, uint32_t frame)
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

/* Appends the seek table. Its size; 0 with errno set. */
static size_t write_seek_table(int spool, const struct fatelf_frame *frames, const struct fatelf_variant *coded)
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
            .compressed_size = frames[i].size,
            .decompressed_size = left < coded->frame_size ? (uint32_t)left : coded->frame_size,
        };
    }
    bool good = entries && file_write(spool, &header, sizeof header) && file_write(spool, entries, size) &&
                file_write(spool, &footer, sizeof footer);
    free(entries);
    return good ? sizeof header + size + sizeof footer : 0;
}

/* The caller's side: all frames in order. False: job->error says why, where it is set. */
static bool collect(struct job *job, int spool, struct fatelf_variant *coded, struct fatelf_frame *frames)
{
    bool stored = coded->encoding == FATELF_ENCODING_STORED;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);

    for (uint32_t frame = 0; good && frame < job->frames; frame++) {
        struct slot *slot = take(job, frame);
        if (!slot)
            break;
        const unsigned char *bytes = stored ? slot->raw : slot->coded;
        size_t size = stored ? slot->raw_size : slot->coded_size;
        EVP_DigestUpdate(hash, slot->raw, slot->raw_size);
        frames[frame] = (struct fatelf_frame){
            .checksum = fatelf_checksum(bytes, size),
            .offset = coded->payload_size,
            .prefix_offset = slot->prefix.offset,
            .size = (uint32_t)size,
            .prefix_size = slot->prefix.size,
        };
        coded->payload_size += size;
        progress_add(coded->level, slot->raw_size, size);
        give_back(job, slot, file_write(spool, bytes, size));
    }
    good = good && EVP_DigestFinal_ex(hash, coded->sha256, NULL) && !job->error;
    EVP_MD_CTX_free(hash);
    if (!good || stored)
        return good;
    size_t table = write_seek_table(spool, frames, coded);
    coded->payload_size += table;
    if (table == 0)
        job->error = strerror(errno);
    return table != 0;
}

static bool allocate(struct job *job, bool stored)
{
    job->slots = calloc(job->slot_count, sizeof *job->slots);
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++) {
        job->slots[i].raw = malloc(job->frame_size + ALIGN_SLACK);
        job->slots[i].coded = stored ? NULL : malloc(ZSTD_compressBound(job->frame_size));
        if (!job->slots[i].raw || (!stored && !job->slots[i].coded))
            return false;
    }
    return job->slots != NULL;
}

static void release(struct job *job)
{
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++) {
        free(job->slots[i].raw);
        free(job->slots[i].coded);
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

int compress_build(const struct build *from, const struct compress_base *base, const struct compress_settings *settings,
                   int spool, struct fatelf_variant *coded, struct fatelf_frame **frames)
{
    uint32_t frame_size = choose_frame_size(from->size);
    struct job job = {
        .settings = settings,
        .from = from,
        .base = base,
        .frame_size = frame_size,
        .frames = (uint32_t)fatelf_frame_count(from->size, frame_size),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    unsigned threads = settings->threads < job.frames ? settings->threads : job.frames;
    job.slot_count = 2 * threads;
    pthread_t *ids = calloc(threads, sizeof *ids);
    unsigned started = 0;
    *frames = calloc(job.frames, sizeof **frames);
    bool good = ids && *frames && allocate(&job, settings->encoding == FATELF_ENCODING_STORED);

    *coded = (struct fatelf_variant){
        .level = (uint8_t)from->level,
        .encoding = (uint8_t)(base ? FATELF_ENCODING_ZSTD_DELTA : settings->encoding),
        .base = (uint8_t)(base ? base->variant->level : 0),
        .frame_size = frame_size,
        .frame_count = job.frames,
        .size = from->size,
    };
    while (good && started < threads && pthread_create(&ids[started], NULL, work, &job) == 0)
        started++;
    good = good && started > 0 && collect(&job, spool, coded, *frames);
    if (!good) {
        pthread_mutex_lock(&job.lock);
        if (!job.error) {
            job.error = "out of memory or threads";
            job.error_path = from->path;
        }
        pthread_cond_broadcast(&job.changed);
        pthread_mutex_unlock(&job.lock);
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    release(&job);
    free(ids);
    if (good)
        return 0;
    free(*frames);
    *frames = NULL;
    if (!job.error_path)
        return fail("%s: cannot be written: %s", settings->output, job.error);
    return fail("%s: cannot be compressed: %s", job.error_path, job.error);
}
