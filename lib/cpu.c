/* SPDX-License-Identifier: MIT */
#include "cpu.h"

#include <libcpuid.h>
#include <string.h>

/* Highest basic and extended leaf: EAX of leaf 0 and 0x80000000 (Intel SDM volume 2, CPUID). */
static const uint32_t numbers[FATELF_LEAF_COUNT] = {
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

static uint32_t highest_leaf(uint32_t range)
{
    uint32_t regs[FATELF_REGISTER_COUNT] = {range};

    cpu_exec_cpuid_ext(regs);
    return regs[FATELF_EAX];
}

void fatelf_cpu_read(struct fatelf_cpu *cpu)
{
    /* libcpuid's decoded flags and level miss AVX-512 on AMD (0.6.2) or name the wrong level (0.7.0 and later):
     * only its raw CPUID is used. */
    const uint32_t highest[2] = {highest_leaf(0), highest_leaf(0x80000000)};

    memset(cpu, 0, sizeof *cpu);
    for (size_t i = 0; i < FATELF_LEAF_COUNT; i++) {
        if (numbers[i] > highest[numbers[i] >> 31])
            continue;
        cpu->leaf[i][FATELF_EAX] = numbers[i];
        cpu_exec_cpuid_ext(cpu->leaf[i]);
    }
    /* XGETBV exists exactly where the kernel has set CR4.OSXSAVE, which CPUID reports. */
    if (cpu->leaf[FATELF_LEAF_1][FATELF_ECX] >> 27 & 1)
        cpu->xcr0 = xgetbv0();
}
