/* SPDX-License-Identifier: MIT */
/* One build that goes into a bundle: opened, checked, and its level known. */
#ifndef BUNDLER_INPUT_BUILD_H
#define BUNDLER_INPUT_BUILD_H

#include <bfd.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct build {
    const char *path; /* the caller's */
    bfd *bfd;         /* owns the file */
    int fd;           /* another one, for the bytes */
    struct stat stat;
    uint64_t size;
    unsigned level;
    bool dynamic;          /* has a PT_INTERP */
    bool compressed_debug; /* has debug sections that are compressed */
    bool uses_origin;      /* $ORIGIN in its RPATH or RUNPATH */
    unsigned char *elf;    /* its struct fatelf_elf with all that belongs to it, or NULL */
    uint32_t elf_size;
    const char *not_in_place; /* why it has none, or NULL */
};

/*
 * Opens and checks `operand`, "[LEVEL=]FILE". Returns 0, or reports and returns an exit status. build_close()
 * afterwards in any case.
 */
int build_open(struct build *variant, const char *operand);
void build_close(struct build *variant);

/* The contents of a section, which the caller frees, or NULL where there is none. */
unsigned char *build_section(const struct build *variant, const char *name, uint64_t *size);

#endif
