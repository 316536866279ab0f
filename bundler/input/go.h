/* SPDX-License-Identifier: MIT */
/*
 * Reads .go.buildinfo, in the form with inline strings that Go has written since 1.18. Format: Go's debug/buildinfo.
 */
#ifndef BUNDLER_INPUT_GO_H
#define BUNDLER_INPUT_GO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of the section, not terminated. */
struct go_text {
    const char *bytes;
    size_t size;
};

struct go_info {
    struct go_text toolchain; /* Go's version */
    struct go_text modules;   /* lines: "path\tPACKAGE", "mod\tMODULE\tVERSION\tSUM", "dep\t..", "build\tKEY=VALUE" */
};

/* Returns false if the section is something else, or cut short. */
bool go_info_read(struct go_info *info, const unsigned char *section, uint64_t size);

/* Takes the first line, without its end, from *text. False: there is none, or it does not end. */
bool go_line(struct go_text *text, struct go_text *line);

/* Takes the field up to the next tab, or to the end, from *line. */
struct go_text go_field(struct go_text *line);

/* Whether `text` is `word`. */
bool go_text_is(const struct go_text *text, const char *word);

#endif
