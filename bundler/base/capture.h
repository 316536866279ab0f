/* SPDX-License-Identifier: MIT */
/* Runs other programs, for what they print or do. */
#ifndef BUNDLER_BASE_CAPTURE_H
#define BUNDLER_BASE_CAPTURE_H

/*
 * Runs the program arguments[0], found as a shell finds it, without input. Returns what it prints on its standard
 * output; the caller frees it. Its messages are dropped. NULL: it cannot be run, it failed, or memory is out.
 */
char *capture(const char *const *arguments);

/* Runs a program without input, and drops what it prints. Returns NULL, or why it failed: its first message, or why it
   cannot be run. The caller frees it. */
char *capture_failure(const char *const *arguments);

#endif
