/* SPDX-License-Identifier: MIT */
#include "appended.h"

#include "error.h"

/* Whether the name is printable ASCII, and zeros up to its end; it is shown to users. */
static bool is_name(const char *name, size_t size)
{
    size_t length = 0;

    while (length < size && name[length] > ' ' && name[length] < 0x7f)
        length++;
    for (size_t i = length; i < size; i++)
        if (name[i] != 0)
            return false;
    return length < size;
}

/* The data at the end of the file, with offset 0, is in no segment. */
static bool is_inside(const struct fatelf_bundle *bundle, const struct fatelf_appended *appended)
{
    return appended->offset == 0 ||
           (appended->offset >= bundle->manifest.header.manifest_size && appended->offset <= bundle->size &&
            appended->size <= bundle->size - appended->offset);
}

int fatelf_appended_check(const struct fatelf_bundle *bundle)
{
    unsigned count = bundle->manifest.header.appended_count;

    for (unsigned i = 0; i < count; i++) {
        struct fatelf_appended appended = fatelf_manifest_appended(&bundle->manifest, bundle->bytes, i);
        bool at_end = appended.offset == 0;
        if (appended.size < 1 || appended.size > FATELF_SIZE_MAX || appended.offset > FATELF_SIZE_MAX)
            return FATELF_ERROR_APPENDED;
        if (!is_name(appended.name, sizeof appended.name) || at_end != (appended.name[0] == 0))
            return FATELF_ERROR_APPENDED;
        if (at_end && i + 1 < count)
            return FATELF_ERROR_APPENDED;
        if (!is_inside(bundle, &appended))
            return FATELF_ERROR_APPENDED_PLACE;
    }
    return 0;
}
