/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdarg.h>
#include <stdlib.h>

#include "progress.h"

void say_text(FILE *to, const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
        if (*byte == '\n' || *byte == '\t')
            fputs(*byte == '\n' ? "\\n" : "\\t", to);
        else if (*byte < ' ' || *byte == 0x7f || (*byte == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0))
            fprintf(to, "\\%03o", *byte);
        else
            fputc(*byte, to);
    }
}

__attribute__((format(printf, 2, 0))) static void say(const char *kind, const char *format, va_list arguments)
{
    char *text = NULL;

    progress_clear();
    fputs("fatelf-amd64: ", stderr);
    fputs(kind, stderr);
    if (vasprintf(&text, format, arguments) >= 0)
        say_text(stderr, text);
    fputc('\n', stderr);
    free(text);
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

void note(const char *format, ...)
{
    SAY("");
}
