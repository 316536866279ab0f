/* libcpuid's cpu_exec_cpuid_ext for systems that have no static libcpuid: same name, same meaning. */
#include <cpuid.h>
#include <libcpuid.h>

void cpu_exec_cpuid_ext(uint32_t *regs)
{
    __cpuid_count(regs[0], regs[2], regs[0], regs[1], regs[2], regs[3]);
}
