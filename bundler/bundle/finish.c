/* SPDX-License-Identifier: MIT */
#include "finish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../input/sections.h"

/* libbfd has no public interface for these fields of section headers. */
static bool write_section_headers(int fd, const struct linkage_parts *linkage)
{
    struct sections sections;
    Elf64_Ehdr header;
    Elf64_Shdr section;
    unsigned indexes[LINKAGE_PARTS_MAX] = {0}; /* of the section headers, by section of `linkage` */
    char name[32];

    if (!file_read(fd, &header, sizeof header, 0) ||
        sections_open(&sections, fd, (uint64_t)lseek(fd, 0, SEEK_END), &header, "") != 0)
        return false;
    for (unsigned i = 1; i < sections.count; i++)
        for (unsigned k = 0; k < linkage->count; k++)
            if (sections_read(&sections, i, &section) == 0 && sections_name(&sections, &section, name, sizeof name) &&
                strcmp(name, linkage->sections[k].name) == 0)
                indexes[k] = i;
    for (unsigned k = 0; k < linkage->count; k++) {
        const struct linkage_section *from = &linkage->sections[k];
        if (sections_read(&sections, indexes[k], &section) != 0)
            return false;
        section.sh_type = from->type;
        section.sh_info = from->info;
        section.sh_entsize = from->entry_size;
        for (unsigned other = 0; from->link && other < linkage->count; other++)
            if (strcmp(linkage->sections[other].name, from->link) == 0)
                section.sh_link = indexes[other];
        off_t place = (off_t)(header.e_shoff + indexes[k] * sizeof section);
        if (indexes[k] == 0 || pwrite(fd, &section, sizeof section, place) != sizeof section)
            return false;
    }
    return true;
}

/*
 * Called after libbfd has written everything: its last table ends where the file ends. Only a zip archive has a lowest
 * offset, and its readers search for it from the end, so a gap before it does no harm.
 */
static bool write_end(int fd, const struct layout_part *end)
{
    if (end->size == 0)
        return true;
    off_t place = lseek(fd, 0, SEEK_END);
    if (place < 0 || ((uint64_t)place < end->address && lseek(fd, (off_t)end->address, SEEK_SET) < 0))
        return false;
    enum file_failure failure = file_copy(end->fd, end->offset, end->size, fd);
    if (failure == FILE_FIRST && errno == 0)
        errno = EIO; /* the file became shorter */
    return failure == FILE_GOOD;
}

bool finish_bundle(const char *temporary, const struct linkage_parts *linkage, const struct layout_part *end)
{
    int fd = open(temporary, O_RDWR | O_CLOEXEC);
    bool good = fd >= 0 && write_section_headers(fd, linkage) && write_end(fd, end);
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return good;
}
