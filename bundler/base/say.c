/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

#include "progress.h"

static void say(const char *kind, const char *format, va_list arguments)
{
    progress_clear();
    fputs("fatelf-amd64: ", stderr);
    fputs(kind, stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

#define SAY(kind) \
    do { \
        va_list arguments; \
        va_start(arguments, format); \
        say(kind, format, arguments); \
        va_end(arguments); \
    } while (0)

int fail(const char *format, ...)
{
    SAY("");
    return STATUS_FAILED;
}

int usage_error(const char *format, ...)
{
    SAY("");
    return STATUS_USAGE;
}

void warn(const char *format, ...)
{
    SAY("warning: ");
}
