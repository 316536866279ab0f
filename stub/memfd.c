#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stub.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* linux/memfd.h, since 6.3 */
#endif

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
        /* Nobody may change a program while it runs. Where seals are refused, it runs without. */
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
        exec_fd(launch, "memfd", fd);
    } else if (error < 0) {
        exec_refused(launch, "memfd", call, -error);
        error = 0;
    }
    close(fd);
    return error;
}
