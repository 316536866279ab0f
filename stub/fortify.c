/*
 * Distributions build libzstd.a and libcpuid.a against glibc, which leaves calls to functions in them that only glibc has:
 * the checked ones of _FORTIFY_SOURCE, and since 2.38 C23's. musl has none of these, so a stub linked with musl brings
 * them. Nothing on the launcher's way calls them: they stand in libcpuid's and zstd's code for files and tracing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);
int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list arguments);
char *__strcpy_chk(char *to, const char *from, size_t room);
int __isoc23_sscanf(const char *text, const char *format, ...);

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    (void)stream, (void)flag, (void)format;
    return -1; /* no stdio in the launcher */
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
    (void)flag, (void)room, (void)format;
    if (size > 0)
        *to = 0;
    return -1;
}

int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list arguments)
{
    (void)arguments;
    (void)flag, (void)room, (void)format;
    if (size > 0)
        *to = 0;
    return -1;
}

char *__strcpy_chk(char *to, const char *from, size_t room)
{
    size_t length = strlen(from);

    if (length >= room)
        __builtin_trap();
    return memcpy(to, from, length + 1);
}

int __isoc23_sscanf(const char *text, const char *format, ...)
{
    (void)text, (void)format;
    return 0; /* nothing was read */
}
