/* SPDX-License-Identifier: MIT */
/* The section headers of an ELF file, and where its code is. */
#ifndef BUNDLER_INPUT_ELF_CODE_H
#define BUNDLER_INPUT_ELF_CODE_H

#include "elf.h"

/* A range of the file with code, and the address of its first byte. */
struct code_span {
    uint64_t offset, size, address;
};

struct elf_code {
    Elf64_Shdr *headers; /* `count` of them; each one with contents lies inside the file; owned */
    size_t count;
    struct code_span *spans; /* by offset, `span_count` of them; no two overlap; owned */
    size_t span_count;
};

/*
 * Reads the section headers of a file of `size` bytes, and lists its code: the executable sections or, if there are no
 * section headers or none of them is executable, the executable segments. Headers that point outside the file are
 * ignored. Returns 0, or reports with `path` and returns an exit status. The caller calls elf_code_free() in any case.
 */
int elf_code_read(struct elf_code *code, const struct elf_file *elf, int fd, uint64_t size, const char *path);
void elf_code_free(struct elf_code *code);

/* The first section of this type. NULL: there is none. */
const Elf64_Shdr *elf_code_section(const struct elf_code *code, uint32_t type);

/* Where the byte at an address is in the code. NULL: nowhere. */
const struct code_span *elf_code_at(const struct elf_code *code, uint64_t address);

#endif
