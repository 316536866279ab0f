/* SPDX-License-Identifier: MIT */
/*
 * Decodes a payload with as many threads as there are processors and as pay. Each thread decodes into a buffer of its
 * own that stays in its cache and then pwrite()s it: no page of the output is cleared or faulted in first.
 *
 * A delta-coded variant needs its base in memory. The same threads decode the base's frames, in order, and take a frame
 * of the variant as soon as all of the base up to the end of that frame's prefix is there: the two go side by side, and
 * what a frame refers to has just been written.
 */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticDCtx: no malloc */
#include <zstd.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/error.h"
#include "stub.h"

/*
 * More threads than this wait for each other: writes to one file are serialised by the kernel. It also bounds what a
 * start needs beside the variant.
 */
#define THREADS_MAX 4u
/*
 * Raw bytes that make it worth while to start a thread, which takes a tenth of a millisecond and more, and another
 * processor from somebody else. Copying takes less time than decoding. Measured in docs/performance.
 */
enum { SHARE_DECODED = 1 << 20, SHARE_STORED = 4 << 20 };
/* futex(2); linux/futex.h is not among musl's headers */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };
/* Less than 2 KiB of it were ever seen in use, with any level of zstd. */
#define STACK_SIZE ((size_t)32 << 10)
#define HUGE_PAGE ((size_t)2 << 20)

struct job {
    const struct fatelf_payload *payload;
    const struct fatelf_payload *base; /* for a delta-coded one */
    int fd;
    bool in_order;             /* write(), not pwrite() */
    const struct image *image; /* instead of fd: into memory */
    size_t context_size;
    size_t scratch_size;
    cpu_set_t others; /* the allowed processors but for the one that run() is on */
    unsigned char *base_bytes;
    atomic_uchar *base_done; /* one for each frame of the base */
    unsigned base_frames;    /* how many of the base are needed, from its first */
    atomic_uint base_next;   /* frame of the base that no thread has taken */
    atomic_uint base_ready;  /* frames of the base that are there, without a gap; a futex */
    atomic_uint waiting;     /* threads that wait for base_ready */
    atomic_uint next;        /* frame of the variant that no thread has taken */
    atomic_int error;        /* the first one: FATELF_ERROR_* or -errno */
};

struct worker {
    struct job *job;
    unsigned char *memory; /* stack, decoder, its scratch memory, frame */
    atomic_int running;    /* thread id; the kernel sets it to 0 when its memory is free (set_tid_address(2)) */
    int id;                /* the same, which stays */
};

/* The kernel's answer itself: the threads share one errno. */
static long kernel(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static int write_all(const struct job *job, const unsigned char *bytes, size_t size, uint64_t offset)
{
    while (size > 0) {
        long n = kernel(job->in_order ? SYS_write : SYS_pwrite64, job->fd, (long)bytes, (long)size, (long)offset);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        bytes += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

static uint64_t offset_of(const struct job *job, uint32_t index)
{
    return (uint64_t)index * job->payload->variant->frame_size;
}

static bool is_wanted(const struct job *job, uint32_t index)
{
    return !job->image || image_wants(job->image, offset_of(job, index), fatelf_payload_raw_size(job->payload, index));
}

/* Frames of the base that must be there before this frame of the variant can be decoded. */
static uint32_t frames_needed(const struct job *job, uint32_t index)
{
    struct fatelf_frame frame = fatelf_payload_frame(job->payload, index);

    if (frame.prefix_size == 0 || !is_wanted(job, index))
        return 0;
    return (uint32_t)fatelf_frame_count(frame.prefix_offset + frame.prefix_size, job->base->variant->frame_size);
}

static uint32_t most_needed(const struct job *job)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < job->payload->variant->frame_count; i++)
        most = frames_needed(job, i) > most ? frames_needed(job, i) : most;
    return most;
}

/* Takes the next frame to decode. False: there is nothing left to do. */
static bool take(struct job *job, uint32_t *frame, bool *of_base)
{
    while (!job->error) {
        unsigned ready = job->base_ready;
        unsigned next = job->next;
        if (next == job->payload->variant->frame_count)
            return false;
        *of_base = frames_needed(job, next) > ready;
        *frame = *of_base ? job->base_next : next;
        if (*of_base && *frame == job->base_frames) { /* all taken, by threads that are at work */
            job->waiting++;
            kernel(SYS_futex, (long)&job->base_ready, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, (long)ready, 0);
            job->waiting--;
        } else if (atomic_compare_exchange_strong(*of_base ? &job->base_next : &job->next, frame, *frame + 1)) {
            return true;
        }
    }
    return false;
}

static void wake(struct job *job)
{
    if (job->waiting)
        kernel(SYS_futex, (long)&job->base_ready, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, THREADS_MAX, 0);
}

/* A frame of the base is there: counts it, and those behind it that were there first. */
static void mark_ready(struct job *job, uint32_t frame)
{
    unsigned ready = job->base_ready;

    job->base_done[frame] = 1;
    while (ready < job->base_frames && job->base_done[ready])
        if (atomic_compare_exchange_strong(&job->base_ready, &ready, ready + 1))
            ready++;
    wake(job);
}

static void give_up(struct job *job, int error)
{
    int none = 0;

    atomic_compare_exchange_strong(&job->error, &none, error);
    job->base_ready = UINT32_MAX; /* whoever waits looks at the error */
    wake(job);
}

/* What a thread decodes with. */
struct tools {
    ZSTD_DCtx *context; /* NULL for a stored payload, which needs none */
    unsigned char *scratch;
    unsigned char *buffer; /* a frame */
};

static int decode_base(const struct job *job, uint32_t frame, const struct tools *tools)
{
    unsigned char *to = job->base_bytes + (uint64_t)frame * job->base->variant->frame_size;
    const unsigned char *bytes;

    return fatelf_payload_decode(job->base, frame, tools->context, NULL, tools->scratch, to, &bytes);
}

static int decode_variant(const struct job *job, uint32_t frame, const struct tools *tools)
{
    uint64_t offset = offset_of(job, frame);
    uint32_t size = fatelf_payload_raw_size(job->payload, frame);
    unsigned char *place = job->image ? image_place(job->image, offset, size) : NULL;
    const unsigned char *bytes;

    if (!is_wanted(job, frame))
        return 0;
    int error = fatelf_payload_decode(job->payload, frame, tools->context, job->base_bytes, tools->scratch,
                                      place ? place : tools->buffer, &bytes);
    if (error || place)
        return error;
    if (!job->image)
        return write_all(job, bytes, size, offset);
    image_put(job->image, bytes, offset, size);
    return 0;
}

static int work(void *argument)
{
    const struct worker *worker = argument;
    struct job *job = worker->job;
    unsigned char *scratch = worker->memory + STACK_SIZE + job->context_size;
    struct tools tools = {
        .context = ZSTD_initStaticDCtx(worker->memory + STACK_SIZE, job->context_size),
        .scratch = scratch,
        .buffer = scratch + job->scratch_size,
    };
    uint32_t frame;
    bool of_base;

    while (take(job, &frame, &of_base)) {
        int error = of_base ? decode_base(job, frame, &tools) : decode_variant(job, frame, &tools);
        if (error)
            give_up(job, error);
        else if (of_base)
            mark_ready(job, frame);
    }
    return 0;
}

/* How many processors may be used. */
static unsigned processors(struct job *job)
{
    if (sched_getaffinity(0, sizeof job->others, &job->others) != 0)
        return THREADS_MAX; /* there are more than a set has room for */
    unsigned count = (unsigned)CPU_COUNT(&job->others);
    int here = sched_getcpu();
    if (here >= 0)
        CPU_CLR((unsigned)here, &job->others);
    return count ? count : 1;
}

/*
 * A new thread often waits for some milliseconds on its parent's processor before the kernel moves it to an idle one,
 * on virtual machines above all, which is as long as all the work takes (docs/performance.md). So it leaves at once.
 */
static int work_elsewhere(void *argument)
{
    const struct worker *worker = argument;

    kernel(SYS_sched_setaffinity, 0, sizeof worker->job->others, (long)&worker->job->others, 0);
    return work(argument);
}

/* thread.S */
long thread_start(unsigned long flags, void *stack, atomic_int *id, int (*run)(void *), void *argument);

/*
 * A bare thread on memory that is already there: clone itself, because pthread_create makes six system calls more and
 * changes the signal mask that the program is to inherit. The thread shares thread-local storage with this one, so it
 * calls nothing that uses errno. False: there is just one thread less.
 */
static bool start_thread(struct worker *worker)
{
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                          CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

    worker->id = (int)thread_start(flags, worker->memory + STACK_SIZE, &worker->running, work_elsewhere, worker);
    return worker->id > 0;
}

static void join_thread(struct worker *worker)
{
    int id;

    while ((id = worker->running) != 0)
        syscall(SYS_futex, &worker->running, FUTEX_WAIT, id, NULL, NULL, 0);
    /* exec waits until it has left the process too; a program that starts in place could still count it */
    while (worker->job->image && syscall(SYS_tgkill, getpid(), worker->id, 0) == 0)
        sched_yield();
}

/* What run() took last. */
static struct memory {
    void *start;
    size_t size;
} in_use;

void frames_release(void)
{
    if (in_use.start)
        munmap(in_use.start, in_use.size);
    in_use.start = NULL;
}

static void *allocate(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory != MAP_FAILED && size >= HUGE_PAGE)
        madvise(memory, size, MADV_HUGEPAGE); /* fewer faults; granted or not, all is well */
    return memory;
}

static bool is_whole(const struct fatelf_payload *payload)
{
    return self_reaches(payload->bytes + payload->variant->payload_size);
}

static int run(struct job *job, unsigned threads, const char **call)
{
    const struct fatelf_variant *variant = job->payload->variant;
    const struct fatelf_variant *base = job->payload->base;
    struct worker workers[THREADS_MAX];
    size_t base_size = base ? fatelf_page_end(base->size) : 0;
    if (variant->encoding != FATELF_ENCODING_STORED)
        job->context_size = fatelf_page_end(ZSTD_estimateDCtxSize());
    job->scratch_size = fatelf_page_end(fatelf_payload_scratch_size(job->payload));
    size_t share = STACK_SIZE + job->context_size + job->scratch_size +
                   fatelf_page_end(variant->size < variant->frame_size ? variant->size : variant->frame_size);
    size_t shared = base ? base_size + fatelf_page_end(base->frame_count) : 0;

    if (!is_whole(job->payload) || (base && !is_whole(job->base)))
        return FATELF_ERROR_CUT_SHORT;
    frames_release(); /* of a method that was refused */
    unsigned char *memory = allocate(shared + threads * share);
    if (memory == MAP_FAILED && threads > 1) {
        threads = 1;
        memory = allocate(shared + share);
    }
    *call = "mmap";
    if (memory == MAP_FAILED)
        return -errno;
    in_use = (struct memory){memory, shared + threads * share};
    job->base_bytes = memory;
    job->base_frames = base ? most_needed(job) : 0;
    job->base_done = (atomic_uchar *)(memory + base_size);

    unsigned started = 1; /* this thread is worker 0 */
    for (unsigned i = 0; i < threads; i++)
        workers[i] = (struct worker){.job = job, .memory = memory + shared + i * share};
    while (started < threads && start_thread(&workers[started]))
        started++;
    work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        join_thread(&workers[i]);
    /* the memory stays: exec frees it, without the interrupts to other processors that munmap costs */
    *call = job->in_order ? "write" : "pwrite";
    return job->error;
}

/*
 * RLIMIT_FSIZE holds for a memfd too, and a write beyond it kills with SIGXFSZ. The limit is the program's business, not
 * ours: raised while we write where the hard limit allows it, put back before anything is started.
 */
static int raise_file_size(uint64_t size, struct rlimit *before)
{
    struct rlimit raised;

    if (getrlimit(RLIMIT_FSIZE, before) != 0 || before->rlim_cur >= size)
        return 0;
    raised = *before;
    raised.rlim_cur = raised.rlim_max;
    if (raised.rlim_max < size || setrlimit(RLIMIT_FSIZE, &raised) != 0)
        return -EFBIG;
    return 1;
}

static unsigned threads_wanted(const struct fatelf_payload *payload)
{
    const struct fatelf_variant *variant = payload->variant;
    uint64_t share = variant->encoding == FATELF_ENCODING_STORED ? SHARE_STORED : SHARE_DECODED;
    uint64_t threads = (variant->size + (payload->base ? payload->base->size : 0)) / share;

    if (!payload->base && threads > variant->frame_count)
        threads = variant->frame_count;
    return threads < THREADS_MAX ? (unsigned)threads : THREADS_MAX;
}

static int run_threads(struct job *job, const char **call)
{
    unsigned threads = 1, wanted = threads_wanted(job->payload);

    if (wanted > 1) {
        threads = processors(job);
        if (threads > wanted)
            threads = wanted;
    }
    return run(job, threads, call);
}

int frames_place(const struct launch *launch, const struct image *image, const char **call)
{
    struct job job = {.payload = &launch->payload, .base = &launch->base, .image = image};

    return run_threads(&job, call);
}

int frames_write(const struct launch *launch, int fd, const char **call)
{
    struct job job = {.payload = &launch->payload, .base = &launch->base, .fd = fd};
    struct rlimit before;
    int raised = raise_file_size(launch->payload.variant->size, &before);

    *call = "RLIMIT_FSIZE";
    if (raised < 0)
        return raised;
    int error = run_threads(&job, call);
    if (raised)
        setrlimit(RLIMIT_FSIZE, &before);
    return error;
}

int frames_stream(const struct launch *launch, int fd, const char **call)
{
    struct job job = {.payload = &launch->payload, .base = &launch->base, .fd = fd, .in_order = true};

    return run(&job, 1, call);
}
