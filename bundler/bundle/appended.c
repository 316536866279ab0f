/* SPDX-License-Identifier: MIT */
#include "appended.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/hash.h"
#include "../base/say.h"
#include "../input/archive.h"

/* The lowest offset that the data at the end may have in the bundle. */
static uint64_t lowest_place(int fd, uint64_t offset, uint64_t size)
{
    return archive_keeps_offset(fd, offset, size) ? offset : 0;
}

/* Fills *copies with the appended data of one build. Returns 0, or reports and returns an exit status. */
static int read_copies(struct appended_copies *copies, const struct build *build)
{
    int status = 0;

    *copies = (struct appended_copies){.count = build->appended.count};
    for (unsigned i = 0; !status && i < copies->count; i++) {
        const struct appended_piece *piece = &build->appended.pieces[i];
        struct appended_copy *copy = &copies->copies[i];
        *copy = (struct appended_copy){.fd = build->fd, .offset = piece->offset, .entry.size = piece->size};
        memcpy(copy->entry.name, piece->name, sizeof copy->entry.name);
        if (!piece->name[0])
            copy->place = lowest_place(build->fd, piece->offset, piece->size);
        status = hash_range(build->fd, piece->offset, piece->size, build->path, copy->entry.sha256);
    }
    return status;
}

/* Whether the entries agree. Their offsets are still 0. */
static bool same_copies(const struct appended_copies *a, const struct appended_copies *b)
{
    for (unsigned i = 0; i < a->count && i < b->count; i++)
        if (memcmp(&a->copies[i].entry, &b->copies[i].entry, sizeof a->copies[i].entry) != 0)
            return false;
    return a->count == b->count;
}

/* "120 bytes in section pydata, 30 bytes at the end". The caller frees it. NULL: out of memory. */
static char *describe(const struct build *build)
{
    const struct appended *appended = &build->appended;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (unsigned i = 0; i < appended->count; i++) {
        const struct appended_piece *piece = &appended->pieces[i];
        fputs(i > 0 ? ", " : "", out);
        fprintf(out, "%llu bytes %s%s", (unsigned long long)piece->size, piece->name[0] ? "in section " : "at the end",
                piece->name);
    }
    if (appended->count == 0)
        fputs("none", out);
    fclose(out);
    return text;
}

/* What is to be done with the data of all builds. */
struct wish {
    bool ignore; /* it is left out */
    bool stored; /* the builds are stored uncompressed */
};

static int refuse_different(const struct build *first, const struct build *second, const struct wish *wish)
{
    char *ours = describe(first), *theirs = describe(second);
    int status;

    if (wish->ignore)
        status = fail("%s and %s: their appended data differs, and if the builds are stored uncompressed, one level "
                      "would find the data of another; add --compress zstd",
                      first->path, second->path);
    else
        status = fail("%s and %s: their appended data differs (%s; %s), but a bundle has one copy; append the same to "
                      "all builds, or add --ignore-appended for no copy",
                      first->path, second->path, ours ? ours : "?", theirs ? theirs : "?");
    free(ours);
    free(theirs);
    return status;
}

static int refuse_uncopied(const struct build *build, const struct wish *wish)
{
    return fail(
        "%s: its appended data cannot be copied: more than %u pieces, or a section with a long or unusual name; %s",
        build->path, FATELF_APPENDED_MAX, wish->ignore ? "add --compress zstd" : "add --ignore-appended for no copy");
}

/* Compares two builds. *copies are those of the first. Sets *different, or refuses them if that is not allowed. */
static int compare(const struct appended_copies *copies, const struct build *first, const struct build *second,
                   const struct wish *wish, bool *different)
{
    struct appended_copies others;
    int status = read_copies(&others, second);

    if (status || same_copies(copies, &others))
        return status;
    *different = true;
    return wish->ignore && !wish->stored ? 0 : refuse_different(first, second, wish);
}

int appended_collect(struct appended_copies *copies, const struct build *builds, unsigned count, bool ignore,
                     bool stored)
{
    const struct wish wish = {.ignore = ignore, .stored = stored};
    bool different = false;
    int status = 0;

    for (unsigned i = 0; !status && i < count; i++) {
        if (!builds[i].appended.uncopied)
            continue;
        different = count > 1; /* nobody can know that it is the same */
        if (!ignore || (stored && different))
            status = refuse_uncopied(&builds[i], &wish);
    }
    if (!status)
        status = read_copies(copies, &builds[0]);
    for (unsigned i = 1; !status && i < count; i++)
        status = compare(copies, &builds[0], &builds[i], &wish, &different);
    if (ignore)
        *copies = (struct appended_copies){.gap = different};
    return status;
}

void appended_tell(const struct appended_copies *copies, const struct build *build, bool in_place)
{
    char *text = copies->count > 0 ? describe(build) : NULL;

    if (text && in_place)
        warn("%s: has appended data (%s), of which the bundle gets a copy; --ignore-appended leaves it out",
             build->path, text);
    else if (text)
        warn("%s: has appended data (%s), of which the bundle gets a copy; many programs find it only with "
             "--launch inplace --compress zstd",
             build->path, text);
    free(text);
}

/* Where the copy is in the file of a bundle. 0: the file is too short to have it behind the manifest's segment. */
static uint64_t place_in_file(const struct fatelf_appended *entry, const struct bundle_file *file)
{
    const struct fatelf_bundle *bundle = &file->bundle;
    uint64_t segment_end = bundle->file_offset + bundle->size;

    if (entry->offset != 0)
        return bundle->file_offset + entry->offset;
    return segment_end <= file->size && entry->size <= file->size - segment_end ? file->size - entry->size : 0;
}

static int fail_end(const char *path)
{
    return fail("%s: damaged: the appended data at its end was removed or changed, for instance by strip; make the "
                "bundle again",
                path);
}

int appended_carry(struct appended_copies *copies, const struct bundle_file *file)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;

    copies->count = manifest->header.appended_count;
    for (unsigned i = 0; i < copies->count; i++) {
        struct fatelf_appended entry = fatelf_manifest_appended(manifest, file->bundle.bytes, i);
        uint64_t offset = place_in_file(&entry, file);
        if (offset == 0)
            return fail_end(file->path);
        entry.offset = 0;
        copies->copies[i] = (struct appended_copy){
            .entry = entry,
            .fd = file->fd,
            .offset = offset,
            .place = entry.name[0] ? 0 : lowest_place(file->fd, offset, entry.size),
        };
    }
    return 0;
}

/* What to do about a build whose appended data is not that of the bundle. */
static int refuse_or_ignore(struct appended_copies *copies, const struct build *build, const char *bundle, bool ignore,
                            bool stored)
{
    if (!ignore)
        return fail("%s: its appended data is not that of %s, which has one copy for all variants; append the same, or "
                    "keep the copy as it is with --ignore-appended",
                    build->path, bundle);
    if (stored)
        return fail("%s: its appended data is not that of %s, whose variants are stored uncompressed: one level would "
                    "find the data of another; make the bundle again with --compress zstd",
                    build->path, bundle);
    copies->gap |= copies->count == 0;
    return 0;
}

int appended_compare(struct appended_copies *copies, const struct build *builds, unsigned count, const char *bundle,
                     bool ignore, bool stored)
{
    for (unsigned i = 0; i < count; i++) {
        struct appended_copies others;
        int status = read_copies(&others, &builds[i]);
        if (!status && (builds[i].appended.uncopied || !same_copies(copies, &others)))
            status = refuse_or_ignore(copies, &builds[i], bundle, ignore, stored);
        if (status)
            return status;
    }
    return 0;
}

static struct layout_part part_of(const struct appended_copy *copy)
{
    return (struct layout_part){
        .name = copy->entry.name,
        .size = copy->entry.size,
        .alignment = 16,
        .source = LAYOUT_FILE,
        .fd = copy->fd,
        .offset = copy->offset,
        .address = copy->place,
    };
}

static bool is_section(const struct appended_copy *copy)
{
    return copy->entry.name[0] != 0;
}

size_t appended_list(const struct appended_copies *copies, struct layout_part *parts)
{
    static const unsigned char zeros[ARCHIVE_SEARCH];
    size_t count = 0;

    if (copies->gap)
        parts[count++] = (struct layout_part){
            .name = APPENDED_GAP, .size = ARCHIVE_SEARCH, .alignment = 16, .source = LAYOUT_MEMORY, .bytes = zeros};
    for (unsigned i = 0; i < copies->count; i++)
        if (is_section(&copies->copies[i]))
            parts[count++] = part_of(&copies->copies[i]);
    return count;
}

struct layout_part appended_end(const struct appended_copies *copies)
{
    const struct appended_copy *last = copies->count > 0 ? &copies->copies[copies->count - 1] : NULL;

    return last && !is_section(last) ? part_of(last) : (struct layout_part){.size = 0};
}

void appended_encode(const struct appended_copies *copies, const struct layout_part *parts, uint64_t manifest_address,
                     struct fatelf_appended *entries)
{
    for (unsigned i = 0; i < copies->count; i++) {
        entries[i] = copies->copies[i].entry;
        entries[i].offset = is_section(&copies->copies[i]) ? parts++->address - manifest_address : 0;
    }
}

/* Compares the SHA-256 of one copy. Returns 0, or reports and returns an exit status. */
static int verify_copy(const struct fatelf_appended *entry, int fd, uint64_t offset, const char *path)
{
    uint8_t sha256[sizeof entry->sha256];

    if (offset == 0)
        return fail_end(path);
    int status = hash_range(fd, offset, entry->size, path, sha256);
    if (status || memcmp(sha256, entry->sha256, sizeof sha256) == 0)
        return status;
    if (entry->offset != 0)
        return fail("%s: section %s: damaged: its SHA-256 does not match", path, entry->name);
    return fail_end(path);
}

int appended_verify(const struct bundle_file *file)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;
    int status = 0;

    for (unsigned i = 0; i < manifest->header.appended_count; i++) {
        struct fatelf_appended entry = fatelf_manifest_appended(manifest, file->bundle.bytes, i);
        int verified = verify_copy(&entry, file->fd, place_in_file(&entry, file), file->path);
        status = status ? status : verified;
    }
    return status;
}
