/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/error.h"
#include "../../lib/program.h"
#include "../base/file.h"
#include "../base/say.h"

static const Elf64_Phdr *find_interpreter(const struct elf_file *elf)
{
    for (size_t i = 0; i < elf->count; i++)
        if (elf->program_headers[i].p_type == PT_INTERP)
            return &elf->program_headers[i];
    return NULL;
}

/* Returns NULL or why exec alone can start the program. */
static const char *check(const struct elf_file *elf, const struct fatelf_elf *record, const Elf64_Phdr *interpreter,
                         uint64_t file_size)
{
    struct fatelf_program program;

    if (elf->count > FATELF_HEADERS_MAX)
        return fatelf_error_text(FATELF_ERROR_PROGRAM_KIND);
    if (interpreter && (interpreter->p_filesz < 2 || interpreter->p_filesz > FATELF_INTERPRETER_MAX))
        return "the name of its dynamic loader is too long, or empty";
    int error = fatelf_program_read(record, elf->program_headers, file_size, &program);
    return error ? fatelf_error_text(error) : NULL;
}

int record_make(struct build *variant, const struct elf_file *elf)
{
    const Elf64_Phdr *interpreter = find_interpreter(elf);
    struct fatelf_elf record = {
        .entry = elf->header.e_entry,
        .header_offset = elf->header.e_phoff,
        .type = elf->header.e_type,
        .header_count = (uint16_t)elf->count,
        .interpreter_size = interpreter ? (uint32_t)interpreter->p_filesz : 0,
    };

    variant->not_in_place = check(elf, &record, interpreter, variant->size);
    if (variant->not_in_place)
        return 0;
    size_t headers_size = elf->count * sizeof *elf->program_headers;
    variant->elf_size = (uint32_t)fatelf_elf_size(&record);
    variant->elf = calloc(1, variant->elf_size);
    if (!variant->elf)
        return fail("out of memory");
    char *name = (char *)variant->elf + sizeof record + headers_size;
    memcpy(variant->elf, &record, sizeof record);
    memcpy(variant->elf + sizeof record, elf->program_headers, headers_size);
    if (!interpreter)
        return 0;
    if (!file_read(variant->fd, name, record.interpreter_size, interpreter->p_offset))
        return fail("%s: cut short: the name of its dynamic loader is missing", variant->path);
    size_t length = strnlen(name, record.interpreter_size);
    if (length == record.interpreter_size)
        return fail("%s: damaged ELF file: the name of its dynamic loader has no end", variant->path);
    if (length == record.interpreter_size - 1)
        return 0;
    variant->not_in_place = "zeros follow the name of its dynamic loader";
    free(variant->elf);
    variant->elf = NULL;
    variant->elf_size = 0;
    return 0;
}

/* Bytes of the variant that the manifest has too. */
struct copy {
    const unsigned char *bytes;
    uint64_t offset, size; /* in the variant */
};

static bool agrees(const struct copy *copy, const unsigned char *bytes, size_t size, uint64_t offset)
{
    uint64_t from = copy->offset > offset ? copy->offset : offset;
    uint64_t to = copy->offset + copy->size < offset + size ? copy->offset + copy->size : offset + size;

    return from >= to || memcmp(copy->bytes + (from - copy->offset), bytes + (from - offset), to - from) == 0;
}

bool record_matches(const struct fatelf_bundle *bundle, unsigned index, const unsigned char *bytes, size_t size,
                    uint64_t offset)
{
    const struct fatelf_variant *variant = &bundle->manifest.variants[index];
    struct fatelf_elf elf;
    Elf64_Ehdr header;

    if (variant->elf_size == 0)
        return true;
    memcpy(&elf, bundle->bytes + variant->elf_offset, sizeof elf);
    if (offset == 0) { /* no frame is smaller than an ELF header, but for a variant that is none */
        if (size < sizeof header)
            return false;
        memcpy(&header, bytes, sizeof header);
        if (header.e_entry != elf.entry || header.e_phoff != elf.header_offset || header.e_type != elf.type ||
            header.e_phnum != elf.header_count)
            return false;
    }
    struct copy headers = {
        .bytes = bundle->bytes + variant->elf_offset + sizeof elf,
        .offset = elf.header_offset,
        .size = elf.header_count * sizeof(Elf64_Phdr),
    };
    struct copy name = {.bytes = headers.bytes + headers.size};
    for (size_t i = 0; i < elf.header_count; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, headers.bytes + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_INTERP || name.size != 0)
            continue;
        name.offset = segment.p_offset;
        name.size = segment.p_filesz;
    }
    return name.size == elf.interpreter_size && agrees(&headers, bytes, size, offset) &&
           agrees(&name, bytes, size, offset);
}
