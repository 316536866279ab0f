/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/error.h"
#include "../../lib/manifest.h"
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

/* Returns NULL if the launcher can map the program, or the reason why only exec can start it. */
static const char *why_not_in_place(const struct elf_file *elf, const struct fatelf_elf *header,
                                    const Elf64_Phdr *interpreter, uint64_t file_size)
{
    struct fatelf_program program;

    if (elf->count > FATELF_HEADERS_MAX)
        return fatelf_error_text(FATELF_ERROR_PROGRAM_KIND);
    if (interpreter && (interpreter->p_filesz < 2 || interpreter->p_filesz > FATELF_INTERPRETER_MAX))
        return "the name of its dynamic loader is too long, or empty";
    int error = fatelf_program_read(header, elf->program_headers, file_size, &program);
    return error ? fatelf_error_text(error) : NULL;
}

/* Reads the name of the dynamic loader to `name`, which has room for it. Sets *padded if more than one 0 follows it. */
static int read_interpreter(const Elf64_Phdr *interpreter, int fd, const char *path, char *name, bool *padded)
{
    if (!file_read(fd, name, interpreter->p_filesz, interpreter->p_offset))
        return fail("%s: cut short: the name of its dynamic loader is missing", path);
    size_t length = strnlen(name, interpreter->p_filesz);
    if (length == interpreter->p_filesz)
        return fail("%s: damaged ELF file: the name of its dynamic loader is not terminated", path);
    *padded = length != interpreter->p_filesz - 1;
    return 0;
}

int record_make(struct record *record, const struct elf_file *elf, int fd, uint64_t size, const char *path)
{
    const Elf64_Phdr *interpreter = find_interpreter(elf);
    struct fatelf_elf header = {
        .entry = elf->header.e_entry,
        .header_offset = elf->header.e_phoff,
        .type = elf->header.e_type,
        .header_count = (uint16_t)elf->count,
        .interpreter_size = interpreter ? (uint32_t)interpreter->p_filesz : 0,
    };
    size_t headers_size = elf->count * sizeof *elf->program_headers;
    bool padded = false;
    int status = 0;

    *record = (struct record){.not_in_place = why_not_in_place(elf, &header, interpreter, size)};
    if (record->not_in_place)
        return 0;
    record->size = (uint32_t)fatelf_elf_size(&header);
    record->bytes = calloc(1, record->size);
    if (!record->bytes)
        return fail("out of memory");
    memcpy(record->bytes, &header, sizeof header);
    memcpy(record->bytes + sizeof header, elf->program_headers, headers_size);
    if (interpreter)
        status = read_interpreter(interpreter, fd, path, (char *)record->bytes + sizeof header + headers_size, &padded);
    if (!status && !padded)
        return 0;
    free(record->bytes);
    *record = (struct record){.not_in_place = "zeros follow the name of its dynamic loader"};
    return status;
}

/* Bytes that are both in the variant and in the manifest. */
struct copy {
    const unsigned char *bytes;
    uint64_t offset, size; /* in the variant */
};

/* Compares the part of `copy` that lies in the `size` bytes at `offset` of the variant. */
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
    if (offset == 0) { /* the first frame; a variant that is smaller than an ELF header is no ELF file */
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
