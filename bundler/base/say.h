/* SPDX-License-Identifier: MIT */
/* Messages: one line each on stderr, after "fatelf-amd64: ". */
#ifndef BUNDLER_BASE_SAY_H
#define BUNDLER_BASE_SAY_H

#include <stdio.h>

/* The tool's exit statuses. */
enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* Reports why the command fails: where, what, and what the user can do. Returns STATUS_FAILED. */
__attribute__((format(printf, 1, 2))) int fail(const char *format, ...);
/* Reports that the command line is wrong. Returns STATUS_USAGE. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);
/* Reports what was done, or was not. */
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);
/* Reports something that the user should know. The command continues. */
__attribute__((format(printf, 1, 2))) void warn(const char *format, ...);

/*
 * Prints a text that may contain anything, such as a path, as one line without its end: control characters are escaped
 * as in the launcher's messages.
 */
void say_text(FILE *to, const char *text);

#endif
