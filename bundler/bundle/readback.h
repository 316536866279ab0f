/* SPDX-License-Identifier: MIT */
/* Reads a bundle that was just written, before it gets its name. */
#ifndef BUNDLER_BUNDLE_READBACK_H
#define BUNDLER_BUNDLE_READBACK_H

#include "assemble.h"

/*
 * Opens the file `temporary`, to which assembly_write() has written the bundle, decodes every payload with `threads`
 * threads and compares the bytes with those of the builds; payloads from another bundle are compared with their
 * SHA-256. So what create reports as done can be read by the launcher and gives the builds back. Returns 0, or reports
 * and returns an exit status.
 */
int readback(const struct assembly *assembly, const char *temporary, unsigned threads, bool quiet);

#endif
