/* SPDX-License-Identifier: MIT */
/* The sections with the linkage as parts of a bundle. */
#ifndef BUNDLER_BUNDLE_LINKAGE_PARTS_H
#define BUNDLER_BUNDLE_LINKAGE_PARTS_H

#include "layout.h"
#include "linkage_sections.h"

void linkage_parts_free(struct linkage_parts *parts);

/*
 * Appends the sections to `list`, which has room for LINKAGE_PARTS_MAX; .dynamic, which old dynamic loaders write to,
 * only if it has more than `room` bytes: otherwise it is in the stub. Returns how many.
 */
size_t linkage_parts_list(const struct linkage_parts *parts, size_t room, struct layout_part *list);

/* Fills in the addresses; the parts have been placed. */
void linkage_parts_place(struct linkage_parts *parts, const struct layout_part *list, size_t count);

#endif
