/* SPDX-License-Identifier: MIT */
/* Sections that tools look for in a program. The bundle gets a copy of those of the variant with the lowest level. */
#ifndef BUNDLER_BUNDLE_METADATA_H
#define BUNDLER_BUNDLE_METADATA_H

#include <bfd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

enum { METADATA_MAX = 8 }; /* at least the number of rows of the table in metadata.c */

struct metadata {
    bool no_strings;                    /* version texts are not wanted */
    bool package_given;                 /* .note.package is what the user gave, not the file's */
    unsigned char *bytes[METADATA_MAX]; /* by row; owned. NULL: the file does not have this section */
    uint64_t size[METADATA_MAX];
};

/*
 * Reads the sections of the file `path` that libbfd has opened. A section that cannot be read is left out, also one with
 * something else than whole notes where notes must be. Returns 0, or reports and returns an exit status. The caller
 * calls metadata_free() in any case.
 */
int metadata_read(struct metadata *metadata, bfd *abfd, const char *path);
void metadata_free(struct metadata *metadata);

/*
 * Puts the value of --package-metadata in the place of the file's package; no package in its place if the value is
 * empty. The value has been checked. Returns 0, or reports and returns an exit status.
 */
int metadata_set_package(struct metadata *metadata, const char *value);

/* Adds the version texts of a program that libbfd has opened. Returns 0, or reports and returns an exit status. */
int metadata_add_strings(struct metadata *metadata, bfd *abfd);

/* Moves the package from one to the other. */
void metadata_move_package(struct metadata *to, struct metadata *from);

/* Appends a part for each section to `parts`, which has room for METADATA_MAX. Returns how many. */
size_t metadata_list(const struct metadata *metadata, struct layout_part *parts);

#endif
