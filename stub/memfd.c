/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec.h"
#include "frames.h"
#include "methods.h"
#include "report.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* linux/fcntl.h, since 5.1 */
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* linux/memfd.h, since 6.3 */
#endif

/*
 * Seals keep other processes from changing the program while it runs. If the kernel refuses them, it runs without them.
 * F_SEAL_FUTURE_WRITE forbids the same as F_SEAL_WRITE, except for mappings that already exist, and there are none.
 * F_SEAL_WRITE checks every page for such mappings, which takes a fiftieth of a start (docs/performance.md). Kernels
 * before 5.1 have only F_SEAL_WRITE.
 */
static void seal(int fd)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

    if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) != 0 && errno == EINVAL)
        fcntl(fd, F_ADD_SEALS, seals | F_SEAL_WRITE);
}

struct outcome memfd_launch(struct launch *launch)
{
    char name[EXEC_NAME_SIZE];

    exec_name(launch, name);
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3: every memfd may be executed */
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return report_refusal(launch, "memfd", outcome_refused("memfd_create", errno));
    struct outcome outcome = frames_write(launch, fd);
    if (outcome.kind == OUTCOME_OK) {
        seal(fd);
        outcome = exec_fd(launch, "memfd", fd);
    }
    close(fd);
    return report_refusal(launch, "memfd", outcome);
}
