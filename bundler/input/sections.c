/* SPDX-License-Identifier: MIT */
#include "sections.h"

#include <errno.h>
#include <string.h>

#include "../base/file.h"
#include "../base/say.h"

/*
 * File systems with compression report fewer blocks than the file has bytes, and some report none before the file is on
 * the disk. This much is allowed whatever they report: 65536 section headers, where programs have less than 100.
 */
#define ALWAYS_ALLOWED (UINT64_C(4) << 20)

uint64_t sections_range_end(uint64_t offset, uint64_t length, uint64_t size)
{
    if (offset >= size || length == 0)
        return 0;
    return length < size - offset ? offset + length : size;
}

/*
 * Numbers that do not fit into the ELF header are in section 0 (gABI, "ELF Header"): the number of sections is its
 * sh_size, the index of the section with the names its sh_link, the number of program headers its sh_info.
 */
int sections_open(struct sections *sections, int fd, uint64_t size, const Elf64_Ehdr *header, const char *path)
{
    Elf64_Shdr first = {0};
    uint64_t names = header->e_shstrndx;

    *sections = (struct sections){.fd = fd, .path = path, .size = size, .count = 1, .segment_count = header->e_phnum};
    bool there = header->e_shoff != 0 && header->e_shoff < size;
    if (!there || header->e_shentsize != sizeof first || size - header->e_shoff < sizeof first) {
        sections->count = 0;
        sections->table = there ? header->e_shoff : 0;
        sections->table_size = (uint64_t)header->e_shnum * header->e_shentsize;
        return 0;
    }
    sections->table = header->e_shoff;
    int status = sections_read(sections, 0, &first);
    if (status)
        return status;
    uint64_t count = header->e_shnum > 0 ? header->e_shnum : first.sh_size;
    uint64_t room = (size - header->e_shoff) / sizeof first;
    sections->table_size = count <= room ? count * sizeof first : size - header->e_shoff;
    sections->count = count < room ? count : room;
    if (header->e_phnum == PN_XNUM)
        sections->segment_count = first.sh_info;
    if (names == SHN_XINDEX)
        names = first.sh_link;
    if (names == SHN_UNDEF || names >= sections->count)
        return 0;
    status = sections_read(sections, names, &sections->names);
    if (!status && sections->names.sh_type != SHT_STRTAB)
        sections->names.sh_size = 0;
    return status;
}

int sections_read(struct sections *sections, uint64_t index, Elf64_Shdr *section)
{
    if (index < sections->piece_start || index - sections->piece_start >= sections->piece_count) {
        uint64_t left = sections->count - index;
        sections->piece_start = index;
        sections->piece_count = left < SECTIONS_PIECE ? (unsigned)left : SECTIONS_PIECE;
        if (!file_read(sections->fd, sections->piece, sections->piece_count * sizeof *section,
                       sections->table + index * sizeof *section)) {
            sections->piece_count = 0;
            return file_fail_read(sections->path);
        }
    }
    *section = sections->piece[index - sections->piece_start];
    return 0;
}

bool sections_in_file(const struct sections *sections, const Elf64_Shdr *section)
{
    return section->sh_type != SHT_NULL && section->sh_type != SHT_NOBITS && section->sh_offset <= sections->size &&
           section->sh_size <= sections->size - section->sh_offset;
}

bool sections_name(const struct sections *sections, const Elf64_Shdr *section, char *name, uint64_t room)
{
    uint64_t end = sections_range_end(sections->names.sh_offset, sections->names.sh_size, sections->size);

    name[0] = 0;
    if (end == 0 || section->sh_name >= end - sections->names.sh_offset)
        return false;
    uint64_t offset = sections->names.sh_offset + section->sh_name;
    uint64_t length = end - offset < room ? end - offset : room;
    if (!file_read(sections->fd, name, length, offset)) {
        name[0] = 0;
        return false;
    }
    bool whole = memchr(name, 0, length) != NULL;
    name[length - 1] = 0;
    return whole;
}

uint64_t sections_limit(const struct stat *stat)
{
    /* st_blocks counts blocks of 512 bytes, whatever the file system's own are (stat(2)) */
    return (uint64_t)stat->st_blocks * 512 + ALWAYS_ALLOWED;
}

int sections_check_holes(struct sections *sections, const struct stat *stat, const Elf64_Phdr *segments,
                         uint64_t segment_count)
{
    uint64_t allowed = sections_limit(stat);
    uint64_t largest = sections->table_size > sections->names.sh_size ? sections->table_size : sections->names.sh_size;
    Elf64_Shdr section = {0};

    for (uint64_t i = 0; i < segment_count; i++)
        if (segments[i].p_type == PT_NOTE && segments[i].p_filesz > largest)
            largest = segments[i].p_filesz;
    for (uint64_t i = 0; largest <= allowed && i < sections->count; i++) {
        int status = sections_read(sections, i, &section);
        if (status)
            return status;
        if ((section.sh_type == SHT_NOTE || section.sh_type == SHT_GROUP) && section.sh_size > largest)
            largest = section.sh_size;
    }
    if (largest <= allowed)
        return 0;
    return fail("%s: damaged ELF file: its headers describe a table that is larger than the file is on the disk",
                sections->path);
}
