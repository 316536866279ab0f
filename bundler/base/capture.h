/* SPDX-License-Identifier: MIT */
/* What another program prints. */
#ifndef BUNDLER_BASE_CAPTURE_H
#define BUNDLER_BASE_CAPTURE_H

/*
 * Runs the program arguments[0], found as a shell finds it, without input. Returns what it prints on its standard
 * output; the caller frees it. Its messages are dropped. NULL: it cannot be run, it failed, or memory is out.
 */
char *capture(const char *const *arguments);

#endif
