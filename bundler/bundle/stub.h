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
 * Opens `path`, or if it is NULL the stub beside the tool or in its libexec folder, and checks that it is a stub that
 * reads the bundles we write. Returns 0, or reports and returns an exit status. stub_close() in any case.
 */
int stub_open(struct stub_file *stub, const char *path);
void stub_close(struct stub_file *stub);

#endif
