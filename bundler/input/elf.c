/* SPDX-License-Identifier: MIT */
#include "elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/format.h"
#include "../base/file.h"
#include "../base/say.h"
#include "sections.h"

/* Whether a PT_NOTE segment starts with a note of ours. */
static bool has_manifest(const struct elf_file *elf, int fd)
{
    for (size_t i = 0; i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        unsigned char first[sizeof(Elf64_Nhdr) + sizeof FATELF_NOTE_OWNER];
        if (segment->p_type == PT_NOTE && segment->p_filesz >= sizeof first &&
            file_read(fd, first, sizeof first, segment->p_offset) &&
            memcmp(first + sizeof(Elf64_Nhdr), FATELF_NOTE_OWNER, sizeof FATELF_NOTE_OWNER) == 0)
            return true;
    }
    return false;
}

static int check_header(const Elf64_Ehdr *header, const char *path)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return fail("%s: not an ELF file", path);
    if (header->e_ident[EI_CLASS] == ELFCLASS32)
        return fail("%s: a 32-bit ELF file; only x86-64 programs can be bundled", path);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        return fail("%s: not for x86-64 (ELF machine %u); only x86-64 programs can be bundled", path,
                    header->e_machine);
    if (header->e_phnum > 0 && header->e_phentsize != sizeof(Elf64_Phdr))
        return fail("%s: damaged ELF file: wrong size of a program header", path);
    return 0;
}

int elf_file_open(struct elf_file *elf, int fd, uint64_t size, const char *path)
{
    errno = 0;
    if (size < SELFMAG || !file_read(fd, &elf->header, size < sizeof elf->header ? size : sizeof elf->header, 0))
        return errno ? fail("%s: cannot be read: %s", path, strerror(errno)) : fail("%s: not an ELF file", path);
    bool short_header = size < sizeof elf->header && memcmp(elf->header.e_ident, ELFMAG, SELFMAG) == 0;
    int status = short_header ? fail("%s: cut short: its program headers are missing", path)
                              : check_header(&elf->header, path);
    if (status)
        return status;
    elf->count = elf->header.e_phnum;
    elf->program_headers = calloc(elf->count + 1, sizeof *elf->program_headers);
    if (!elf->program_headers)
        return fail("out of memory");
    if (elf->header.e_phoff > size ||
        !file_read(fd, elf->program_headers, elf->count * sizeof *elf->program_headers, elf->header.e_phoff))
        return fail("%s: cut short: its program headers are missing", path);
    for (size_t i = 0; i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        if (segment->p_type == PT_LOAD && (segment->p_offset > size || segment->p_filesz > size - segment->p_offset))
            return fail("%s: cut short: a segment ends after the end of the file", path);
    }
    elf->bundle = has_manifest(elf, fd);
    return 0;
}

/* libbfd prints some warnings directly to stderr, whatever error handler is set, so stderr is /dev/null meanwhile. */
static bool check_format_quietly(bfd *abfd)
{
    int kept = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (kept >= 0 && nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    bool good = bfd_check_format(abfd, bfd_object);
    if (kept >= 0 && nowhere >= 0)
        dup2(kept, STDERR_FILENO);
    if (kept >= 0)
        close(kept);
    if (nowhere >= 0)
        close(nowhere);
    return good;
}

bfd *elf_file_bfd(const char *path)
{
    bfd *abfd = bfd_openr(path, "elf64-x86-64");

    if (!abfd || check_format_quietly(abfd))
        return abfd;
    bfd_error_type error = bfd_get_error();
    bfd_close_all_done(abfd);
    bfd_set_error(error);
    return NULL;
}

unsigned char *elf_section(bfd *abfd, const char *name, uint64_t *size)
{
    asection *section = bfd_get_section_by_name(abfd, name);
    bfd_byte *contents = NULL;
    struct stat stat;

    if (section && (bfd_stat(abfd, &stat) != 0 || bfd_section_size(section) > sections_limit(&stat)))
        return NULL; /* mostly a hole in the file, which would fill the memory */
    if (!section || !(bfd_section_flags(section) & SEC_HAS_CONTENTS) || bfd_section_size(section) == 0)
        return NULL;
    if (!bfd_malloc_and_get_section(abfd, section, &contents)) {
        free(contents);
        return NULL;
    }
    *size = bfd_section_size(section);
    return contents;
}

void elf_file_close(struct elf_file *elf)
{
    free(elf->program_headers);
    elf->program_headers = NULL;
}
