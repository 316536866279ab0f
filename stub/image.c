/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* linux/mman.h, since 4.17; older kernels take the address as a hint */
#endif
#define HUGE_PAGE (UINT64_C(2) << 20)

unsigned char *image_at(const struct image *image, uint64_t address)
{
    return (unsigned char *)(uintptr_t)(address + image->bias);
}

int image_protection(const struct fatelf_segment *segment)
{
    return (segment->flags & PF_R ? PROT_READ : 0) | (segment->flags & PF_W ? PROT_WRITE : 0) |
           (segment->flags & PF_X ? PROT_EXEC : 0);
}

static uint64_t span(const struct fatelf_program *program)
{
    return program->segments[program->segment_count - 1].end - program->segments[0].address;
}

/* Reserves address space at exactly `address`. Returns `address`, or 0 if that is not possible. */
static uint64_t reserve_at(uint64_t address, uint64_t size)
{
    void *wanted = (void *)(uintptr_t)address;
    void *memory = mmap(wanted, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
                        0);

    if (memory == wanted)
        return address;
    if (memory != MAP_FAILED)
        munmap(memory, size);
    return 0;
}

/* Reserves address space anywhere, at a multiple of `alignment`. Returns its address, or 0 with errno set. */
static uint64_t reserve_anywhere(uint64_t size, uint64_t alignment)
{
    uint64_t more = alignment > FATELF_PAGE ? alignment : 0;
    unsigned char *memory = mmap(NULL, size + more, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return 0;
    uint64_t before = -(uint64_t)(uintptr_t)memory & (alignment - 1);
    if (before)
        munmap(memory, before);
    if (more - before)
        munmap(memory + before + size, more - before);
    return (uint64_t)(uintptr_t)memory + before;
}

struct outcome image_reserve(struct image *image, uint64_t hint)
{
    const struct fatelf_program *program = &image->program;
    uint64_t first = program->segments[0].address, size = span(program), start;
    uint64_t within = first & (program->alignment - 1); /* the first segment need not start at an aligned address */

    image->anywhere = false;
    if (!program->relocatable) {
        image->bias = 0;
        return reserve_at(first, size) ? outcome_ok() : outcome_refused("mmap", EEXIST);
    }
    start = hint ? reserve_at((hint & ~(program->alignment - 1)) + within, size) : 0;
    if (!start) {
        image->anywhere = true;
        start = reserve_anywhere(size + within, program->alignment);
        if (!start)
            return outcome_refused("mmap", errno);
        if (within)
            munmap((void *)(uintptr_t)start, within);
        start += within;
    }
    image->bias = start - first;
    return outcome_ok();
}

void image_release(const struct image *image)
{
    munmap(image_at(image, image->program.segments[0].address), span(&image->program));
}

bool image_map_memory(unsigned char *start, uint64_t size, int access)
{
    return size == 0 || mmap(start, size, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start;
}

bool image_map_rest(const struct image *image, unsigned index)
{
    const struct fatelf_segment *segment = &image->program.segments[index];
    uint64_t start = segment->address + segment->file_size;

    if (index + 1 < image->program.segment_count && segment[1].address > segment->end)
        munmap(image_at(image, segment->end), segment[1].address - segment->end);
    return image_map_memory(image_at(image, start), segment->end - start,
                            PROT_READ | PROT_WRITE | (image_protection(segment) & PROT_EXEC));
}

struct outcome image_map(const struct image *image, int fd)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        unsigned char *start = image_at(image, segment->address);
        if ((segment->file_size > 0 && mmap(start, segment->file_size, image_protection(segment),
                                            MAP_PRIVATE | MAP_FIXED, fd, (off_t)segment->file_offset) != start) ||
            !image_map_rest(image, i))
            return outcome_refused("mmap", errno);
    }
    return outcome_ok();
}

struct outcome image_make(const struct image *image)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (!image_map_memory(image_at(image, segment->address), segment->file_size, PROT_READ | PROT_WRITE) ||
            !image_map_rest(image, i))
            return outcome_refused("mmap", errno);
        if (segment->file_size >= HUGE_PAGE) /* fewer page faults; if it fails, nothing is lost */
            madvise(image_at(image, segment->address), segment->file_size, MADV_HUGEPAGE);
    }
    return outcome_ok();
}

struct outcome image_protect(const struct image *image)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (segment->file_size > 0 && image_protection(segment) != (PROT_READ | PROT_WRITE) &&
            mprotect(image_at(image, segment->address), segment->file_size, image_protection(segment)) != 0)
            return outcome_refused("mprotect", errno);
    }
    return outcome_ok();
}

/* Sets [*from, *to) to the part of the file's bytes [offset, offset + size) in the segment. False: there is none. */
static bool part_of(const struct fatelf_segment *segment, uint64_t offset, uint64_t size, uint64_t *from, uint64_t *to)
{
    uint64_t start = segment->file_offset, end = start + (segment->data_end - segment->address);

    *from = offset > start ? offset : start;
    *to = offset + size < end ? offset + size : end;
    return segment->file_size > 0 && *from < *to;
}

uint64_t image_file_end(const struct image *image)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        uint64_t its = segment->file_offset + (segment->data_end - segment->address);
        if (segment->file_size > 0 && its > end)
            end = its;
    }
    return end;
}

bool image_wants(const struct image *image, uint64_t offset, uint64_t size)
{
    uint64_t from, to;

    for (unsigned i = 0; i < image->program.segment_count; i++)
        if (part_of(&image->program.segments[i], offset, size, &from, &to))
            return true;
    return false;
}

unsigned char *image_place(const struct image *image, uint64_t offset, uint64_t size)
{
    unsigned char *place = NULL;
    uint64_t from, to;

    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (!part_of(segment, offset, size, &from, &to))
            continue;
        if (place || to - from != size)
            return NULL;
        place = image_at(image, segment->address + (from - segment->file_offset));
    }
    return place;
}

void image_put(const struct image *image, const unsigned char *bytes, uint64_t offset, uint64_t size)
{
    uint64_t from, to;

    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (part_of(segment, offset, size, &from, &to))
            memcpy(image_at(image, segment->address + (from - segment->file_offset)), bytes + (from - offset),
                   to - from);
    }
}

void image_clear(const struct image *image)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (segment->clear && segment->file_size > 0)
            memset(image_at(image, segment->data_end), 0, fatelf_page_end(segment->data_end) - segment->data_end);
    }
}
