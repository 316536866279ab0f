/* SPDX-License-Identifier: MIT */
#include "self.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/error.h"

bool self_reaches(const unsigned char *end)
{
    /* start.S explains this use of rt_sigprocmask. */
    enum { SET_SIZE = 8, INVALID_HOW = -1 };

    return syscall(SYS_rt_sigprocmask, INVALID_HOW, end - SET_SIZE, NULL, SET_SIZE) != -1 || errno != EFAULT;
}

/* The kernel has mapped all segments of the launcher. */
static const unsigned char *mapped_notes(void *owner, const Elf64_Phdr *segment)
{
    (void)owner;
    return __ehdr_start + segment->p_vaddr;
}

struct outcome self_open(struct fatelf_bundle *bundle)
{
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);

    if (!headers || getauxval(AT_PHENT) != sizeof *headers)
        return outcome_of(FATELF_ERROR_PROGRAM_HEADERS);
    struct fatelf_image image = {.notes = mapped_notes, .mapped = true};
    return outcome_of(fatelf_bundle_open(&image, headers, count, bundle));
}
