/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

/* If the kernel refuses the lease for so many files, the reason is not that another process has opened each of them. */
enum { ATTEMPTS = 16 };

/*
 * Seals keep other processes from changing the program while it runs. If the kernel refuses them, it runs without them.
 * F_SEAL_FUTURE_WRITE forbids the same as F_SEAL_WRITE, except for shared mappings that already exist, and there are
 * none. F_SEAL_WRITE looks for such mappings in every page, which takes a fiftieth of a start (docs/performance.md).
 * But in the kernels 5.1 to 5.4, a private mapping of a file with F_SEAL_FUTURE_WRITE is shared after fork() (fixed in
 * 5.5 by 05d351102dbe, "mm, memfd: fix COW issue on MAP_PRIVATE and F_SEAL_FUTURE_WRITE mappings"). `future_write` must
 * be false there.
 */
static bool seal(int fd, bool future_write)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

    return (future_write && fcntl(fd, F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) == 0) ||
           fcntl(fd, F_ADD_SEALS, seals | F_SEAL_WRITE) == 0;
}

/*
 * With a lease, a process that opens the file for writing has to wait (fcntl(2)), even if it has rights that
 * exec_conceal() does not stop. The lease lasts until exec closes the descriptor. When a process waits, the kernel
 * sends the launcher a signal; SIGURG is ignored by default. Returns false if another process has opened the file
 * already.
 */
static bool lease(int fd)
{
    return fcntl(fd, F_SETSIG, SIGURG) != 0 || fcntl(fd, F_SETLEASE, F_RDLCK) == 0 || errno != EAGAIN;
}

/* Returns a new memfd that only this process can write to, or -1 with errno. */
static int make(const char *name, unsigned flags)
{
    for (unsigned attempt = 1;; attempt++) {
        int fd = exec_descriptor(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags));
        if (fd < 0 || lease(fd) || attempt == ATTEMPTS)
            return fd;
        close(fd);
    }
}

/* Sets *concealed to false as soon as others may open the file. */
static struct outcome write_and_execute(struct launch *launch, bool *concealed)
{
    char name[EXEC_NAME_SIZE];

    exec_name(launch, name);
    int fd = make(name, MFD_EXEC);
    bool since_6_3 = fd >= 0;
    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3: every memfd may be executed */
        fd = make(name, 0);
    if (fd < 0)
        return outcome_refused("memfd_create", errno);
    struct outcome outcome = frames_write(launch, fd);
    if (outcome.kind == OUTCOME_OK) {
        if (seal(fd, since_6_3)) { /* a tracer without root's rights has to see the arguments of exec */
            exec_reveal(*concealed);
            *concealed = false;
        }
        outcome = exec_fd(launch, "memfd", fd);
    }
    close(fd);
    return outcome;
}

struct outcome memfd_launch(struct launch *launch)
{
    bool concealed = exec_conceal();
    struct outcome outcome = write_and_execute(launch, &concealed);

    exec_reveal(concealed);
    return report_refusal(launch, "memfd", outcome);
}
