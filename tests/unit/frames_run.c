/* SPDX-License-Identifier: MIT */
/*
 * The launcher decodes with real threads, again and again (stub/frames.c, stub/lock.c, stub/threads.c). The threads are
 * started by the thread library, so that ThreadSanitizer sees them (`make tsan`).
 */
#define ZSTD_STATIC_LINKING_ONLY
#include "payload.h"
#undef fail /* of cmocka */

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../stub/frames.h"
#include "../../stub/self.h"
#include "../../stub/threads.h"

/* What the launcher has its own code for, and the decoding to a file does not use. */
bool image_wants(const struct image *image, uint64_t offset, uint64_t size)
{
    (void)image, (void)offset, (void)size;
    return false;
}

unsigned char *image_place(const struct image *image, uint64_t offset, uint64_t size)
{
    (void)image, (void)offset, (void)size;
    return NULL;
}

void image_put(const struct image *image, const unsigned char *bytes, uint64_t offset, uint64_t size)
{
    (void)image, (void)bytes, (void)offset, (void)size;
}

bool self_reaches(const unsigned char *end)
{
    return end != NULL;
}

static pthread_t ids[THREADS_MAX];
static struct {
    void (*run)(void *);
    void *argument;
} calls[THREADS_MAX];
static unsigned threads_started;

static void *call(void *number)
{
    size_t i = (size_t)number;

    calls[i].run(calls[i].argument);
    return NULL;
}

static bool start(struct thread *thread, void (*run)(void *), void *argument)
{
    calls[threads_started].run = run;
    calls[threads_started].argument = argument;
    assert_int_equal(pthread_create(&ids[threads_started], NULL, call, (void *)(size_t)threads_started), 0);
    thread->id = (int)threads_started++;
    return true;
}

static void join(const struct thread *thread)
{
    assert_int_equal(pthread_join(ids[thread->id], NULL), 0);
}

/* stub/thread.S */
long thread_clone(unsigned long flags, void *stack, atomic_int *id, void (*run)(void *), void *argument);
long thread_clone(unsigned long flags, void *stack, atomic_int *id, void (*run)(void *), void *argument)
{
    (void)flags, (void)stack, (void)id, (void)run, (void)argument;
    return -1;
}

#include "../../stub/lock.c"
#include "../../stub/sinks.c"
#include "../../stub/threads.c"
#define thread_start(thread, stack, run, argument) ((void)(stack), start(thread, run, argument))
#define thread_move(thread, processors) ((void)(thread), (void)(processors))
#define thread_join(thread) join(thread)
#include "../../stub/frames.c"

enum { ROUNDS = 100 };

/* Decodes variant `number` with `threads` threads to a file, and returns how that ended. */
static struct outcome decode(struct fixture *f, unsigned number, unsigned threads, unsigned char *bytes)
{
    struct launch launch = {0};
    struct job job = {.payload = &launch.payload, .base = &launch.base, .sink = {.kind = SINK_FILE}};
    int fd = memfd_create("decoded", MFD_CLOEXEC);

    assert_true(fd >= 0);
    job.sink.fd = fd;
    threads_started = 0;
    assert_int_equal(fatelf_payload_open(&f->bundle, number, &launch.payload), 0);
    if (launch.payload.base)
        assert_int_equal(fatelf_payload_open_base(&f->bundle, &launch.payload, &launch.base), 0);
    struct outcome outcome = run(&launch, &job, threads);
    assert_int_equal(threads_started, threads - 1);
    if (outcome.kind == OUTCOME_OK)
        assert_int_equal(pread(fd, bytes, SIZE, 0), SIZE);
    close(fd);
    frames_release(&launch);
    return outcome;
}

static void all_variants_are_decoded_by_any_number_of_threads(void **state)
{
    struct fixture *f = *state;
    static unsigned char bytes[SIZE];

    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
            unsigned number = (round + threads) % COUNT;
            memset(bytes, 0, SIZE);
            assert_int_equal(decode(f, number, threads, bytes).kind, OUTCOME_OK);
            assert_memory_equal(bytes, f->raw[number], SIZE);
        }
}

static void a_damaged_frame_ends_all_threads(void **state)
{
    struct fixture *f = *state;
    static unsigned char bytes[SIZE];

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned damaged = round % 2 ? BASE : DELTA;
        unsigned char *at = f->bytes + f->bundle.manifest.variants[damaged].payload_offset +
                            f->frames[damaged][round % FRAMES].offset;
        *at ^= 1;
        struct outcome outcome = decode(f, DELTA, 2 + round % (THREADS_MAX - 1), bytes);
        *at ^= 1;
        assert_int_equal(outcome.kind, OUTCOME_DAMAGED);
        assert_int_equal(outcome.error, FATELF_ERROR_FRAME_CHECKSUM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_variants_are_decoded_by_any_number_of_threads, make, drop),
        cmocka_unit_test_setup_teardown(a_damaged_frame_ends_all_threads, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
