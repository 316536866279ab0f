/* SPDX-License-Identifier: MIT */
/* Moves the pages of a stored variant from the bundle to where the program runs. */
#include "image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Copies the bytes [from, from + size) of the segment, which are whole pages that move to another segment. */
static bool copy_pages(const struct image *image, const struct fatelf_segment *segment, const unsigned char *bytes,
                       uint64_t from, uint64_t size)
{
    unsigned char *start = image_at(image, segment->address + from);

    if (size == 0)
        return true;
    if (!image_map_memory(start, size, PROT_READ | PROT_WRITE))
        return false;
    memcpy(start, bytes + segment->file_offset + from, size);
    return segment->flags & PF_W || mprotect(start, size, image_protection(segment)) == 0;
}

/*
 * Bytes at the start of the segment that are copied: pages that another segment gets, or the page with the ELF header.
 * A core file contains copies, because they are anonymous memory. Of a file's pages, the kernel writes only the first
 * page of the file to it (vma_dump_size(), fs/coredump.c), and the variant's first page lies further inside the bundle.
 * Debuggers find the program's build-id in it.
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
        unsigned char *place = image_at(image, segment->address + copied_head(segment));
        if (moving(segment) == 0)
            continue;
        /* The pages have the segment's protection, but the next launch method must read them. */
        if (move_pages(segment, place, home))
            good &= mprotect(home, moving(segment), PROT_READ) == 0;
        /* Near vm.max_map_count, the kernel refuses mremap() before it refuses mmap(). */
        else if (image_map_memory(home, moving(segment), PROT_READ | PROT_WRITE))
            memcpy(home, place, moving(segment));
        else
            good = false;
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
 * pkey_mprotect() with key 0 does not, but fails on other processors (EINVAL). Some system call filters kill a process
 * that calls pkey_mprotect(). So if there is a filter and the processor has protection keys, perf does not learn of the
 * code.
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
    int wanted = image_protection(segment);

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
            !image_map_rest(image, i))
            return outcome_refused("mmap", errno);
    }
    while (*moved < image->program.segment_count) {
        const struct fatelf_segment *segment = &image->program.segments[*moved];
        unsigned char *to = image_at(image, segment->address + copied_head(segment));
        if (!move_pages(segment, bytes + segment->file_offset + copied_head(segment), to))
            return outcome_refused("mremap", errno);
        ++*moved;
        if (!protect_moved(segment, to, has))
            return outcome_refused("mprotect", errno);
    }
    for (unsigned i = 0; i < image->program.segment_count; i++) { /* now that nothing can fail any more */
        const struct fatelf_segment *segment = &image->program.segments[i];
        if (image_protection(segment) == (PROT_READ | PROT_EXEC) && moving(segment) > 0)
            announce(image_at(image, segment->address + copied_head(segment)), moving(segment), protection_keys);
    }
    return outcome_ok();
}
