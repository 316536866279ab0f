/* SPDX-License-Identifier: MIT */
/* The launch methods: one table row each. A new method is a row here, a constant in format.h and a file in stub/. */
#ifndef FATELF_LAUNCH_H
#define FATELF_LAUNCH_H

#include "format.h"

#include <stdbool.h>

struct fatelf_launch_row {
    const char *name;                      /* on the command line, in FATELF_AMD64_LAUNCH, in listings */
    enum fatelf_launch number;             /* in the manifest */
    enum fatelf_encoding default_encoding; /* what `create` uses without --compress */
    bool executable;  /* the payloads' segment is executable, because stored code runs where it is mapped */
    const char *help; /* one line of `create --help` */
};

/* Sorted by number. The first one is the default of `create`. Static storage. */
extern const struct fatelf_launch_row fatelf_launch_rows[];
enum { FATELF_LAUNCH_ROWS = 2 };

/* The row of a number or of a name. NULL: there is none. */
const struct fatelf_launch_row *fatelf_launch_by_number(unsigned number);
const struct fatelf_launch_row *fatelf_launch_by_name(const char *name);

#endif
