/* SPDX-License-Identifier: MIT */
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message.h"
#include "report.h"

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

static void execute(const struct launch *launch, int fd)
{
    syscall(SYS_execveat, fd, "", launch->argv, launch->envp, AT_EMPTY_PATH);
}

/* For kernels before 3.19 and sandboxes, which have no execveat(). */
static struct outcome execute_path(const struct launch *launch, int fd)
{
    struct message path = {.length = 0};

    message_text(&path, "/proc/self/fd/");
    message_number(&path, (uint64_t)fd);
    path.text[path.length] = 0;
    execve(path.text, launch->argv, launch->envp);
    return outcome_refused("execve", errno); /* never final: ENOENT may also mean that /proc is not mounted */
}

struct outcome exec_fd(struct launch *launch, const char *method, int fd)
{
    if (launch->wishes.debug == DEBUG_LOG)
        report_started(launch, method);
    execute(launch, fd);
    if (errno == ENOENT) {
        /* If a binfmt_misc handler runs the program, it opens the descriptor after close-on-exec has closed it. */
        fcntl(fd, F_SETFD, 0);
        execute(launch, fd);
    } else if (errno == ENOSYS || errno == EPERM || errno == EACCES) {
        report_refusal(launch, method, outcome_refused("execveat", errno));
        return execute_path(launch, fd);
    }
    /* ENOENT: the dynamic loader is missing. ENOEXEC: not a program. E2BIG: too many arguments. */
    if (errno == ENOENT || errno == ENOEXEC || errno == E2BIG)
        return outcome_final("execveat", errno);
    return outcome_refused("execveat", errno);
}
