/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/error.h"
#include "stub.h"

bool self_reaches(const unsigned char *end)
{
    /* start.S says how; here the last byte alone counts */
    enum { SET = 8, NO_HOW = -1 };

    return syscall(SYS_rt_sigprocmask, NO_HOW, end - SET, NULL, SET) != -1 || errno != EFAULT;
}

int self_open(struct fatelf_bundle *bundle)
{
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);

    if (!headers || getauxval(AT_PHENT) != sizeof *headers)
        return FATELF_ERROR_PROGRAM_HEADERS;
    struct fatelf_image image = {.bytes = __ehdr_start, .mapped = true};
    return fatelf_bundle_open(&image, headers, count, bundle);
}
