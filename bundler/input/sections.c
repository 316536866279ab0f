/* SPDX-License-Identifier: MIT */
#include "sections.h"

#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/say.h"

static bool has_contents(const Elf64_Shdr *header)
{
    return header->sh_type != SHT_NULL && header->sh_type != SHT_NOBITS;
}

/* How many section headers the file has: if there are too many for e_shnum, the first header says it (gABI). */
static uint64_t header_count(const Elf64_Ehdr *header, int fd)
{
    Elf64_Shdr first;

    if (header->e_shoff == 0 || header->e_shentsize != sizeof(Elf64_Shdr))
        return 0;
    if (header->e_shnum != 0)
        return header->e_shnum;
    return file_read(fd, &first, sizeof first, header->e_shoff) ? first.sh_size : 0;
}

/* The bound is far above what any program has, and keeps the memory small for a file that claims more. */
static int read_headers(struct sections *sections, const Elf64_Ehdr *header, int fd, uint64_t size)
{
    enum { HEADERS_MAX = 1 << 18 };
    uint64_t count = header_count(header, fd);

    if (count == 0 || count > HEADERS_MAX || header->e_shoff > size ||
        count * sizeof(Elf64_Shdr) > size - header->e_shoff)
        return 0;
    sections->headers = calloc(count, sizeof(Elf64_Shdr));
    if (!sections->headers)
        return fail("out of memory");
    if (!file_read(fd, sections->headers, count * sizeof(Elf64_Shdr), header->e_shoff))
        return 0; /* as if there were none: the program runs without them */
    sections->count = count;
    for (size_t i = 0; i < count; i++) {
        Elf64_Shdr *section = &sections->headers[i];
        if (has_contents(section) && (section->sh_offset > size || section->sh_size > size - section->sh_offset))
            section->sh_type = SHT_NULL;
    }
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct code_span *left = a, *right = b;

    return (left->offset > right->offset) - (left->offset < right->offset);
}

static void add(struct sections *sections, uint64_t offset, uint64_t size, uint64_t address)
{
    if (size > 0 && size <= UINT64_MAX - address)
        sections->code[sections->code_count++] = (struct code_span){offset, size, address};
}

/* Cuts off what an earlier span contains, so that no byte is decoded twice whatever the headers say. */
static void remove_overlaps(struct sections *sections)
{
    size_t kept = 0;
    uint64_t end = 0;

    qsort(sections->code, sections->code_count, sizeof *sections->code, by_offset);
    for (size_t i = 0; i < sections->code_count; i++) {
        struct code_span span = sections->code[i];
        uint64_t cut = span.offset < end ? end - span.offset : 0;
        if (cut >= span.size)
            continue;
        span = (struct code_span){span.offset + cut, span.size - cut, span.address + cut};
        sections->code[kept++] = span;
        end = span.offset + span.size;
    }
    sections->code_count = kept;
}

int sections_read(struct sections *sections, const struct elf_file *elf, int fd, uint64_t size)
{
    *sections = (struct sections){0};
    int status = read_headers(sections, &elf->header, fd, size);

    if (status)
        return status;
    sections->code = calloc(sections->count + elf->count + 1, sizeof *sections->code);
    if (!sections->code)
        return fail("out of memory");
    for (size_t i = 0; i < sections->count; i++) {
        const Elf64_Shdr *section = &sections->headers[i];
        if (section->sh_type == SHT_PROGBITS && section->sh_flags & SHF_EXECINSTR && section->sh_flags & SHF_ALLOC)
            add(sections, section->sh_offset, section->sh_size, section->sh_addr);
    }
    bool has_sections = sections->code_count > 0;
    for (size_t i = 0; !has_sections && i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        if (segment->p_type == PT_LOAD && segment->p_flags & PF_X)
            add(sections, segment->p_offset, segment->p_filesz, segment->p_vaddr);
    }
    remove_overlaps(sections);
    return 0;
}

void sections_free(struct sections *sections)
{
    free(sections->headers);
    free(sections->code);
    *sections = (struct sections){0};
}

const Elf64_Shdr *sections_find(const struct sections *sections, uint32_t type)
{
    for (size_t i = 0; i < sections->count; i++)
        if (sections->headers[i].sh_type == type)
            return &sections->headers[i];
    return NULL;
}

const struct code_span *sections_code_at(const struct sections *sections, uint64_t address)
{
    for (size_t i = 0; i < sections->code_count; i++)
        if (address >= sections->code[i].address && address - sections->code[i].address < sections->code[i].size)
            return &sections->code[i];
    return NULL;
}
