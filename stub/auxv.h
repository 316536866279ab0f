/* SPDX-License-Identifier: MIT */
/* The auxiliary vector, which the kernel puts on the stack after the environment (x86-64 psABI, 3.4.3). */
#ifndef STUB_AUXV_H
#define STUB_AUXV_H

/*
 * start.S adds this to the types that say whose rights the process has, so that musl's start-up code does not know
 * them. In secure mode (AT_SECURE) it would open /dev/null for each of the descriptors 0 to 2 that is closed, or crash
 * if there is no /dev/null. The program's own C library does what it does natively. No real type is as large.
 */
#define AUXV_HIDDEN 0x40000000

#ifndef __ASSEMBLER__
#include <elf.h>
#include <stdbool.h>

/* The first entry; the last one has the type AT_NULL. */
Elf64_auxv_t *auxv_find(char **envp);

/* Restores the types that start.S has changed. Returns whether the process is in secure mode (AT_SECURE). */
bool auxv_restore(char **envp);
#endif

#endif
