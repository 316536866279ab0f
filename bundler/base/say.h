/* SPDX-License-Identifier: MIT */
/* Lines for people, on stderr, each after "fatelf-amd64: ". */
#ifndef BUNDLER_BASE_SAY_H
#define BUNDLER_BASE_SAY_H

/* The tool's exit statuses. */
enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* Why the command fails: what, where, what to do. Returns STATUS_FAILED. */
__attribute__((format(printf, 1, 2))) int fail(const char *format, ...);
/* The command was called wrongly. Returns STATUS_USAGE. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);
/* Something the user should know; the command goes on. */
__attribute__((format(printf, 1, 2))) void warn(const char *format, ...);

#endif
