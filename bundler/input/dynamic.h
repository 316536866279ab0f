/* SPDX-License-Identifier: MIT */
/* The dynamic section, and what it tells about a file. */
#ifndef BUNDLER_INPUT_DYNAMIC_H
#define BUNDLER_INPUT_DYNAMIC_H

#include <bfd.h>
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The sections .dynamic and .dynstr; owned. All is NULL and 0 if there is none. */
struct dynamic_table {
    unsigned char *entries, *strings; /* `strings` ends with a NUL byte */
    uint64_t size, strings_size;
};

void dynamic_table_read(struct dynamic_table *table, bfd *abfd);
void dynamic_table_free(struct dynamic_table *table);

/* Reads the entry with this index. False: there are no more before DT_NULL. */
bool dynamic_table_entry(const struct dynamic_table *table, uint64_t index, Elf64_Dyn *entry);

/* The string at this offset in .dynstr. NULL: it lies outside. */
const char *dynamic_table_string(const struct dynamic_table *table, uint64_t offset);

/* Whether the entry asks for all symbols at the start. */
bool dynamic_binds_now(const Elf64_Dyn *entry);

struct dynamic {
    char **needed;          /* DT_NEEDED: `needed_count` names, sorted; owned */
    size_t needed_count;    /* at most DYNAMIC_NEEDED_MAX */
    bool uses_origin;       /* $ORIGIN is in the library search path */
    bool has_relative_path; /* a directory in the library search path is relative to the working directory */
    bool is_library;        /* the file has the name of a library, or needs libraries */
    bool is_pie;            /* the linker marked the file as a program */
    bool binds_late;        /* there is a dynamic section, and it does not ask for all symbols at the start */
};

/* More names than any program has; a damaged file could have many long ones. */
enum { DYNAMIC_NEEDED_MAX = 1024, DYNAMIC_NAME_MAX = 255 };

/* Fills *dynamic. Everything is false if there is no such section. The caller calls dynamic_free(). */
void dynamic_read(struct dynamic *dynamic, bfd *abfd);
void dynamic_free(struct dynamic *dynamic);

/* Whether some DT_NEEDED is the library `name` with any version: "libQt5Core" finds libQt5Core.so.5. */
bool dynamic_needs(const struct dynamic *dynamic, const char *name);

#endif
