/* SPDX-License-Identifier: MIT */
/*
 * Makes a bundle from another one. What is not concerned is copied as it is. A variant whose base goes is decoded to a
 * temporary file and coded again, like a build; so is a base against which a new build is to be coded, and a variant
 * that metadata is read from or new builds are compared with.
 */
#ifndef BUNDLER_COMMANDS_EDIT_MAKE_H
#define BUNDLER_COMMANDS_EDIT_MAKE_H

#include "../base/output.h"
#include "../bundle/assemble.h"
#include "edit_options.h"

/* A variant of the old bundle, decoded to a temporary file. */
struct restored {
    struct output file;
    char *name; /* for messages; owned */
    struct build build;
};

struct edit {
    struct create_options options;
    struct bundle_file old;
    unsigned keep;                            /* the variants of the old bundle that stay (bit I: variant I) */
    unsigned recode;                          /* those of them whose base goes */
    struct build builds[FATELF_VARIANTS_MAX]; /* the new ones */
    unsigned count;
    struct restored restored[FATELF_VARIANTS_MAX]; /* by variant of the old bundle, as far as they are needed */
    struct assembly assembly;
    struct stub_file stub;
    struct output output;
};

/*
 * Makes edit->output from edit->old, edit->keep and edit->builds, which the caller has set. Returns 0, or reports and
 * returns an exit status. The caller releases everything in *edit.
 */
int edit_make(struct edit *edit);

#endif
