/* SPDX-License-Identifier: MIT */
/* The launcher stub that a bundle is made from. */
#ifndef BUNDLER_BUNDLE_STUB_H
#define BUNDLER_BUNDLE_STUB_H

#include <bfd.h>
#include <sys/stat.h>

#include "../input/elf.h"

struct stub_file {
    char *path; /* owned */
    int fd;
    struct stat stat;
    bfd *bfd;
    struct elf_file elf;
};

/*
 * Opens `path`, or if it is NULL the tool's own stub: the first that exists beside the tool, in
 * ../libexec/fatelf-amd64 or ../lib/fatelf-amd64 seen from there, or where `make` was told that it would be installed.
 * Checks that it is a stub that reads the bundles we write. Returns 0, or reports and returns an exit status. Call
 * stub_close() in both cases.
 */
int stub_open(struct stub_file *stub, const char *path);
void stub_close(struct stub_file *stub);

#endif
