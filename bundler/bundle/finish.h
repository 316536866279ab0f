/* SPDX-License-Identifier: MIT */
/* What libbfd cannot write: fields of section headers, and bytes behind everything. */
#ifndef BUNDLER_BUNDLE_FINISH_H
#define BUNDLER_BUNDLE_FINISH_H

#include <stdbool.h>

#include "layout.h"
#include "linkage_parts.h"

/*
 * Completes the headers of the sections in `linkage`, and appends `end`. Called after libbfd has closed the file. False:
 * errno says why.
 */
bool finish_bundle(const char *temporary, const struct linkage_parts *linkage, const struct layout_part *end);

#endif
