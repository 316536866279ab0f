/* SPDX-License-Identifier: MIT */
/* The bundle that this process was started from, as the kernel mapped it. */
#ifndef STUB_SELF_H
#define STUB_SELF_H

#include "../lib/bundle.h"
#include "outcome.h"

#include <stdbool.h>

/* Address 0 of the bundle's ELF file. The linker defines the symbol; hidden, so that no relocation is needed for it. */
extern const unsigned char __ehdr_start[] __attribute__((visibility("hidden")));

/* Finds the program headers through AT_PHDR and opens the bundle. *bundle stays as it was on failure. */
struct outcome self_open(struct fatelf_bundle *bundle);

/*
 * Whether the file is long enough to contain the page of the byte before `end`; at least 8 bytes before `end` must be
 * mapped. The kernel maps a bundle that was cut short without complaint, and the process dies of SIGBUS when it touches
 * a page that the file does not have.
 */
bool self_reaches(const unsigned char *end);

#endif
