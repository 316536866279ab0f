/* SPDX-License-Identifier: MIT */
/* The section .fatelf.linkage: which variant needs what. fatelf-amd64(5), "The dynamic section", describes it. */
#ifndef BUNDLER_BUNDLE_LINKAGE_LEVELS_H
#define BUNDLER_BUNDLE_LINKAGE_LEVELS_H

#include <stdio.h>

#include "../input/linkage.h"

#define LINKAGE_LEVELS_NAME ".fatelf.linkage"

/* Writes what comes before the levels of the entries. */
void linkage_levels_start(const struct linkage *linkage, FILE *to);

/* Reads the linkage of a bundle that libbfd has opened. Returns 0, or reports and returns an exit status. */
int linkage_levels_read(struct linkage *linkage, bfd *abfd, const char *path);

#endif
