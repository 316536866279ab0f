/* SPDX-License-Identifier: MIT */
#include "auxv.h"

Elf64_auxv_t *auxv_find(char **envp)
{
    while (*envp)
        envp++;
    while (!*envp) /* there are several NULLs if glibc has removed variables in secure mode */
        envp++;
    return (Elf64_auxv_t *)envp;
}

bool auxv_restore(char **envp)
{
    bool secure = false;

    for (Elf64_auxv_t *entry = auxv_find(envp); entry->a_type != AT_NULL; entry++) {
        entry->a_type &= ~(uint64_t)AUXV_HIDDEN;
        secure |= entry->a_type == AT_SECURE && entry->a_un.a_val != 0;
    }
    return secure;
}
