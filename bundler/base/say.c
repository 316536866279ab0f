/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdarg.h>
#include <stdlib.h>

#include "../../lib/text.h"
#include "progress.h"

void say_text(FILE *to, const char *text)
{
    char shown[5];

    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
        fatelf_text_escape(shown, *byte, byte[1]);
        fputs(shown, to);
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
