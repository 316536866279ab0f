/* SPDX-License-Identifier: MIT */
/* Reads what fatelf_level() decides on from this processor. */
#ifndef FATELF_CPU_H
#define FATELF_CPU_H

#include "level.h"

/*
 * Fills *cpu from CPUID and XGETBV; leaves that the processor does not have stay zero. Every CPUID may trap into a
 * hypervisor, so only the leaves in need are read: two to ask for the highest leaf, three to answer.
 */
void fatelf_cpu_read(struct fatelf_cpu *cpu);

#endif
