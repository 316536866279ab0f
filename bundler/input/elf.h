/* SPDX-License-Identifier: MIT */
/* An ELF file's header and program headers, which libbfd has no public interface for. */
#ifndef BUNDLER_INPUT_ELF_H
#define BUNDLER_INPUT_ELF_H

#include <bfd.h>
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
    Elf64_Ehdr header;
    Elf64_Phdr *program_headers;
    size_t count;
    bool bundle; /* has a manifest's note, whole or not */
};

/*
 * Reads the headers of an ELF64 x86-64 file and checks that its segments lie inside of it. Returns 0, or reports with
 * `path` and returns an exit status. elf_file_close() afterwards in any case; zero the struct before.
 */
int elf_file_open(struct elf_file *elf, int fd, uint64_t size, const char *path);
void elf_file_close(struct elf_file *elf);

/* libbfd's view of the file, or NULL with bfd_get_error() set. It says nothing itself. */
bfd *elf_file_bfd(const char *path);

#endif
