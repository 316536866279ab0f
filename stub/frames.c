/* SPDX-License-Identifier: MIT */
/*
 * Each thread takes frames from the schedule, decodes them and hands them to the sink. For a file, a thread decodes
 * into a buffer of its own, which stays in the processor's cache, and writes it with pwrite(). That is faster than
 * decoding into a memory mapping of the file, because the kernel would have to clear each page of it and handle a page
 * fault.
 */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticDCtx(), which needs no malloc() */
#include <zstd.h>

#include "frames.h"

#include "../lib/error.h"
#include "../lib/schedule.h"
#include "lock.h"
#include "self.h"
#include "sinks.h"

/*
 * Raw bytes that justify one more thread. Starting a thread takes at least a tenth of a millisecond, and other
 * processes may need the processor. A stored frame is only copied, which is faster than decoding. Measured in
 * docs/performance.md.
 */
enum { SHARE_DECODED = 512 << 10, SHARE_STORED = 4 << 20 };

_Static_assert(FATELF_SIZE_MAX / FATELF_FRAME_SIZE_MIN < UINT32_MAX, "the schedule can count all frames");
_Static_assert(FATELF_SCHEDULE_THREADS_MAX >= THREADS_MAX, "the schedule can count all threads");

/* One variant to decode; the threads share it. */
struct job {
    const struct fatelf_payload *payload;
    const struct fatelf_payload *base; /* only if payload->base is not NULL */
    struct sink sink;
    struct fatelf_window window; /* of the base */
    size_t context_size;         /* bytes of a thread's zstd decoder; 0 for a stored payload */
    size_t scratch_size;         /* bytes that fatelf_payload_decode() works in */
    cpu_set_t others;            /* processors for all threads but the first */
    atomic_uint lock;            /* protects the schedule */
    struct fatelf_schedule schedule;
    atomic_uint changes; /* threads that wait sleep until this is another number; changed with the lock held */
};

struct worker {
    struct job *job;
    unsigned char *memory; /* its share: stack, zstd decoder, scratch memory, buffer for a frame */
    struct thread thread;  /* unused by worker 0, which is the launcher's first thread */
    uint32_t number;
    struct outcome outcome; /* of the last frame that it decoded */
};

/* What a worker decodes with. */
struct tools {
    ZSTD_DCtx *context; /* NULL for a stored payload */
    unsigned char *scratch;
    unsigned char *buffer; /* room for a frame */
};

static uint64_t offset_of(const struct job *job, uint32_t frame)
{
    return (uint64_t)frame * job->payload->variant->frame_size;
}

static bool is_wanted(const void *owner, uint32_t frame)
{
    const struct job *job = owner;

    return sink_wants(&job->sink, offset_of(job, frame), fatelf_payload_raw_size(job->payload, frame));
}

static struct outcome decode_base(const struct job *job, uint32_t frame, const struct tools *tools)
{
    unsigned char *to = fatelf_window_place(&job->window, (uint64_t)frame * job->base->variant->frame_size);
    const unsigned char *bytes;

    return outcome_of(fatelf_payload_decode(job->base, frame, fatelf_payload_coded(job->base, frame), tools->context,
                                            NULL, tools->scratch, to, &bytes));
}

static struct outcome decode_variant(const struct job *job, uint32_t frame, const struct tools *tools)
{
    uint64_t offset = offset_of(job, frame);
    uint32_t size = fatelf_payload_raw_size(job->payload, frame);
    const unsigned char *bytes;

    if (!is_wanted(job, frame))
        return outcome_ok();
    unsigned char *place = sink_place(&job->sink, offset, size);
    struct outcome outcome = outcome_of(
        fatelf_payload_decode(job->payload, frame, fatelf_payload_coded(job->payload, frame), tools->context,
                              &job->window, tools->scratch, place ? place : tools->buffer, &bytes));
    if (outcome.kind != OUTCOME_OK || place)
        return outcome;
    return sink_put(&job->sink, bytes, offset, size);
}

/*
 * Releases the lock, and wakes the threads that wait if something has changed for them. Returns the value of `changes`.
 */
static unsigned leave_schedule(struct job *job)
{
    bool wake = job->schedule.wake;

    job->schedule.wake = false;
    unsigned changes = atomic_load(&job->changes) + wake;
    atomic_store(&job->changes, changes);
    lock_release(&job->lock);
    if (wake)
        threads_wake(&job->changes);
    return changes;
}

/* Returns what the worker does next, after it has waited for that if need be. Its previous frame is decoded. */
static struct fatelf_schedule_task next_task(struct worker *worker)
{
    struct job *job = worker->job;
    struct fatelf_schedule_task task;

    do {
        lock_take(&job->lock);
        task = fatelf_schedule_next(&job->schedule, worker->number);
        unsigned changes = leave_schedule(job);
        if (task.step == FATELF_SCHEDULE_WAIT)
            threads_wait(&job->changes, changes);
    } while (task.step == FATELF_SCHEDULE_WAIT);
    return task;
}

static void fail(struct worker *worker)
{
    struct job *job = worker->job;

    lock_take(&job->lock);
    fatelf_schedule_fail(&job->schedule, worker->number);
    leave_schedule(job);
}

static void work(struct worker *worker)
{
    struct job *job = worker->job;
    unsigned char *scratch = worker->memory + THREADS_STACK + job->context_size;
    const struct tools tools = {
        .context = ZSTD_initStaticDCtx(worker->memory + THREADS_STACK, job->context_size),
        .scratch = scratch,
        .buffer = scratch + job->scratch_size,
    };
    struct fatelf_schedule_task task;

    while (worker->outcome.kind == OUTCOME_OK && (task = next_task(worker)).step != FATELF_SCHEDULE_END)
        worker->outcome = task.step == FATELF_SCHEDULE_BASE ? decode_base(job, task.frame, &tools)
                                                            : decode_variant(job, task.frame, &tools);
    if (worker->outcome.kind != OUTCOME_OK)
        fail(worker);
}

/* What the other threads run. */
static void run_worker(void *worker)
{
    work(worker);
}

/* Bytes that all threads share: the window of the base, and the tables of the schedule. */
static size_t shared_memory(const struct fatelf_payload *payload, unsigned threads)
{
    if (!payload->base)
        return 0;
    return (size_t)fatelf_schedule_window(payload, threads) * payload->base->frame_size +
           fatelf_page_end(2 * payload->variant->frame_count * sizeof(uint32_t));
}

/* `memory`: shared_memory() bytes, first for the window and then for the tables. */
static void prepare_schedule(struct job *job, unsigned char *memory, unsigned threads)
{
    uint32_t window = fatelf_schedule_window(job->payload, threads);

    if (job->payload->base)
        job->window = (struct fatelf_window){memory, (uint64_t)window * job->base->variant->frame_size};
    job->schedule = fatelf_schedule_make(job->payload, threads, window, (void *)(memory + job->window.size), is_wanted,
                                         job);
}

static bool is_whole(const struct fatelf_payload *payload)
{
    return self_reaches(payload->bytes + payload->variant->payload_size);
}

/* Decodes all frames with `threads` threads, or with fewer if there is no memory for them or they do not start. */
static struct outcome run(struct launch *launch, struct job *job, unsigned threads)
{
    const struct fatelf_variant *variant = job->payload->variant;
    struct worker workers[THREADS_MAX];

    if (job->payload->encoding->decode)
        job->context_size = fatelf_page_end(ZSTD_estimateDCtxSize());
    job->scratch_size = fatelf_page_end(fatelf_payload_scratch_size(job->payload));
    size_t share = THREADS_STACK + job->context_size + job->scratch_size +
                   fatelf_page_end(variant->size < variant->frame_size ? variant->size : variant->frame_size);
    size_t shared = shared_memory(job->payload, threads);

    if (!is_whole(job->payload) || (job->payload->base && !is_whole(job->base)))
        return outcome_of(FATELF_ERROR_CUT_SHORT);
    frames_release(launch); /* memory of a launch method that was refused before this one */
    struct outcome outcome = memory_map(&launch->decoding, shared + threads * share);
    if (outcome.kind != OUTCOME_OK && threads > 1) {
        threads = 1;
        shared = shared_memory(job->payload, threads);
        outcome = memory_map(&launch->decoding, shared + share);
    }
    if (outcome.kind != OUTCOME_OK)
        return outcome;
    unsigned char *memory = launch->decoding.bytes;
    prepare_schedule(job, memory, threads);
    unsigned number = 0;
    do
        workers[number] = (struct worker){.job = job, .memory = memory + shared + number * share, .number = number};
    while (++number < threads);

    unsigned started = 1;
    while (started < threads &&
           thread_start(&workers[started].thread, workers[started].memory, run_worker, &workers[started])) {
        thread_move(&workers[started].thread, &job->others);
        started++;
    }
    work(&workers[0]);
    for (unsigned i = 1; i < started; i++) {
        thread_join(&workers[i].thread);
        /* exec itself waits until the thread is gone; a program that starts in place could still see it */
        if (job->sink.kind == SINK_IMAGE)
            thread_await_exit(&workers[i].thread);
    }
    return job->schedule.failed ? workers[job->schedule.failed_thread].outcome : outcome_ok();
}

/* One thread per allowed processor, at most THREADS_MAX, and no more than the work justifies. */
static unsigned thread_count(struct job *job)
{
    const struct fatelf_variant *variant = job->payload->variant, *base = job->payload->base;
    uint64_t share = job->payload->encoding->decode ? SHARE_DECODED : SHARE_STORED;
    /* A frame that is made from its prefix takes about a quarter of the time of one that zstd decodes. */
    uint64_t useful = (base ? base->size + variant->size / 4 : variant->size) / share;

    if (!base && useful > variant->frame_count)
        useful = variant->frame_count;
    if (useful > THREADS_MAX)
        useful = THREADS_MAX;
    if (useful <= 1)
        return 1;
    unsigned allowed = threads_processors(&job->others);
    return allowed < useful ? allowed : (unsigned)useful;
}

struct outcome frames_write(struct launch *launch, int fd)
{
    struct job job = {.payload = &launch->payload, .base = &launch->base, .sink = {.kind = SINK_FILE, .fd = fd}};
    struct file_size_limit limit;
    struct outcome outcome = file_size_limit_raise(&limit, launch->payload.variant->size);

    if (outcome.kind != OUTCOME_OK)
        return outcome;
    outcome = run(launch, &job, thread_count(&job));
    file_size_limit_restore(&limit);
    return outcome;
}

struct outcome frames_stream(struct launch *launch, int fd)
{
    struct job job = {.payload = &launch->payload, .base = &launch->base, .sink = {.kind = SINK_PIPE, .fd = fd}};

    return run(launch, &job, 1);
}

struct outcome frames_place(struct launch *launch, const struct image *image)
{
    struct job job = {.payload = &launch->payload, .base = &launch->base, .sink = {.kind = SINK_IMAGE, .image = image}};

    return run(launch, &job, thread_count(&job));
}

void frames_release(struct launch *launch)
{
    memory_unmap(&launch->decoding);
}
