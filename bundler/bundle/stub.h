/* SPDX-License-Identifier: MIT */
/* The launcher stub that a bundle is made from. */
#ifndef BUNDLER_BUNDLE_STUB_H
#define BUNDLER_BUNDLE_STUB_H

#include <bfd.h>
#include <sys/stat.h>

#include "../input/elf.h"

struct stub_file {
    char *path; /* owned, like all that follows */
    int fd;     /* -1: none */
    struct stat stat;
    bfd *bfd; /* for its sections */
    struct elf_file elf;
};

/*
 * Opens `path`, or if it is NULL the tool's own stub: the first one found in the tool's directory, in
 * ../libexec/fatelf-amd64 or ../lib/fatelf-amd64 relative to it, or in the directory that `make` was given. Checks that
 * it is a stub that can read the bundles we write. Returns 0, or reports and returns an exit status. The caller calls
 * stub_close() in any case.
 */
int stub_open(struct stub_file *stub, const char *path);
void stub_close(struct stub_file *stub);

/* Refuses an output that is the stub: it serves other bundles as well. Returns 0, or reports and returns a status. */
int stub_check_output(const struct stub_file *stub, const char *output);

#endif
