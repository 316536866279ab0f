/* SPDX-License-Identifier: MIT */
/*
 * The section headers of an ELF file, read a few at a time. libbfd reads them all at once, so a file that claims to
 * have millions of them, in a hole that takes no room on the disk, would fill the memory.
 */
#ifndef BUNDLER_INPUT_SECTIONS_H
#define BUNDLER_INPUT_SECTIONS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum { SECTIONS_PIECE = 64 };

struct sections {
    int fd;           /* the caller's, like `path` */
    const char *path; /* for messages */
    uint64_t size;    /* of the file, in bytes */
    uint64_t table;   /* the offset of the section headers. 0: the file has none that can be read */
    uint64_t table_size;
    uint64_t count;                   /* of the section headers that lie in the file completely */
    uint64_t segment_count;           /* of the program headers, as the ELF header or section 0 gives it */
    Elf64_Shdr names;                 /* the section with the names; its size is 0 if there is none */
    uint64_t piece_start;             /* index of piece[0] */
    Elf64_Shdr piece[SECTIONS_PIECE]; /* what was read last; piece_count of them */
    unsigned piece_count;
};

/*
 * Finds the section headers of the file `fd` with this ELF header. What the header says may be wrong in any way: a
 * table that lies outside of the file, or whose entries have another size, has count 0. Returns 0, or reports that the
 * file cannot be read and returns an exit status.
 */
int sections_open(struct sections *sections, int fd, uint64_t size, const Elf64_Ehdr *header, const char *path);

/* Reads section header `index`, below count. Returns 0, or reports and returns an exit status. */
int sections_read(struct sections *sections, uint64_t index, Elf64_Shdr *section);

/* Whether the section has contents, all of them in the file. */
bool sections_in_file(const struct sections *sections, const Elf64_Shdr *section);

/*
 * Reads the section's name to `name`, which has room for `room` bytes. Returns false if there is none, or if it is
 * longer; `name` then has as much of it as there is room for.
 */
bool sections_name(const struct sections *sections, const Elf64_Shdr *section, char *name, uint64_t room);

/* The offset after the last byte of a range that lies in the file of `size` bytes. 0: no part of the range does. */
uint64_t sections_range_end(uint64_t offset, uint64_t length, uint64_t size);

/* The largest part of such a file that is read into memory: what the file takes on the disk, and a little more. */
uint64_t sections_limit(const struct stat *stat);

/*
 * Checks that nothing that libbfd reads into memory when it opens the file is larger than sections_limit(). Returns 0,
 * or reports and returns an exit status.
 */
int sections_check_holes(struct sections *sections, const struct stat *stat, const Elf64_Phdr *segments,
                         uint64_t segment_count);

#endif
