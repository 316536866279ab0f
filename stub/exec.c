/* SPDX-License-Identifier: MIT */
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/program.h"
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

int exec_descriptor(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), error = errno;
    close(fd);
    errno = error;
    return higher;
}

const char *exec_descriptor_path(int fd, struct message *path)
{
    path->length = 0;
    message_text(path, "/proc/self/fd/");
    message_number(path, (uint64_t)fd);
    path->text[path->length] = 0;
    return path->text;
}

bool exec_conceal(void)
{
    /* 0 and 2 (SUID_DUMP_ROOT, for set-uid programs) keep other processes out as they are. */
    return prctl(PR_GET_DUMPABLE) == 1 && prctl(PR_SET_DUMPABLE, 0) == 0;
}

void exec_reveal(bool concealed)
{
    if (concealed)
        prctl(PR_SET_DUMPABLE, 1);
}

/* Executes the file itself. Returns an errno value. */
static int execute(const struct launch *launch, int fd)
{
    syscall(SYS_execveat, fd, "", launch->argv, launch->envp, AT_EMPTY_PATH);
    return errno;
}

/* For kernels before 3.19 and for sandboxes and emulators that have no execveat(), or one that does not work. */
static int execute_path(const struct launch *launch, int fd)
{
    struct message path;

    execve(exec_descriptor_path(fd, &path), launch->argv, launch->envp);
    return errno;
}

/* Whether the program names a dynamic loader that does not exist. *path is its path. */
static bool lacks_loader(const struct launch *launch, const char **path)
{
    struct fatelf_program program;
    unsigned index = (unsigned)(launch->payload.variant - launch->bundle.manifest.variants);

    if (fatelf_bundle_program(&launch->bundle, index, &program) != 0 || !program.interpreter)
        return false;
    *path = program.interpreter;
    return access(program.interpreter, F_OK) != 0 && errno == ENOENT;
}

struct outcome exec_fd(struct launch *launch, const char *method, int fd)
{
    const char *loader;

    if (launch->wishes.debug == DEBUG_LOG)
        report_started(launch, method);
    int error = execute(launch, fd);
    if (error == ENOENT) {
        if (lacks_loader(launch, &loader))
            return outcome_final(loader, ENOENT);
        /* If a handler of binfmt_misc runs the program, it opens the file by the number of the descriptor, which must
           therefore stay open. The lease would last as long, so it is given back. */
        fcntl(fd, F_SETLEASE, F_UNLCK);
        fcntl(fd, F_SETFD, 0);
        error = execute(launch, fd);
    }
    report_refusal(launch, method, outcome_refused("execveat", error));
    return outcome_refused("execve", execute_path(launch, fd));
}
