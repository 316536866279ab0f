/* SPDX-License-Identifier: MIT */
/* The table of appended data. Only the tool uses it: the launcher needs no copy. */
#ifndef FATELF_APPENDED_H
#define FATELF_APPENDED_H

#include "bundle.h"

/*
 * Checks the entries of the table of an open bundle, and that every copied section lies inside the manifest's segment.
 * Copies of data at the end of the file are not looked at. Returns 0 or a FATELF_ERROR_*.
 */
int fatelf_appended_check(const struct fatelf_bundle *bundle);

#endif
