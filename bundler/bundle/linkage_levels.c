/* SPDX-License-Identifier: MIT */
#include "linkage_levels.h"

#include <stdlib.h>
#include <string.h>

#include "../base/say.h"
#include "../input/elf.h"

void linkage_levels_start(const struct linkage *linkage, FILE *to)
{
    const unsigned char header[] = {linkage->dynamic, linkage->binds_now, linkage->hash, linkage->gnu_hash,
                                    (unsigned char)linkage->path_count};

    fwrite(header, 1, sizeof header, to);
    for (unsigned i = 0; i < linkage->path_count; i++) {
        fputc(linkage->paths[i].levels, to);
        fputc(linkage->paths[i].tag == DT_RUNPATH ? 1 : 0, to);
        fwrite(linkage->paths[i].text, 1, strlen(linkage->paths[i].text) + 1, to);
    }
}

/* Reads the first part of the section with the levels. Returns how long it is; 0: it is damaged. */
static size_t read_paths(struct linkage *linkage, const unsigned char *bytes, size_t size)
{
    enum { HEADER = 5 };
    size_t at = HEADER;

    if (size < HEADER || bytes[4] > LINKAGE_PATHS_MAX)
        return 0;
    linkage->dynamic = bytes[0];
    linkage->binds_now = bytes[1];
    linkage->hash = bytes[2];
    linkage->gnu_hash = bytes[3];
    linkage->path_count = 0;
    for (unsigned i = 0; i < bytes[4]; i++) {
        const unsigned char *end = size - at > 2 ? memchr(bytes + at + 2, 0, size - at - 2) : NULL;
        if (!end)
            return 0;
        linkage->paths[linkage->path_count++] = (struct linkage_path){
            .tag = bytes[at + 1] ? DT_RUNPATH : DT_RPATH,
            .text = (const char *)bytes + at + 2,
            .levels = bytes[at],
        };
        at = (size_t)(end + 1 - bytes);
    }
    return at;
}

int linkage_levels_read(struct linkage *linkage, bfd *abfd, const char *path)
{
    uint64_t size;
    unsigned char *bytes = elf_section(abfd, LINKAGE_LEVELS_NAME, &size);

    if (!bytes) /* no build has a dynamic section */
        return 0;
    int status = linkage_read(linkage, abfd, 0);
    unsigned char **texts = status ? NULL : reallocarray(linkage->texts, linkage->text_count + 1, sizeof *texts);
    if (!texts) {
        free(bytes);
        return status ? status : fail("out of memory");
    }
    linkage->texts = texts;
    texts[linkage->text_count++] = bytes;
    linkage_sort(linkage);
    size_t at = read_paths(linkage, bytes, size);
    if (at == 0 || size - at != linkage->count)
        return fail("%s: damaged: its section " LINKAGE_LEVELS_NAME " does not fit its dynamic section", path);
    for (size_t i = 0; i < linkage->count; i++)
        linkage->entries[i].levels = bytes[at + i];
    return 0;
}
