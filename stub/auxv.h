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

/*
 * start.S also sets AT_BASE to the address of the launcher. The kernel leaves it 0, and musl (ldso/dlstart.c) would then
 * compute the address from PT_DYNAMIC, which in a bundle describes what the builds need, or is missing. The launcher
 * sets AT_BASE for the program itself (process.c).
 */

#ifndef __ASSEMBLER__
#include <elf.h>
#include <stdbool.h>

/* The first entry; the last one has the type AT_NULL. */
Elf64_auxv_t *auxv_find(char **envp);

/* Restores the types that start.S has changed. Returns whether the process is in secure mode (AT_SECURE). */
bool auxv_restore(char **envp);
#endif

#endif
