/* SPDX-License-Identifier: MIT */
/*
 * A bundle as the launcher reads it, which is mapped in memory: notes, manifest, records of the programs, and all
 * frames, decoded by stub/frames.c to a file, to a pipe and to the segments of a program that stub/image.c maps. All
 * three must come to the same result. The input is a file. Threads are the C library's here, because sanitizers need
 * these.
 */
#include <pthread.h>

#include "bundle_mutator.h"
#include "tool.h"

#include "../../stub/frames.c"
#include "../../stub/image.c"
#include "../../stub/lock.c"
#include "../../stub/sinks.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bundle as it is mapped, from address 0 to the end of its last segment. */
static struct {
    unsigned char *bytes;
    uint64_t size;
} mapped;

/* --- in place of stub/self.c and stub/threads.c ------------------------------------------------------------------- */

bool self_reaches(const unsigned char *end)
{
    return end <= mapped.bytes + mapped.size;
}

unsigned threads_processors(cpu_set_t *others)
{
    CPU_ZERO(others);
    return THREADS_MAX;
}

struct start {
    void (*run)(void *);
    void *argument;
};

static pthread_t threads[THREADS_MAX];
static unsigned thread_number;

static void *run_thread(void *argument)
{
    struct start start = *(struct start *)argument;

    free(argument);
    start.run(start.argument);
    return NULL;
}

bool thread_start(struct thread *thread, unsigned char *stack, void (*start_run)(void *), void *argument)
{
    struct start *start = malloc(sizeof *start);

    memset(stack, 0, THREADS_STACK); /* it must be memory */
    *start = (struct start){start_run, argument};
    thread->id = (int)(thread_number++ % THREADS_MAX);
    return pthread_create(&threads[thread->id], NULL, run_thread, start) == 0;
}

void thread_move(const struct thread *thread, const cpu_set_t *processors)
{
    (void)thread, (void)processors;
}

void thread_join(struct thread *thread)
{
    pthread_join(threads[thread->id], NULL);
}

void thread_await_exit(const struct thread *thread)
{
    (void)thread;
}

void threads_wait(atomic_uint *word, unsigned value)
{
    while (atomic_load(word) == value)
        sched_yield();
}

void threads_wake(atomic_uint *word)
{
    (void)word;
}

struct outcome memory_map(struct memory *memory, size_t size)
{
    *memory = (struct memory){calloc(1, size ? size : 1), size};
    return memory->bytes ? outcome_ok() : outcome_refused("mmap", ENOMEM);
}

void memory_unmap(struct memory *memory)
{
    free(memory->bytes);
    *memory = (struct memory){NULL, 0};
}

/* --- the bundle ------------------------------------------------------------------- */

/* Maps the file as exec would, without the rounding to pages. False: it could not, or it would be large. */
static bool map_bundle(const struct file *file)
{
    enum { LIMIT = 1 << 24 };

    mapped.size = 0;
    for (size_t i = 0; i < file->count; i++) {
        const Elf64_Phdr *segment = &file->headers[i];
        if (segment->p_type != PT_LOAD)
            continue;
        if (segment->p_vaddr > LIMIT || segment->p_filesz > LIMIT)
            return false;
        if (segment->p_vaddr + segment->p_filesz > mapped.size)
            mapped.size = segment->p_vaddr + segment->p_filesz;
    }
    mapped.bytes = calloc(1, mapped.size ? mapped.size : 1);
    for (size_t i = 0; i < file->count; i++)
        if (file->headers[i].p_type == PT_LOAD)
            memcpy(mapped.bytes + file->headers[i].p_vaddr, file->bytes + file->headers[i].p_offset,
                   file->headers[i].p_filesz);
    return true;
}

/* The launcher believes its own program headers. */
static const unsigned char *mapped_notes(void *owner, const Elf64_Phdr *segment)
{
    (void)owner;
    if (segment->p_vaddr > mapped.size || segment->p_filesz > mapped.size - segment->p_vaddr)
        return NULL;
    return mapped.bytes + segment->p_vaddr;
}

/* The program is mapped, filled, and compared with the file that was decoded, if there is one. */
static void place(struct launch *launch, unsigned index, int decoded)
{
    struct image image = {.anywhere = false};

    if (fatelf_bundle_program(&launch->bundle, index, &image.program) != 0 ||
        image_reserve(&image, 0).kind != OUTCOME_OK)
        return;
    if (image_make(&image).kind == OUTCOME_OK && frames_place(launch, &image).kind == OUTCOME_OK && decoded >= 0) {
        for (unsigned i = 0; i < image.program.segment_count; i++) {
            const struct fatelf_segment *segment = &image.program.segments[i];
            uint64_t size = segment->file_size > 0 ? segment->data_end - segment->address : 0;
            unsigned char *wanted = malloc(size ? size : 1);
            if (pread(decoded, wanted, size, (off_t)segment->file_offset) != (ssize_t)size ||
                memcmp(wanted, image_at(&image, segment->address), size) != 0)
                fault("a segment is not what the file has", "");
            free(wanted);
        }
        image_clear(&image);
        image_protect(&image);
    }
    image_release(&image);
}

static void start(struct launch *launch, unsigned index)
{
    static struct memory_file file, stream;

    if (fatelf_payload_open(&launch->bundle, index, &launch->payload) != 0 ||
        (launch->payload.base && fatelf_payload_open_base(&launch->bundle, &launch->payload, &launch->base) != 0))
        return;
    memory_file_write(&file, "", 0);
    memory_file_write(&stream, "", 0);
    lseek(stream.fd, 0, SEEK_SET);
    bool good = frames_write(launch, file.fd).kind == OUTCOME_OK;
    if (good != (frames_stream(launch, stream.fd).kind == OUTCOME_OK))
        fault("a file and a pipe come to different outcomes", "");
    off_t size = lseek(file.fd, 0, SEEK_END);
    if (good && ((uint64_t)size != launch->payload.variant->size || lseek(stream.fd, 0, SEEK_END) != size))
        fault("a variant has another size than its manifest says", "");
    place(launch, index, good ? file.fd : -1);
    frames_release(launch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file file = {.bytes = malloc(size ? size : 1), .size = size};
    struct fatelf_image image = {.notes = mapped_notes, .mapped = true};
    struct launch launch = {.argv = NULL};

    memcpy(file.bytes, data, size);
    if (read_headers(&file) && map_bundle(&file)) {
        if (fatelf_bundle_open(&image, file.headers, file.count, &launch.bundle) == 0)
            for (unsigned i = 0; i < launch.bundle.manifest.header.variant_count; i++)
                start(&launch, i);
        free(mapped.bytes);
    }
    free(file.bytes);
    return 0;
}
