/* SPDX-License-Identifier: MIT */
/* What the dynamic section tells about a file. */
#ifndef BUNDLER_INPUT_DYNAMIC_H
#define BUNDLER_INPUT_DYNAMIC_H

#include <bfd.h>
#include <stdbool.h>
#include <stddef.h>

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
