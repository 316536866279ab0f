/* SPDX-License-Identifier: MIT */
/* The section headers of an ELF file, and where its code is. */
#ifndef BUNDLER_INPUT_SECTIONS_H
#define BUNDLER_INPUT_SECTIONS_H

#include "elf.h"

/* A range of the file with code, and the address of its first byte. */
struct code_span {
    uint64_t offset, size, address;
};

struct sections {
    Elf64_Shdr *headers; /* `count` of them; each one with contents lies inside the file; owned */
    size_t count;
    struct code_span *code; /* by offset, `code_count` of them; no two overlap; owned */
    size_t code_count;
};

/*
 * Reads the section headers of a file of `size` bytes, and lists its code: the executable sections or, if there are no
 * section headers or none of them is executable, the executable segments. Headers that point outside the file are
 * ignored. Returns 0, or reports and returns an exit status. The caller calls sections_free() in any case.
 */
int sections_read(struct sections *sections, const struct elf_file *elf, int fd, uint64_t size);
void sections_free(struct sections *sections);

/* The first section of this type. NULL: there is none. */
const Elf64_Shdr *sections_find(const struct sections *sections, uint32_t type);

/* Where the byte at an address is in the code. NULL: nowhere. */
const struct code_span *sections_code_at(const struct sections *sections, uint64_t address);

#endif
