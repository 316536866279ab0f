/* SPDX-License-Identifier: MIT */
/* Reads from this processor what fatelf_level() needs. */
#ifndef FATELF_CPU_H
#define FATELF_CPU_H

#include "level.h"

/*
 * Fills *cpu from CPUID and XGETBV. Leaves that the processor does not have are zero. Each CPUID may trap into a
 * hypervisor, so only five are executed: two for the highest basic and extended leaf, one for each enum fatelf_leaf.
 */
void fatelf_cpu_read(struct fatelf_cpu *cpu);

#endif
