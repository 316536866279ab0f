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

#include "../lib/checksum.h"
#include "../lib/manifest.h"
#include "file.h"
#include "progress.h"
#include "say.h"

struct slot {
    unsigned char *raw;
    unsigned char *coded;
    size_t raw_size;
    size_t coded_size;
    bool ready;
};

struct job {
    const struct compress_settings *settings;
    int from;
    uint64_t size;
    uint32_t frames;
    struct slot *slots;
    uint32_t slot_count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t next;  /* frame that no thread has taken */
    uint32_t taken; /* frames that the writer is done with */
    const char *error;
    bool spool_failed; /* the error is one of writing */
};

/* Returns NULL or what went wrong. */
static const char *code_frame(const struct job *job, ZSTD_CCtx *context, uint32_t frame, struct slot *slot)
{
    uint64_t offset = (uint64_t)frame * COMPRESS_FRAME_SIZE;

    slot->raw_size = job->size - offset < COMPRESS_FRAME_SIZE ? (size_t)(job->size - offset) : COMPRESS_FRAME_SIZE;
    if (!file_read(job->from, slot->raw, slot->raw_size, offset))
        return errno ? strerror(errno) : "changed while it was read";
    if (job->settings->encoding == FATELF_ENCODING_STORED)
        return NULL;
    slot->coded_size = ZSTD_compress2(context, slot->coded, ZSTD_compressBound(COMPRESS_FRAME_SIZE), slot->raw,
                                      slot->raw_size);
    return ZSTD_isError(slot->coded_size) ? ZSTD_getErrorName(slot->coded_size) : NULL;
}

static bool set(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value));
}

static ZSTD_CCtx *make_context(int level)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    bool tuned = level == COMPRESS_LEVEL_DEFAULT;
    bool good = context && set(context, ZSTD_c_checksumFlag, 1) &&
                set(context, ZSTD_c_compressionLevel, tuned ? COMPRESS_LEVEL_OF_DEFAULT : level) &&
                (!tuned || set(context, ZSTD_c_literalCompressionMode, ZSTD_ps_disable));

    if (good)
        return context;
    ZSTD_freeCCtx(context);
    return NULL;
}

static void *work(void *argument)
{
    struct job *job = argument;
    ZSTD_CCtx *context = make_context(job->settings->level);
    const char *error = context ? NULL : "out of memory";

    pthread_mutex_lock(&job->lock);
    while (!error && !job->error && job->next < job->frames) {
        if (job->next >= job->taken + job->slot_count) {
            pthread_cond_wait(&job->changed, &job->lock);
            continue;
        }
        uint32_t frame = job->next++;
        struct slot *slot = &job->slots[frame % job->slot_count];
        pthread_mutex_unlock(&job->lock);
        error = code_frame(job, context, frame, slot);
        pthread_mutex_lock(&job->lock);
        slot->ready = true;
        pthread_cond_broadcast(&job->changed);
    }
    if (error && !job->error)
        job->error = error;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    ZSTD_freeCCtx(context);
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
    if (!written && !job->error) {
        job->error = strerror(errno);
        job->spool_failed = true;
    }
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

static bool write_seek_table(int spool, const struct fatelf_seek_entry *entries, uint32_t count)
{
    size_t size = count * sizeof *entries;
    struct fatelf_seek_footer footer = {.number_of_frames = count, .seekable_magic = FATELF_SEEK_FOOTER_MAGIC};
    struct fatelf_seek_header header = {
        .skippable_magic = FATELF_SEEK_SKIPPABLE_MAGIC,
        .frame_size = (uint32_t)(size + sizeof footer),
    };

    return file_write(spool, &header, sizeof header) && file_write(spool, entries, size) &&
           file_write(spool, &footer, sizeof footer);
}

/* The caller's side: all frames in order. False: job->error says why. */
static bool collect(struct job *job, int spool, unsigned level, struct fatelf_variant *variant, uint64_t *sums,
                    struct fatelf_seek_entry *entries, uint64_t *done, uint64_t *written)
{
    bool stored = variant->encoding == FATELF_ENCODING_STORED;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);

    for (uint32_t frame = 0; good && frame < job->frames; frame++) {
        struct slot *slot = take(job, frame);
        if (!slot)
            break;
        const unsigned char *bytes = stored ? slot->raw : slot->coded;
        size_t size = stored ? slot->raw_size : slot->coded_size;
        EVP_DigestUpdate(hash, slot->raw, slot->raw_size);
        if (stored)
            sums[frame] = fatelf_checksum(slot->raw, slot->raw_size);
        else
            entries[frame] = (struct fatelf_seek_entry){(uint32_t)slot->coded_size, (uint32_t)slot->raw_size};
        variant->payload_size += size;
        *done += slot->raw_size;
        *written += size;
        give_back(job, slot, file_write(spool, bytes, size));
        progress_show(level, *done, *written);
    }
    good = good && EVP_DigestFinal_ex(hash, variant->sha256, NULL) && !job->error;
    EVP_MD_CTX_free(hash);
    if (good && !stored) {
        good = write_seek_table(spool, entries, job->frames);
        variant->payload_size += sizeof(struct fatelf_seek_header) + job->frames * sizeof *entries +
                                 sizeof(struct fatelf_seek_footer);
        if (!good) {
            job->error = strerror(errno);
            job->spool_failed = true;
        }
    }
    return good;
}

static bool allocate(struct job *job, bool stored)
{
    job->slots = calloc(job->slot_count, sizeof *job->slots);
    for (uint32_t i = 0; job->slots && i < job->slot_count; i++) {
        job->slots[i].raw = malloc(COMPRESS_FRAME_SIZE);
        job->slots[i].coded = stored ? NULL : malloc(ZSTD_compressBound(COMPRESS_FRAME_SIZE));
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

int compress_variant(int from, const char *path, uint64_t size, unsigned level,
                     const struct compress_settings *settings, int spool, struct fatelf_variant *variant,
                     uint64_t *sums, uint64_t *done, uint64_t *written)
{
    struct job job = {
        .settings = settings,
        .from = from,
        .size = size,
        .frames = (uint32_t)fatelf_frame_count(size, COMPRESS_FRAME_SIZE),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    unsigned threads = settings->threads < job.frames ? settings->threads : job.frames;
    job.slot_count = 2 * threads;
    pthread_t *ids = calloc(threads, sizeof *ids);
    struct fatelf_seek_entry *entries = calloc(job.frames, sizeof *entries);
    unsigned started = 0;
    bool good = ids && entries && allocate(&job, settings->encoding == FATELF_ENCODING_STORED);

    *variant = (struct fatelf_variant){
        .level = (uint8_t)level,
        .encoding = (uint8_t)settings->encoding,
        .frame_size = COMPRESS_FRAME_SIZE,
        .frame_count = job.frames,
        .size = size,
    };
    while (good && started < threads && pthread_create(&ids[started], NULL, work, &job) == 0)
        started++;
    good = good && started > 0 && collect(&job, spool, level, variant, sums, entries, done, written);
    if (!good) {
        pthread_mutex_lock(&job.lock);
        if (!job.error)
            job.error = "out of memory or threads";
        pthread_cond_broadcast(&job.changed);
        pthread_mutex_unlock(&job.lock);
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    release(&job);
    free(entries);
    free(ids);
    if (good)
        return 0;
    if (job.spool_failed)
        return fail("%s: cannot be written: %s", settings->output, job.error);
    return fail("%s: cannot be compressed: %s", path, job.error);
}
