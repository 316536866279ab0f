/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../../lib/format.h"
#include "../../lib/level.h"
#include "level.h"
#include "elf.h"
#include "../base/file.h"
#include "record.h"
#include "../base/say.h"

unsigned char *build_section(const struct build *variant, const char *name, uint64_t *size)
{
    asection *section = bfd_get_section_by_name(variant->bfd, name);
    bfd_byte *contents = NULL;

    if (!section || !(bfd_section_flags(section) & SEC_HAS_CONTENTS) || bfd_section_size(section) == 0)
        return NULL;
    if (!bfd_malloc_and_get_section(variant->bfd, section, &contents)) {
        free(contents);
        return NULL;
    }
    *size = bfd_section_size(section);
    return contents;
}

/* What the dynamic section says: $ORIGIN in the search path, a name as a library, the mark of a PIE. */
struct dynamic {
    bool uses_origin, is_library, is_pie;
};

static struct dynamic read_dynamic(const struct build *variant)
{
    struct dynamic found = {0};
    uint64_t size = 0, strings_size = 0;
    unsigned char *entries = build_section(variant, ".dynamic", &size);
    unsigned char *strings = build_section(variant, ".dynstr", &strings_size);

    for (uint64_t at = 0; entries && size - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        memcpy(&entry, entries + at, sizeof entry);
        if (entry.d_tag == DT_NULL)
            break;
        found.is_library |= entry.d_tag == DT_SONAME || entry.d_tag == DT_NEEDED; /* needs a loader it does not name */
        found.is_pie |= entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_PIE;
        if ((entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) && strings && entry.d_un.d_val < strings_size) {
            const unsigned char *path = strings + entry.d_un.d_val;
            uint64_t room = strings_size - entry.d_un.d_val;
            size_t length = strnlen((const char *)path, room);
            found.uses_origin |= memmem(path, length, "$ORIGIN", 7) || memmem(path, length, "${ORIGIN}", 9);
        }
    }
    free(entries);
    free(strings);
    return found;
}

/* Either way of compressing them: the gABI's SHF_COMPRESSED, and GNU's older .zdebug_ names. */
static bool has_compressed_debug(const struct build *variant)
{
    for (asection *section = variant->bfd->sections; section; section = section->next)
        if ((bfd_section_flags(section) & SEC_DEBUGGING) && bfd_is_section_compressed(variant->bfd, section))
            return true;
    return false;
}

/* Before libbfd looks at it, which knows no core dumps. */
static int check_type(const char *path, unsigned type)
{
    switch (type) {
    case ET_EXEC:
    case ET_DYN:
        return 0;
    case ET_REL:
        return fail("%s: a relocatable object; link it into a program first", path);
    case ET_CORE:
        return fail("%s: a core dump; give the program itself", path);
    default:
        return fail("%s: ELF type %u is not a program", path, type);
    }
}

static int check_kind(struct build *variant, const struct elf_file *elf)
{
    const char *path = variant->path;

    if (elf->bundle)
        return fail("%s: already a bundle; take its variants with 'fatelf-amd64 extract' and bundle those", path);
    bool entry_in_file = false;
    for (size_t i = 0; i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        variant->dynamic |= segment->p_type == PT_INTERP;
        entry_in_file |= segment->p_type == PT_LOAD && elf->header.e_entry >= segment->p_vaddr &&
                         elf->header.e_entry - segment->p_vaddr < segment->p_filesz;
    }
    struct dynamic dynamic = read_dynamic(variant);
    variant->uses_origin = dynamic.uses_origin;
    variant->compressed_debug = has_compressed_debug(variant);
    if (elf->header.e_type == ET_DYN && !variant->dynamic && !dynamic.is_pie &&
        (dynamic.is_library || elf->header.e_entry == 0))
        return fail("%s: a shared library; only programs can be bundled", path);
    if (elf->header.e_entry == 0)
        return fail("%s: has no entry point; only programs can be bundled", path);
    if (!entry_in_file)
        return fail("%s: its code is not in the file (separate debug information?); give the program itself", path);
    return 0;
}

static int check_file(struct build *variant)
{
    const char *path = variant->path;

    if (!S_ISREG(variant->stat.st_mode))
        return fail("%s: not a regular file", path);
    if (variant->stat.st_mode & (S_ISUID | S_ISGID))
        return fail("%s: set-uid or set-gid; a bundle cannot keep that, remove it with 'chmod u-s,g-s'", path);
    if (fgetxattr(variant->fd, "security.capability", NULL, 0) >= 0)
        return fail("%s: has file capabilities; a bundle cannot keep them, remove them with 'setcap -r'", path);
    if (variant->size > FATELF_SIZE_MAX)
        return fail("%s: larger than 1 TiB", path);
    return 0;
}

/* "v3=FILE" or "x86-64-v3=FILE" to level and file; no level: 0 */
static int split(const char *operand, unsigned *level, const char **path)
{
    static const char prefix[] = "x86-64-";
    const char *from = strncmp(operand, prefix, sizeof prefix - 1) == 0 ? operand + sizeof prefix - 1 : operand;
    const char *equals = strchr(from, '=');

    *level = 0;
    *path = operand;
    if (!equals || from[0] != 'v' || strspn(from + 1, "0123456789") != (size_t)(equals - from) - 1)
        return 0; /* a file whose name has a '=' in it */
    *level = fatelf_level_parse(from, (size_t)(equals - from));
    if (*level == 0)
        return usage_error("%s: '%.*s' is no level; levels are v1, v2, v3 and v4", operand, (int)(equals - from), from);
    *path = equals + 1;
    return **path ? 0 : usage_error("%s: no file name behind the level", operand);
}

int build_open(struct build *variant, const char *operand)
{
    struct elf_file elf = {0};
    unsigned given;

    *variant = (struct build){.fd = -1};
    int status = split(operand, &given, &variant->path);
    if (status)
        return status;
    /* not a pipe, not a terminal: they would block here */
    variant->fd = open(variant->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (variant->fd < 0 || fstat(variant->fd, &variant->stat) != 0)
        return fail("%s: %s", variant->path, strerror(errno));
    variant->size = (uint64_t)variant->stat.st_size;
    status = check_file(variant);
    if (!status)
        status = elf_file_open(&elf, variant->fd, variant->size, variant->path);
    if (status)
        goto out;
    status = check_type(variant->path, elf.header.e_type);
    if (status)
        goto out;
    variant->bfd = elf_file_bfd(variant->path);
    if (!variant->bfd) {
        status = fail("%s: damaged ELF file: %s", variant->path, bfd_errmsg(bfd_get_error()));
        goto out;
    }
    status = check_kind(variant, &elf);
    if (!status)
        status = classify(variant, given);
    if (!status)
        status = record_make(variant, &elf);
out:
    elf_file_close(&elf);
    return status;
}

void build_close(struct build *variant)
{
    if (variant->bfd)
        bfd_close(variant->bfd);
    if (variant->fd >= 0)
        close(variant->fd);
    free(variant->elf);
    variant->elf = NULL;
    variant->bfd = NULL;
    variant->fd = -1;
}
