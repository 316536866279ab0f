/* SPDX-License-Identifier: MIT */
/*
 * The file is divided into chunks. A thread decodes the spans of code in one chunk after the other, and adds its counts
 * to the result at the end. Each page belongs to one chunk, so the number of threads changes nothing.
 */
#include "isa_scan.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/say.h"

#ifndef ISA_CHUNK
#define ISA_CHUNK (1 << 20) /* the fuzzer has smaller ones: its files are small */
#endif

enum {
    CHUNK = ISA_CHUNK,
    CHUNK_PAGES = CHUNK / ISA_PAGE,
    /* Where a chunk begins inside an instruction, decoding starts this much earlier: after some instructions, it is at
       the same places wherever it started. */
    LEAD = 256,
    THREADS_MAX = 64,
};

struct page {
    uint16_t instructions[INSTRUCTION_LEVELS]; /* that begin on it; at most ISA_PAGE */
    struct isa_sample samples[INSTRUCTION_LEVELS];
    bool is_code, is_mixed, has_sse, has_vex;
};

struct job {
    const struct elf_code *code;
    struct isa *isa;
    int fd;
    pthread_mutex_t lock; /* for what follows, and for *isa */
    size_t span;          /* the next code to decode: a span and an offset in the file */
    uint64_t offset;
    int error; /* an errno, or -1: the file became shorter */
};

struct worker {
    struct decoder *decoder;
    struct isa_counts counts;
    struct isa_sample samples[INSTRUCTION_LEVELS];
    struct page pages[CHUNK_PAGES];
    unsigned char bytes[LEAD + CHUNK + INSTRUCTION_MAX];
};

/* A piece of the file in one chunk, which contains code: spans `first` and following, from `from` to `to`. */
struct task {
    size_t first;
    uint64_t from, to;
};

/* The first byte at or after `offset` that is not in a hole of the file: a sparse file may claim any amount of code. */
static uint64_t skip_hole(const struct job *job, uint64_t offset)
{
    off_t data = lseek(job->fd, (off_t)offset, SEEK_DATA);

    if (data < 0)
        return errno == ENXIO ? UINT64_MAX : offset; /* no more data; or the file system knows no holes */
    return (uint64_t)data;
}

/* Takes the next task. False: there is none, or a thread has failed. */
static bool take(struct job *job, struct task *task)
{
    const struct code_span *code = job->code->spans;
    size_t count = job->code->span_count;
    bool taken = false;

    pthread_mutex_lock(&job->lock);
    while (!job->error && !taken && job->span < count) {
        const struct code_span *span = &code[job->span];
        uint64_t from = skip_hole(job, job->offset > span->offset ? job->offset : span->offset);
        taken = from < span->offset + span->size;
        *task = (struct task){job->span, from, (from / CHUNK + 1) * CHUNK};
        job->offset = taken ? task->to : span->offset + span->size;
        while (job->span < count && code[job->span].offset + code[job->span].size <= job->offset)
            job->span++;
    }
    pthread_mutex_unlock(&job->lock);
    return taken;
}

static void stop(struct job *job, int error)
{
    pthread_mutex_lock(&job->lock);
    if (!job->error)
        job->error = error ? error : -1;
    pthread_mutex_unlock(&job->lock);
}

static void count(struct job *job, struct worker *worker, const struct instruction *instruction, uint64_t offset,
                  uint64_t address)
{
    struct page *page = &worker->pages[offset % CHUNK / ISA_PAGE];
    unsigned level = instruction->level;

    page->instructions[level]++;
    page->has_sse |= instruction->is_sse;
    page->has_vex |= instruction->is_vex;
    worker->counts.sse += instruction->is_sse;
    worker->counts.cpuid += instruction->is_cpuid;
    if (level <= FATELF_LEVEL_MIN && level != INSTRUCTION_OTHER)
        return;
    if (page->samples[level].address == 0)
        page->samples[level] = (struct isa_sample){address, instruction->mnemonic};
    struct function *function = functions_at(&job->isa->functions, address);
    if (function) /* of several threads */
        __atomic_fetch_add(&function->instructions[level], 1, __ATOMIC_RELAXED);
}

/* Decodes from `from` to `to`, which are in one chunk of the span. */
static bool decode(struct job *job, struct worker *worker, const struct code_span *span, uint64_t from, uint64_t to)
{
    uint64_t end = span->offset + span->size;
    uint64_t begin = from - span->offset < LEAD ? span->offset : from - LEAD;
    size_t size = (size_t)((end - to < INSTRUCTION_MAX ? end : to + INSTRUCTION_MAX) - begin);

    errno = 0;
    if (!file_read(job->fd, worker->bytes, size, begin)) {
        stop(job, errno);
        return false;
    }
    for (uint64_t page = from / ISA_PAGE; page <= (to - 1) / ISA_PAGE; page++)
        worker->pages[page % CHUNK_PAGES].is_code = true;
    for (uint64_t at = begin; at < to;) {
        struct instruction instruction;
        size_t place = (size_t)(at - begin);
        bool good = instruction_decode(worker->decoder, worker->bytes + place, size - place, &instruction);
        if (at >= from && good) {
            count(job, worker, &instruction, at, span->address + (at - span->offset));
        } else if (at >= from) {
            worker->pages[at % CHUNK / ISA_PAGE].is_mixed = true;
            worker->counts.undecodable++;
        }
        at += good ? instruction.length : 1;
    }
    return true;
}

static void keep_first(struct isa_sample *sample, const struct isa_sample *other)
{
    if (other->address && (sample->address == 0 || other->address < sample->address))
        *sample = *other;
}

/* Adds the pages of a chunk to the counts, and clears them for the next one. */
static void add_pages(struct worker *worker)
{
    struct isa_counts *counts = &worker->counts;
    unsigned before = 0;

    for (size_t i = 0; i < CHUNK_PAGES; i++) {
        struct page *page = &worker->pages[i];
        unsigned highest = FATELF_LEVEL_MIN;
        for (unsigned level = 0; level < INSTRUCTION_LEVELS; level++) {
            counts->instructions[level] += page->instructions[level];
            if (page->instructions[level] > 0 && level > highest)
                highest = level;
            if (page->is_mixed)
                continue;
            counts->certain[level] += page->instructions[level];
            keep_first(&worker->samples[level], &page->samples[level]);
        }
        counts->pages[highest] += page->is_code;
        for (unsigned level = before < FATELF_LEVEL_MIN ? FATELF_LEVEL_MIN : before; level < highest; level++)
            counts->runs[level]++;
        before = highest;
        counts->mixed_pages += page->is_mixed;
        counts->sse_pages += page->has_sse;
        counts->vex_pages += page->has_vex && !page->has_sse && !page->is_mixed;
    }
    memset(worker->pages, 0, sizeof worker->pages);
}

/* All of isa_counts are sums. */
static void add_counts(struct isa_counts *to, const struct isa_counts *from)
{
    for (unsigned level = 0; level < INSTRUCTION_LEVELS; level++) {
        to->instructions[level] += from->instructions[level];
        to->pages[level] += from->pages[level];
        to->runs[level] += from->runs[level];
        to->certain[level] += from->certain[level];
    }
    to->undecodable += from->undecodable;
    to->mixed_pages += from->mixed_pages;
    to->sse_pages += from->sse_pages;
    to->vex_pages += from->vex_pages;
    to->sse += from->sse;
    to->cpuid += from->cpuid;
}

static void *work(void *argument)
{
    struct job *job = argument;
    struct worker *worker = calloc(1, sizeof *worker);
    struct task task;

    if (worker)
        worker->decoder = decoder_new();
    bool good = worker && worker->decoder;
    if (!good)
        stop(job, ENOMEM);
    while (good && take(job, &task)) {
        for (size_t i = task.first; good && i < job->code->span_count; i++) {
            const struct code_span *span = &job->code->spans[i];
            if (span->offset >= task.to)
                break;
            uint64_t from = span->offset > task.from ? span->offset : task.from;
            uint64_t end = span->offset + span->size;
            good = decode(job, worker, span, from, end < task.to ? end : task.to);
        }
        add_pages(worker);
    }
    if (worker) {
        pthread_mutex_lock(&job->lock);
        add_counts(&job->isa->counts, &worker->counts);
        for (unsigned level = 0; level < INSTRUCTION_LEVELS; level++)
            keep_first(&job->isa->samples[level], &worker->samples[level]);
        pthread_mutex_unlock(&job->lock);
        free(worker->decoder);
    }
    free(worker);
    return NULL;
}

int isa_scan(struct isa *isa, const struct elf_code *code, int fd, unsigned threads, const char *path)
{
    struct job job = {.code = code, .isa = isa, .fd = fd, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t ids[THREADS_MAX];
    unsigned started = 0;

    /* this thread works as well, so there is one even if no other can be started */
    while (started + 1 < threads && started < THREADS_MAX && pthread_create(&ids[started], NULL, work, &job) == 0)
        started++;
    work(&job);
    while (started > 0)
        pthread_join(ids[--started], NULL);
    if (job.error == ENOMEM)
        return fail("out of memory");
    if (job.error)
        return fail("%s: cannot be read: %s", path, job.error > 0 ? strerror(job.error) : "it became shorter");
    return 0;
}
