/* SPDX-License-Identifier: MIT */
#include "elf_code.h"

#include <stdlib.h>
#include <string.h>

#include "../base/say.h"
#include "sections.h"

/* The bound is far above what any program has, and keeps the memory small for a file that claims more. */
static int read_headers(struct elf_code *code, const Elf64_Ehdr *header, int fd, uint64_t size, const char *path)
{
    enum { HEADERS_MAX = 1 << 18 };
    struct sections sections;
    int status = sections_open(&sections, fd, size, header, path);

    if (status || sections.count == 0 || sections.count > HEADERS_MAX)
        return status;
    code->headers = calloc(sections.count, sizeof(Elf64_Shdr));
    if (!code->headers)
        return fail("out of memory");
    for (; !status && code->count < sections.count; code->count++) {
        Elf64_Shdr *section = &code->headers[code->count];
        status = sections_read(&sections, code->count, section);
        if (!sections_in_file(&sections, section))
            section->sh_type = SHT_NULL;
    }
    return status;
}

static int by_offset(const void *a, const void *b)
{
    const struct code_span *left = a, *right = b;

    return (left->offset > right->offset) - (left->offset < right->offset);
}

static void add(struct elf_code *code, uint64_t offset, uint64_t size, uint64_t address)
{
    if (size > 0 && size <= UINT64_MAX - address)
        code->spans[code->span_count++] = (struct code_span){offset, size, address};
}

/* Cuts off what an earlier span contains, so that no byte is decoded twice whatever the headers say. */
static void remove_overlaps(struct elf_code *code)
{
    size_t kept = 0;
    uint64_t end = 0;

    qsort(code->spans, code->span_count, sizeof *code->spans, by_offset);
    for (size_t i = 0; i < code->span_count; i++) {
        struct code_span span = code->spans[i];
        uint64_t cut = span.offset < end ? end - span.offset : 0;
        if (cut >= span.size)
            continue;
        span = (struct code_span){span.offset + cut, span.size - cut, span.address + cut};
        code->spans[kept++] = span;
        end = span.offset + span.size;
    }
    code->span_count = kept;
}

int elf_code_read(struct elf_code *code, const struct elf_file *elf, int fd, uint64_t size, const char *path)
{
    *code = (struct elf_code){0};
    int status = read_headers(code, &elf->header, fd, size, path);

    if (status)
        return status;
    code->spans = calloc(code->count + elf->count + 1, sizeof *code->spans);
    if (!code->spans)
        return fail("out of memory");
    for (size_t i = 0; i < code->count; i++) {
        const Elf64_Shdr *section = &code->headers[i];
        if (section->sh_type == SHT_PROGBITS && section->sh_flags & SHF_EXECINSTR && section->sh_flags & SHF_ALLOC)
            add(code, section->sh_offset, section->sh_size, section->sh_addr);
    }
    bool has_sections = code->span_count > 0;
    for (size_t i = 0; !has_sections && i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        if (segment->p_type == PT_LOAD && segment->p_flags & PF_X)
            add(code, segment->p_offset, segment->p_filesz, segment->p_vaddr);
    }
    remove_overlaps(code);
    return 0;
}

void elf_code_free(struct elf_code *code)
{
    free(code->headers);
    free(code->spans);
    *code = (struct elf_code){0};
}

const Elf64_Shdr *elf_code_section(const struct elf_code *code, uint32_t type)
{
    for (size_t i = 0; i < code->count; i++)
        if (code->headers[i].sh_type == type)
            return &code->headers[i];
    return NULL;
}

const struct code_span *elf_code_at(const struct elf_code *code, uint64_t address)
{
    for (size_t i = 0; i < code->span_count; i++)
        if (address >= code->spans[i].address && address - code->spans[i].address < code->spans[i].size)
            return &code->spans[i];
    return NULL;
}
