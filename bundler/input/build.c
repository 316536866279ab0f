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
#include "elf.h"
#include "level.h"
#include "marks.h"
#include "../base/file.h"
#include "record.h"
#include "../base/say.h"

/* Knows both ways of compression: the gABI's SHF_COMPRESSED and GNU's older .zdebug_ names. */
static bool has_compressed_debug(bfd *abfd)
{
    for (asection *section = abfd->sections; section; section = section->next)
        if ((bfd_section_flags(section) & SEC_DEBUGGING) && bfd_is_section_compressed(abfd, section))
            return true;
    return false;
}

/* Called before libbfd opens the file, because libbfd would refuse a core dump without this message. */
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

static int check_kind(struct build *build, const struct elf_file *elf)
{
    const char *path = build->path;

    if (elf->bundle)
        return fail("%s: already a bundle; take its variants with 'fatelf-amd64 extract' and bundle those", path);
    bool entry_in_file = false, names_loader = false;
    for (size_t i = 0; i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        names_loader |= segment->p_type == PT_INTERP;
        entry_in_file |= segment->p_type == PT_LOAD && elf->header.e_entry >= segment->p_vaddr &&
                         elf->header.e_entry - segment->p_vaddr < segment->p_filesz;
    }
    dynamic_read(&build->dynamic, build->bfd);
    build->compressed_debug = has_compressed_debug(build->bfd);
    if (elf->header.e_type == ET_DYN && !names_loader && !build->dynamic.is_pie &&
        (build->dynamic.is_library || elf->header.e_entry == 0))
        return fail("%s: a shared library; only programs can be bundled", path);
    if (elf->header.e_entry == 0)
        return fail("%s: has no entry point; only programs can be bundled", path);
    if (!entry_in_file)
        return fail("%s: its code is not in the file (separate debug information?); give the program itself", path);
    return 0;
}

static int check_file(struct build *build)
{
    const char *path = build->path;

    if (!S_ISREG(build->stat.st_mode))
        return fail("%s: not a regular file", path);
    if (build->stat.st_mode & (S_ISUID | S_ISGID))
        return fail("%s: set-uid or set-gid; a bundle cannot keep that, remove it with 'chmod u-s,g-s'", path);
    if (fgetxattr(build->fd, "security.capability", NULL, 0) >= 0)
        return fail("%s: has file capabilities; a bundle cannot keep them, remove them with 'setcap -r'", path);
    if (build->size > FATELF_SIZE_MAX)
        return fail("%s: larger than 64 GiB", path);
    return 0;
}

/* What create compares between builds, warns about, and shows. */
static int read_facts(struct build *build, const struct elf_file *elf)
{
    int status = asks_read(&build->asks, build->bfd, elf, &build->dynamic, build->fd, build->size, build->path);

    if (status)
        return status;
    identity_read(&build->identity, build->bfd, elf, build->fd);
    build->marks = marks_of(elf, &build->dynamic, build->asks.has_symbols);
    return sketch_make(&build->sketch, elf, build->fd, build->size, build->path);
}

int build_split(const char *operand, unsigned *level, const char **path)
{
    static const char prefix[] = "x86-64-";
    const char *from = strncmp(operand, prefix, sizeof prefix - 1) == 0 ? operand + sizeof prefix - 1 : operand;
    const char *equals = strchr(from, '=');

    *level = 0;
    *path = operand;
    if (!equals || from[0] != 'v' || strspn(from + 1, "0123456789") != (size_t)(equals - from) - 1)
        return 0; /* no level, but a file name that contains a '=' */
    *level = fatelf_level_parse(from, (size_t)(equals - from));
    if (*level == 0)
        return usage_error("%s: '%.*s' is not a level; levels are v1, v2, v3 and v4", operand, (int)(equals - from),
                           from);
    *path = equals + 1;
    return **path ? 0 : usage_error("%s: no file name after the level", operand);
}

/* Called before libbfd opens the file, because libbfd reads whatever the section headers describe. */
static int read_sections(struct build *build, const struct elf_file *elf)
{
    struct sections sections;
    int status = sections_open(&sections, build->fd, build->size, &elf->header, build->path);

    if (!status)
        status = sections_check_holes(&sections, &build->stat, elf->program_headers, elf->count);
    if (!status)
        status = appended_read(&build->appended, &sections, &elf->header, elf->program_headers, elf->count);
    return status;
}

/* libbfd has not opened the file. EINVAL: the file makes it seek to an impossible place. */
static int refuse_unopened(const char *path)
{
    bool damaged = bfd_get_error() != bfd_error_system_call || errno == EINVAL;

    return fail("%s: %s: %s", path, damaged ? "damaged ELF file" : "cannot be read", bfd_errmsg(bfd_get_error()));
}

int build_open(struct build *build, const char *operand)
{
    struct elf_file elf = {0};
    unsigned given;

    *build = (struct build){.fd = -1};
    int status = build_split(operand, &given, &build->path);
    if (status)
        return status;
    /* without O_NONBLOCK, opening a pipe would block */
    build->fd = open(build->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (build->fd < 0 || fstat(build->fd, &build->stat) != 0)
        return fail("%s: %s", build->path, strerror(errno));
    build->size = (uint64_t)build->stat.st_size;
    status = check_file(build);
    if (!status)
        status = elf_file_open(&elf, build->fd, build->size, build->path);
    if (status)
        goto out;
    status = check_type(build->path, elf.header.e_type);
    if (!status)
        status = read_sections(build, &elf);
    if (status)
        goto out;
    build->bfd = elf_file_bfd(build->path);
    if (!build->bfd) {
        status = refuse_unopened(build->path);
        goto out;
    }
    status = check_kind(build, &elf);
    if (!status)
        status = level_determine(build->bfd, build->path, given, &build->level);
    if (!status)
        status = record_make(&build->record, &elf, build->fd, build->size, build->path);
    if (!status)
        status = read_facts(build, &elf);
out:
    elf_file_close(&elf);
    return status;
}

void build_close(struct build *build)
{
    if (build->bfd)
        bfd_close(build->bfd);
    if (build->fd >= 0)
        close(build->fd);
    free(build->record.bytes);
    dynamic_free(&build->dynamic);
    identity_free(&build->identity);
    *build = (struct build){.fd = -1};
}

int build_compare(const struct build *a, const struct build *b, bool *same)
{
    *same = a->size == b->size;
    if (!*same)
        return 0;
    enum file_failure failure = file_compare(a->fd, b->fd, a->size, same);
    return failure == FILE_GOOD ? 0 : file_fail_read(failure == FILE_FIRST ? a->path : b->path);
}

int build_check_unchanged(const struct build *build)
{
    struct stat now;

    if (fstat(build->fd, &now) != 0 || now.st_size != build->stat.st_size ||
        now.st_mtim.tv_sec != build->stat.st_mtim.tv_sec || now.st_mtim.tv_nsec != build->stat.st_mtim.tv_nsec)
        return fail("%s: changed while it was read", build->path);
    return 0;
}
