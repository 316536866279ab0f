/* SPDX-License-Identifier: MIT */
/*
 * usage: rawlaunch PROGRAM [ARGUMENT]...
 *
 * The benchmark's reference: does only what every launcher that starts a program from memory must do. It maps the
 * program's file, writes it into a memfd and executes that.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp)
{
    struct stat stat;
    int file = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

    if (file < 0 || fstat(file, &stat) != 0)
        return perror("rawlaunch: open"), 126;
    size_t size = (size_t)stat.st_size, done = 0;
    const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    int memory = memfd_create("program", MFD_CLOEXEC);
    if (bytes == MAP_FAILED || memory < 0)
        return perror("rawlaunch: mmap, memfd_create"), 126;
    while (done < size) {
        ssize_t written = write(memory, bytes + done, size - done);
        if (written <= 0)
            return perror("rawlaunch: write"), 126;
        done += (size_t)written;
    }
    syscall(SYS_execveat, memory, "", argv + 1, envp, AT_EMPTY_PATH);
    return perror("rawlaunch: execveat"), 126;
}
