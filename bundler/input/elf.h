/* SPDX-License-Identifier: MIT */
/* An ELF file as the tool reads it: its own view of header and program headers, and libbfd's view of the sections. */
#ifndef BUNDLER_INPUT_ELF_H
#define BUNDLER_INPUT_ELF_H

#include <bfd.h>
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The header and the program headers, for which libbfd has no public interface. */
struct elf_file {
    Elf64_Ehdr header;
    Elf64_Phdr *program_headers; /* `count` of them; owned */
    size_t count;
    bool bundle; /* the file has a note with the manifest's owner, damaged or not */
};

/*
 * Reads the headers of an ELF64 x86-64 file of `size` bytes and checks that its segments lie inside the file. Returns
 * 0, or reports with `path` and returns an exit status. The caller zeroes *elf before and calls elf_file_close() in any
 * case.
 */
int elf_file_open(struct elf_file *elf, int fd, uint64_t size, const char *path);
void elf_file_close(struct elf_file *elf);

/* Opens the file with libbfd, silently. NULL: bfd_get_error() says why. The caller closes it with bfd_close(). */
bfd *elf_file_bfd(const char *path);

/* The *size bytes of a section, which the caller frees. NULL: there is no such section, or it is empty or damaged,
   or larger than the file is on the disk. */
unsigned char *elf_section(bfd *abfd, const char *name, uint64_t *size);

#endif
