/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* linux/mman.h, since 4.17; older kernels take the address as a hint */
#endif
#define HUGE_PAGE (UINT64_C(2) << 20)

static unsigned char *at(const struct image *image, uint64_t address)
{
    return (unsigned char *)(uintptr_t)(address + image->bias);
}

static int protection(const struct fatelf_segment *segment)
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
    munmap(at(image, image->program.segments[0].address), span(&image->program));
}

static bool map_memory(unsigned char *start, uint64_t size, int access)
{
    return size == 0 || mmap(start, size, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start;
}

/*
 * Maps the pages of segment `index` that have no bytes in the file. They are writable, whatever the segment's flags say
 * (fs/binfmt_elf.c). Unmaps the gap up to the next segment.
 */
static bool map_rest(const struct image *image, unsigned index)
{
    const struct fatelf_segment *segment = &image->program.segments[index];
    uint64_t start = segment->address + segment->file_size;

    if (index + 1 < image->program.segment_count && segment[1].address > segment->end)
        munmap(at(image, segment->end), segment[1].address - segment->end);
    return map_memory(at(image, start), segment->end - start,
                      PROT_READ | PROT_WRITE | (protection(segment) & PROT_EXEC));
}

struct outcome image_map(const struct image *image, int fd)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        unsigned char *start = at(image, segment->address);
        if ((segment->file_size > 0 && mmap(start, segment->file_size, protection(segment), MAP_PRIVATE | MAP_FIXED, fd,
                                            (off_t)segment->file_offset) != start) ||
            !map_rest(image, i))
            return outcome_refused("mmap", errno);
    }
    return outcome_ok();
}

/* Copies the bytes [from, from + size) of the segment, which are whole pages that move to another segment. */
static bool copy_pages(const struct image *image, const struct fatelf_segment *segment, const unsigned char *bytes,
                       uint64_t from, uint64_t size)
{
    unsigned char *start = at(image, segment->address + from);

    if (size == 0)
        return true;
    if (!map_memory(start, size, PROT_READ | PROT_WRITE))
        return false;
    memcpy(start, bytes + segment->file_offset + from, size);
    return segment->flags & PF_W || mprotect(start, size, protection(segment)) == 0;
}

/*
 * Bytes at the start of the segment that are copied: pages that another segment gets, or the page with the ELF header.
 * The kernel writes copies to core files, but of pages from a file only the first one of the file (vma_dump_size(),
 * fs/coredump.c), and this page is inside of one. Debuggers find the program's build-id in it.
 */
static uint64_t copied_head(const struct fatelf_segment *segment)
{
    bool has_header = segment->file_offset == 0 && segment->file_size >= FATELF_PAGE + segment->copied_tail;

    if (segment->copied_head > 0 || !has_header || segment->flags & PF_X)
        return segment->copied_head;
    return FATELF_PAGE;
}

/* Bytes of the segment's pages that move. The others are copies. */
static uint64_t moving(const struct fatelf_segment *segment)
{
    return segment->file_size - copied_head(segment) - segment->copied_tail;
}

static bool move_pages(const struct fatelf_segment *segment, const unsigned char *from, unsigned char *to)
{
    uint64_t size = moving(segment);

    /* the cast removes const: mremap() does not write to the old place */
    return size == 0 || mremap((void *)(uintptr_t)from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}

bool image_move_back(const struct image *image, const unsigned char *bytes, unsigned moved)
{
    bool good = true;

    for (unsigned i = 0; i < moved; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        unsigned char *home = (unsigned char *)(uintptr_t)bytes + segment->file_offset + copied_head(segment);
        good &= move_pages(segment, at(image, segment->address + copied_head(segment)), home);
        /* the pages have the segment's protection, but the next launch method must read them */
        good &= moving(segment) == 0 || mprotect(home, moving(segment), PROT_READ) == 0;
    }
    return good;
}

/*
 * Makes moved code visible to perf(1). The kernel reports new mappings to perf, but not those that mremap() makes. It
 * does report a call of mprotect() that changes the protection, so the code loses PROT_READ and gets it back. It keeps
 * PROT_EXEC all the time: security modules (IMA, SELinux), PR_SET_MDWE and system call filters may refuse to make
 * memory executable. If the kernel refuses one of these calls, the code still runs; x86-64 pages that can be executed
 * can also be read.
 *
 * On a processor with protection keys, mprotect() with PROT_EXEC alone would take one of the process's 15 keys.
 * pkey_mprotect() with key 0 does not, but refuses key 0 (EINVAL) on other processors. Some system call filters kill a
 * process that calls pkey_mprotect(), so with a filter perf does not learn of the code there.
 */
static void announce(unsigned char *code, uint64_t size, bool protection_keys)
{
    long result;

    if (!protection_keys)
        result = mprotect(code, size, PROT_EXEC);
    else if (prctl(PR_GET_SECCOMP) != 0)
        return;
    else
        result = syscall(SYS_pkey_mprotect, code, size, PROT_EXEC, 0);
    if (result == 0)
        mprotect(code, size, PROT_READ | PROT_EXEC);
}

static bool protect_moved(const struct fatelf_segment *segment, unsigned char *start, int has)
{
    int wanted = protection(segment);

    return wanted == has || moving(segment) == 0 || mprotect(start, moving(segment), wanted) == 0;
}

struct outcome image_move(const struct image *image, const unsigned char *bytes, bool executable, bool protection_keys,
                          unsigned *moved)
{
    int has = PROT_READ | (executable ? PROT_EXEC : 0);

    *moved = 0;
    if ((uintptr_t)bytes % FATELF_PAGE != 0) /* the first and last page would also contain bytes of something else */
        return outcome_refused("mremap", EINVAL);
    for (unsigned i = 0; i < image->program.segment_count; i++) { /* all copies, before any page moves away */
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (!copy_pages(image, segment, bytes, 0, copied_head(segment)) ||
            !copy_pages(image, segment, bytes, segment->file_size - segment->copied_tail, segment->copied_tail) ||
            !map_rest(image, i))
            return outcome_refused("mmap", errno);
    }
    while (*moved < image->program.segment_count) {
        const struct fatelf_segment *segment = &image->program.segments[*moved];
        unsigned char *to = at(image, segment->address + copied_head(segment));
        if (!move_pages(segment, bytes + segment->file_offset + copied_head(segment), to))
            return outcome_refused("mremap", errno);
        ++*moved;
        if (!protect_moved(segment, to, has))
            return outcome_refused("mprotect", errno);
    }
    for (unsigned i = 0; i < image->program.segment_count; i++) { /* now that nothing can fail any more */
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (protection(segment) == (PROT_READ | PROT_EXEC) && moving(segment) > 0)
            announce(at(image, segment->address + copied_head(segment)), moving(segment), protection_keys);
    }
    return outcome_ok();
}

struct outcome image_make(const struct image *image)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (!map_memory(at(image, segment->address), segment->file_size, PROT_READ | PROT_WRITE) || !map_rest(image, i))
            return outcome_refused("mmap", errno);
        if (segment->file_size >= HUGE_PAGE) /* fewer page faults; if it fails, nothing is lost */
            madvise(at(image, segment->address), segment->file_size, MADV_HUGEPAGE);
    }
    return outcome_ok();
}

struct outcome image_protect(const struct image *image)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (segment->file_size > 0 && protection(segment) != (PROT_READ | PROT_WRITE) &&
            mprotect(at(image, segment->address), segment->file_size, protection(segment)) != 0)
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
        place = at(image, segment->address + (from - segment->file_offset));
    }
    return place;
}

void image_put(const struct image *image, const unsigned char *bytes, uint64_t offset, uint64_t size)
{
    uint64_t from, to;

    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (part_of(segment, offset, size, &from, &to))
            memcpy(at(image, segment->address + (from - segment->file_offset)), bytes + (from - offset), to - from);
    }
}

void image_clear(const struct image *image)
{
    for (unsigned i = 0; i < image->program.segment_count; i++) {
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (segment->clear && segment->file_size > 0)
            memset(at(image, segment->data_end), 0, fatelf_page_end(segment->data_end) - segment->data_end);
    }
}
