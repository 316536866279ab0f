/* SPDX-License-Identifier: MIT */
/* What a build says it is. compare.h compares this for the builds of a bundle. */
#ifndef BUNDLER_INPUT_IDENTITY_H
#define BUNDLER_INPUT_IDENTITY_H

#include "elf.h"

enum identity_fact {
    IDENTITY_TYPE,            /* ET_EXEC or ET_DYN */
    IDENTITY_LOADER,          /* the path in PT_INTERP, or "none" */
    IDENTITY_GO_PACKAGE,      /* the path of Go's main package */
    IDENTITY_GO_MODULE,       /* the path of the module that contains it */
    IDENTITY_GO_VERSION,      /* that module's version */
    IDENTITY_GO_COMMIT,       /* the revision in the version control system */
    IDENTITY_PACKAGE,         /* name and version in the package metadata, .note.package */
    IDENTITY_CRATE,           /* name and version of the root package in cargo-auditable's record, .dep-v0 */
    IDENTITY_GO_TOOLCHAIN,    /* Go's version */
    IDENTITY_GO_DEPENDENCIES, /* lines, in Go's order: the module's path, a tab, and its version and replacement */
    IDENTITY_FACTS
};

struct identity {
    char *facts[IDENTITY_FACTS]; /* owned. NULL: the build does not say, or not for certain */
};

/* Fills *identity for the file `fd`. The caller calls identity_free(). What is damaged counts as not said. */
void identity_read(struct identity *identity, bfd *abfd, const struct elf_file *elf, int fd);
void identity_free(struct identity *identity);

#endif
