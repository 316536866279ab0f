/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stub.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* linux/fcntl.h, since 5.1 */
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* linux/memfd.h, since 6.3 */
#endif

/*
 * Nobody may change a program while it runs; where seals are refused, it runs without. F_SEAL_FUTURE_WRITE forbids the
 * same as F_SEAL_WRITE but to mappings that are there already, and there are none; the latter looks at every page for
 * them, which takes a fiftieth of a start (docs/performance.md). Kernels before 5.1 have only that.
 */
static void seal(int fd)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

    if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) != 0 && errno == EINVAL)
        fcntl(fd, F_ADD_SEALS, seals | F_SEAL_WRITE);
}

int memfd_launch(struct launch *launch)
{
    char name[EXEC_NAME_SIZE];

    exec_name(launch, name);
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) /* kernels before 6.3: every memfd may execute */
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        exec_refused(launch, "memfd", "memfd_create", errno);
        return 0;
    }
    const char *call;
    int error = frames_write(launch, fd, &call);
    if (error == 0) {
        seal(fd);
        exec_fd(launch, "memfd", fd);
    } else if (error < 0) {
        exec_refused(launch, "memfd", call, -error);
        error = 0;
    }
    close(fd);
    return error;
}
