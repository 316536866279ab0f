/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message.h"
#include "stub.h"

void exec_refused(struct launch *launch, const char *method, const char *call, int error)
{
    if (launch->refusal_count < REFUSALS_MAX)
        launch->refusals[launch->refusal_count++] = (struct refusal){method, call, error};
}

void exec_name(const struct launch *launch, char name[EXEC_NAME_SIZE])
{
    const char *base = strrchr(launch->path, '/');
    size_t length;

    base = base ? base + 1 : launch->path;
    length = strlen(base);
    if (length > EXEC_NAME_SIZE - sizeof ".v1")
        length = EXEC_NAME_SIZE - sizeof ".v1";
    memcpy(name, base, length);
    memcpy(name + length, ".v", 2);
    name[length + 2] = (char)('0' + launch->payload.variant->level);
    name[length + 3] = 0;
}

void exec_fd(struct launch *launch, const char *method, int fd)
{
    if (launch->wishes.debug == DEBUG_LOG)
        report_started(launch, method);
    syscall(SYS_execveat, fd, "", launch->argv, launch->envp, AT_EMPTY_PATH);
    if (errno == ENOENT) {
        /* A binfmt handler opens the program by its descriptor, after close-on-exec has closed it. */
        fcntl(fd, F_SETFD, 0);
        syscall(SYS_execveat, fd, "", launch->argv, launch->envp, AT_EMPTY_PATH);
    } else if (errno == ENOSYS || errno == EPERM || errno == EACCES) { /* kernels before 3.19, sandboxes */
        struct message path = {.length = 0};
        message_text(&path, "/proc/self/fd/");
        message_number(&path, (uint64_t)fd);
        path.text[path.length] = 0;
        exec_refused(launch, method, "execveat", errno);
        execve(path.text, launch->argv, launch->envp);
        exec_refused(launch, method, "execve", errno);
        return; /* not hopeless: without /proc the answer is ENOENT too */
    }
    /* its loader is missing, it is no program, or it has too many arguments: no other method can help */
    launch->hopeless = errno == ENOENT || errno == ENOEXEC || errno == E2BIG;
    exec_refused(launch, method, "execveat", errno);
}
