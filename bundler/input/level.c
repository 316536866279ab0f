/* SPDX-License-Identifier: MIT */
#include "level.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/format.h"
#include "../../lib/level.h"
#include "../base/say.h"
#include "elf.h"
#include "go.h"

unsigned level_from_go(const unsigned char *section, uint64_t size)
{
    static const char key[] = "\nbuild\tGOAMD64=";
    struct go_info info;

    if (!go_info_read(&info, section, size))
        return 0;
    const char *found = memmem(info.modules.bytes, info.modules.size, key, sizeof key - 1);
    if (!found)
        return 0;
    const char *value = found + sizeof key - 1;
    const char *end = memchr(value, '\n', info.modules.size - (size_t)(value - info.modules.bytes));
    return end ? fatelf_level_parse(value, (size_t)(end - value)) : 0;
}

#ifndef GNU_PROPERTY_X86_ISA_1_NEEDED
#define GNU_PROPERTY_X86_ISA_1_NEEDED 0xc0008002U
#endif

static unsigned property_level(const unsigned char *properties, uint64_t size)
{
    unsigned level = 0;

    while (size >= 8) {
        uint32_t type, length, bits;
        memcpy(&type, properties, sizeof type);
        memcpy(&length, properties + 4, sizeof length);
        uint64_t step = 8 + (((uint64_t)length + 7) & ~UINT64_C(7));
        if (step > size)
            break;
        if (type == GNU_PROPERTY_X86_ISA_1_NEEDED && length == sizeof bits) {
            memcpy(&bits, properties + 8, sizeof bits); /* bit 0: baseline, bits 1 to 3: v2 to v4 */
            for (unsigned i = FATELF_LEVEL_MIN + 1; i <= FATELF_LEVEL_MAX; i++)
                if (bits >> (i - 1) & 1)
                    level = i;
        }
        properties += step;
        size -= step;
    }
    return level;
}

unsigned level_from_property(const unsigned char *section, uint64_t size)
{
    Elf64_Nhdr note;

    while (size >= sizeof note) {
        memcpy(&note, section, sizeof note);
        /* this note is aligned to 8 bytes, unlike other notes (x86-64 psABI, "Program Property") */
        uint64_t name = ((uint64_t)note.n_namesz + 3) & ~UINT64_C(3);
        uint64_t step = (sizeof note + name + note.n_descsz + 7) & ~UINT64_C(7);
        if (name > size || step > size)
            return 0;
        if (note.n_type == NT_GNU_PROPERTY_TYPE_0 && note.n_namesz == 4 && memcmp(section + sizeof note, "GNU", 4) == 0)
            return property_level(section + sizeof note + name, note.n_descsz);
        section += step;
        size -= step;
    }
    return 0;
}

unsigned level_from_name(const char *path)
{
    size_t length = strlen(path);

    if (length < sizeof ".v1" || !strchr(".-_", path[length - 3]) || path[length - 4] == '/')
        return 0;
    return fatelf_level_parse(path + length - 2, 2);
}

unsigned level_recorded(bfd *abfd, const char **where)
{
    static const struct {
        const char *section, *where;
        unsigned (*level)(const unsigned char *section, uint64_t size);
    } records[] = {
        {".go.buildinfo", "Go build information", level_from_go},
        {".note.gnu.property", "GNU property note", level_from_property},
    };

    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        uint64_t size;
        unsigned char *section = elf_section(abfd, records[i].section, &size);
        unsigned level = section ? records[i].level(section, size) : 0;
        free(section);
        if (level) {
            *where = records[i].where;
            return level;
        }
    }
    return 0;
}

int level_determine(bfd *abfd, const char *path, unsigned given, unsigned *level)
{
    const char *where = NULL;
    unsigned recorded = level_recorded(abfd, &where);
    unsigned named = level_from_name(path);

    if (given && recorded && given != recorded)
        return fail("%s: given as v%u, but its %s says v%u; give it as v%u, or build it for v%u", path, given, where,
                    recorded, recorded, given);
    if (!given && named && recorded && named != recorded)
        return fail("%s: named v%u, but its %s says v%u; write v%u=%s, or build it for v%u", path, named, where,
                    recorded, recorded, path, named);
    if (!given && !recorded && !named)
        return fail("%s: its level is unknown; write LEVEL=%s, where LEVEL is v1, v2, v3 or v4", path, path);
    *level = given ? given : recorded ? recorded : named;
    return 0;
}
