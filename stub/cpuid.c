/* SPDX-License-Identifier: MIT */
/*
 * lib/cpu.c calls libcpuid's public function cpu_exec_cpuid_ext(). In libcpuid.a that is in one object file with the
 * tables of all processors: 115 to 230 KB and thread-local storage, for one instruction. So the stub defines the
 * function itself and links only exec_cpuid(), the function with the instruction. If there is no libcpuid.a, or it does
 * not export exec_cpuid(), the Makefile defines STUB_CPUID_OWN.
 */
#include <cpuid.h>
#include <libcpuid.h>

#ifdef STUB_CPUID_OWN
static void exec_cpuid(uint32_t *regs)
{
    __cpuid_count(regs[0], regs[2], regs[0], regs[1], regs[2], regs[3]);
}
#else
void exec_cpuid(uint32_t *regs); /* libcpuid, asm-bits.c */
#endif

void cpu_exec_cpuid_ext(uint32_t *regs)
{
    exec_cpuid(regs);
}
