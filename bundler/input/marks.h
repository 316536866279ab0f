/* SPDX-License-Identifier: MIT */
/*
 * The marks of a build: what tools that look for weaknesses would find in its file. They see the launcher if they look
 * at the bundle, so the manifest has the marks, and `list` shows them.
 */
#ifndef BUNDLER_INPUT_MARKS_H
#define BUNDLER_INPUT_MARKS_H

#include "dynamic.h"
#include "elf.h"

struct mark_row {
    unsigned mark;     /* one FATELF_MARK_* */
    const char *name;  /* for programs */
    const char *words; /* for people */
};

/* Static storage. */
extern const struct mark_row mark_rows[];
enum { MARK_ROWS = 6 };

/* The marks of a file. `has_symbols`: it has a symbol table. */
unsigned marks_of(const struct elf_file *elf, const struct dynamic *dynamic, bool has_symbols);

#endif
