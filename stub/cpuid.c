/* SPDX-License-Identifier: MIT */
/*
 * libcpuid's public cpu_exec_cpuid_ext stands in one object file with its tables of all processors: 115 to 230 KB and
 * thread-local storage, for one instruction. So the stub takes only that instruction from libcpuid, its exec_cpuid, and
 * has the public function's name for it. Where libcpuid.a does not have that, or there is only a shared libcpuid, the
 * Makefile sets STUB_CPUID_OWN.
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
