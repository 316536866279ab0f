/* SPDX-License-Identifier: MIT */
/* For fuzzers of the tool's own functions: inputs as files, and a look at the messages. */
#ifndef TESTS_FUZZ_TOOL_H
#define TESTS_FUZZ_TOOL_H

#include <bfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Says why the input is a fault. The fuzzer's own output goes to where stderr was, see messages_begin(). */
__attribute__((noreturn)) static inline void fault(const char *reason, const char *detail)
{
    printf("FAULT: %s: %s\n", reason, detail);
    fflush(stdout);
    abort();
}

/* A file that exists only in memory. libbfd opens it by its path, others by its descriptor. */
struct memory_file {
    int fd;
    char path[32];
};

static inline void memory_file_write(struct memory_file *file, const void *bytes, size_t size)
{
    if (!file->path[0]) {
        file->fd = memfd_create("input", MFD_CLOEXEC);
        snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
    }
    if (ftruncate(file->fd, 0) != 0 || pwrite(file->fd, bytes, size, 0) != (ssize_t)size)
        fault("the input cannot be written", file->path);
}

static inline void libbfd_says_nothing(const char *format, va_list arguments)
{
    (void)format, (void)arguments;
}

/* What the tool prints from now on can be looked at. libFuzzer has another descriptor, because of -close_fd_mask=2. */
static inline void messages_begin(void)
{
    static int fd = -1;

    if (fd < 0) {
        bfd_init();
        bfd_set_error_handler(libbfd_says_nothing);
        fd = memfd_create("messages", MFD_CLOEXEC);
        dup2(fd, STDERR_FILENO);
    }
    if (ftruncate(STDERR_FILENO, 0) != 0 || lseek(STDERR_FILENO, 0, SEEK_SET) != 0)
        fault("no messages", "");
}

/*
 * Looks at the messages of a step that ended with this exit status: each is one line of ours, and there is one that is
 * no warning if, and only if, the step failed.
 */
static inline void messages_end(int status, const char *step)
{
    static const char start[] = "fatelf-amd64: ", warning[] = "fatelf-amd64: warning: ";
    static char text[1 << 16];
    ssize_t size = pread(STDERR_FILENO, text, sizeof text - 1, 0);
    unsigned failures = 0;
    char *end;

    text[size < 0 ? 0 : size] = 0;
    for (char *line = text; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end && size == sizeof text - 1)
            break;
        if (!end || strncmp(line, start, sizeof start - 1) != 0)
            fault(step, line);
        for (const char *byte = line; byte < end; byte++)
            if ((unsigned char)*byte < ' ' || *byte == 0x7f)
                fault(step, line);
        failures += strncmp(line, warning, sizeof warning - 1) != 0;
    }
    if ((status != 0) != (failures > 0))
        fault(step, status ? "failed without a message" : text);
}

#endif
