/* SPDX-License-Identifier: MIT */
/* The package that a program belongs to: the section .note.package (systemd, "Package Metadata for Executable Files"). */
#ifndef BUNDLER_BUNDLE_PACKAGE_H
#define BUNDLER_BUNDLE_PACKAGE_H

#include <stddef.h>

#include "notes.h"

/*
 * Decodes a value as linkers take it for --package-metadata: a JSON object, in which %HH and %[comma] and the like
 * stand for other characters. Returns it, or an empty string if the value is empty; the caller frees it. NULL: *problem
 * says what is wrong.
 */
char *package_decode(const char *value, const char **problem);

/* What package_decode() finds wrong with the value. NULL: nothing. */
const char *package_problem(const char *value);

/* Makes the note. `bytes` is NULL if there is no memory. */
struct made_note package_note(const char *json);

#endif
