/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <string.h>

#include "error.h"

/* The end of user space: half of the 48-bit address space (x86-64 psABI). No program reaches beyond it. */
#define ADDRESS_MAX (UINT64_C(1) << 47)

/* add_segment() has checked the ranges, so no sum here can overflow. */
static struct fatelf_segment make_segment(const Elf64_Phdr *load)
{
    uint64_t within = load->p_vaddr % FATELF_PAGE;
    struct fatelf_segment segment = {
        .address = load->p_vaddr - within,
        .end = fatelf_page_end(load->p_vaddr + load->p_memsz),
        .data_end = load->p_vaddr + load->p_filesz,
        .flags = load->p_flags & (PF_R | PF_W | PF_X),
        .clear = load->p_memsz > load->p_filesz && load->p_flags & PF_W,
    };

    if (load->p_filesz > 0) {
        segment.file_offset = load->p_offset - within;
        segment.file_size = fatelf_page_end(within + load->p_filesz);
    }
    return segment;
}

static int add_segment(struct fatelf_program *program, const Elf64_Phdr *load, uint64_t file_size)
{
    if (load->p_memsz == 0)
        return 0;
    if (load->p_vaddr >= ADDRESS_MAX || load->p_memsz > ADDRESS_MAX - load->p_vaddr || load->p_filesz > load->p_memsz ||
        load->p_offset > file_size || load->p_filesz > file_size - load->p_offset ||
        (load->p_filesz > 0 && (load->p_offset - load->p_vaddr) % FATELF_PAGE != 0))
        return FATELF_ERROR_PROGRAM_SEGMENT;
    if (program->segment_count == FATELF_SEGMENTS_MAX)
        return FATELF_ERROR_PROGRAM_SEGMENTS;
    struct fatelf_segment segment = make_segment(load);
    if (program->segment_count > 0 && segment.address < program->segments[program->segment_count - 1].end)
        return FATELF_ERROR_PROGRAM_ORDER;
    program->segments[program->segment_count++] = segment;

    if (load->p_flags & PF_X) {
        program->start_code = load->p_vaddr < program->start_code ? load->p_vaddr : program->start_code;
        program->end_code = segment.data_end > program->end_code ? segment.data_end : program->end_code;
    }
    program->start_data = load->p_vaddr; /* finally that of the last segment, because the addresses ascend */
    program->end_data = segment.data_end > program->end_data ? segment.data_end : program->end_data;
    if (fatelf_is_power_of_two(load->p_align) && load->p_align > program->alignment)
        program->alignment = load->p_align;
    return 0;
}

/*
 * Two segments can contain the same page of the file. One of them then maps the page itself, the other one an anonymous
 * copy of it. True: segment `a` maps the page itself. An executable segment goes first, because a security policy may
 * refuse to make an anonymous copy executable.
 */
static bool takes(const struct fatelf_program *program, unsigned a, unsigned b)
{
    bool a_runs = program->segments[a].flags & PF_X, b_runs = program->segments[b].flags & PF_X;

    return a_runs != b_runs ? a_runs : a < b;
}

/*
 * Sets how many bytes of pages at the start and at the end of segment `index` are copies, because other segments map
 * the pages themselves. Copies in the middle of a segment, or of executable pages, are an error.
 */
static int share_pages(struct fatelf_program *program, unsigned index)
{
    struct fatelf_segment *segment = &program->segments[index];
    uint64_t start = segment->file_offset, end = start + segment->file_size;

    for (unsigned i = 0; i < program->segment_count; i++) {
        const struct fatelf_segment *other = &program->segments[i];
        uint64_t other_end = other->file_offset + other->file_size;
        if (i == index || !takes(program, i, index) || other->file_offset >= end || other_end <= start)
            continue;
        if (segment->flags & PF_X)
            return FATELF_ERROR_PROGRAM_SHARED;
        if (other->file_offset <= start)
            start = other_end < end ? other_end : end;
        else if (other_end >= end)
            end = other->file_offset;
        else
            return FATELF_ERROR_PROGRAM_SHARED;
    }
    segment->copied_head = start - segment->file_offset;
    segment->copied_tail = segment->file_offset + segment->file_size - end;
    return 0;
}

/* Address of the program headers if this segment contains them, otherwise 0 (fs/binfmt_elf.c, phdr_addr). */
static uint64_t find_headers(const struct fatelf_elf *elf, const Elf64_Phdr *load)
{
    bool inside = elf->header_offset >= load->p_offset && elf->header_offset - load->p_offset < load->p_filesz;

    return inside ? elf->header_offset - load->p_offset + load->p_vaddr : 0;
}

int fatelf_program_read(const struct fatelf_elf *elf, const void *headers, uint64_t file_size,
                        struct fatelf_program *program)
{
    struct fatelf_program p = {
        .relocatable = elf->type == ET_DYN,
        .alignment = FATELF_PAGE,
        .entry = elf->entry,
        .header_count = elf->header_count,
        .start_code = ADDRESS_MAX,
    };
    Elf64_Phdr header;
    int error = 0;

    if ((elf->type != ET_EXEC && elf->type != ET_DYN) || elf->header_count > FATELF_HEADERS_MAX)
        return FATELF_ERROR_PROGRAM_KIND;
    for (unsigned i = 0; !error && i < elf->header_count; i++) {
        memcpy(&header, (const unsigned char *)headers + i * sizeof header, sizeof header);
        if (header.p_type == PT_GNU_STACK)
            p.executable_stack = header.p_flags & PF_X;
        if (header.p_type != PT_LOAD)
            continue;
        error = add_segment(&p, &header, file_size);
        if (p.headers == 0)
            p.headers = find_headers(elf, &header);
    }
    if (!error && (p.start_code == ADDRESS_MAX || p.entry < p.segments[0].address ||
                   p.entry >= p.segments[p.segment_count - 1].end))
        error = FATELF_ERROR_PROGRAM_KIND;
    for (unsigned i = 0; !error && i < p.segment_count; i++)
        error = share_pages(&p, i);
    if (!error)
        *program = p;
    return error;
}

int fatelf_bundle_program(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_program *program)
{
    const struct fatelf_variant *variant = &bundle->manifest.variants[index];
    const unsigned char *bytes = bundle->bytes + variant->elf_offset;
    struct fatelf_elf elf;

    if (variant->elf_size == 0)
        return FATELF_ERROR_PROGRAM_NONE;
    memcpy(&elf, bytes, sizeof elf);
    int error = fatelf_program_read(&elf, bytes + sizeof elf, variant->size, program);
    if (!error && elf.interpreter_size > 0)
        program->interpreter = (const char *)bytes + sizeof elf + elf.header_count * sizeof(Elf64_Phdr);
    return error;
}
