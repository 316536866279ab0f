/* SPDX-License-Identifier: MIT */
#include "cpu.h"

#include <libcpuid.h>
#include <string.h>

/* EAX for each leaf (Intel SDM volume 2, CPUID). ECX, the subleaf, is 0. */
static const uint32_t leaf_numbers[FATELF_LEAF_COUNT] = {
    [FATELF_LEAF_1] = 1,
    [FATELF_LEAF_7] = 7,
    [FATELF_LEAF_EXTENDED] = 0x80000001,
};

static uint64_t xgetbv0(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* The first leaf of a range (0: basic, 0x80000000: extended) returns the highest leaf of that range in EAX. */
static uint32_t highest_leaf(uint32_t range)
{
    uint32_t regs[FATELF_REGISTER_COUNT] = {range};

    cpu_exec_cpuid_ext(regs);
    return regs[FATELF_EAX];
}

void fatelf_cpu_read(struct fatelf_cpu *cpu)
{
    /* Only libcpuid's raw CPUID is used. The flags and the level that it decodes miss AVX-512 on AMD (0.6.2) or give
     * the wrong level (0.7.0 and later). */
    const uint32_t highest[2] = {highest_leaf(0), highest_leaf(0x80000000)}; /* by bit 31 of the leaf */

    memset(cpu, 0, sizeof *cpu);
    for (size_t i = 0; i < FATELF_LEAF_COUNT; i++) {
        if (leaf_numbers[i] > highest[leaf_numbers[i] >> 31])
            continue;
        cpu->leaf[i][FATELF_EAX] = leaf_numbers[i];
        cpu_exec_cpuid_ext(cpu->leaf[i]);
    }
    /* XGETBV is an invalid instruction unless the kernel has set CR4.OSXSAVE, which this CPUID bit reports. */
    if (cpu->leaf[FATELF_LEAF_1][FATELF_ECX] >> 27 & 1)
        cpu->xcr0 = xgetbv0();
}
