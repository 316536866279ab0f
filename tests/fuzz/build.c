/* SPDX-License-Identifier: MIT */
/*
 * A build as `create` reads it: ELF and program headers, sections, what kind of file it is, its level, appended data,
 * linkage, identity, metadata, version texts, warnings. The input is the file. It is opened a second time as another
 * level, as if it were two builds of one program, which they are.
 */
#include "../../bundler/bundle/appended.h"
#include "../../bundler/bundle/linkage_parts.h"
#include "../../bundler/bundle/linkage_sections.h"
#include "../../bundler/bundle/metadata.h"
#include "../../bundler/input/advice.h"
#include "../../bundler/input/archive.h"
#include "../../bundler/input/build.h"
#include "../../bundler/input/compare.h"
#include "../../bundler/input/elf.h"
#include "../../bundler/input/level.h"
#include "../../bundler/input/linkage.h"
#include "../../lib/program.h"
#include "elf_mutator.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The record is for the launcher, which has to understand it. */
static void check_record(const struct build *build)
{
    struct fatelf_program program;
    struct fatelf_elf elf;

    if (!build->record.bytes)
        return;
    memcpy(&elf, build->record.bytes, sizeof elf);
    if (build->record.size % 8 != 0 || fatelf_elf_size(&elf) != build->record.size)
        fault("the record has another size than its header says", build->path);
    if (fatelf_program_read(&elf, build->record.bytes + sizeof elf, build->size, &program) != 0)
        fault("the launcher would refuse the record", build->path);
}

static void check_pieces(const struct build *build)
{
    for (unsigned i = 0; i < build->appended.count; i++) {
        const struct appended_piece *piece = &build->appended.pieces[i];
        if (piece->size == 0 || piece->offset > build->size || piece->size > build->size - piece->offset)
            fault("appended data outside of the file", piece->name);
        archive_keeps_offset(build->fd, piece->offset, piece->size);
    }
}

/* The linkage of both builds, and the sections that a bundle gets of it. */
static void read_linkage(const struct build *builds)
{
    struct linkage linkage = {0};
    struct linkage_parts parts = {0};

    messages_begin();
    int status = linkage_read(&linkage, builds[0].bfd, linkage_level(1));
    if (!status)
        status = linkage_read(&linkage, builds[1].bfd, linkage_level(3));
    linkage_sort(&linkage);
    if (!status)
        status = linkage_parts_make(&parts, &linkage);
    linkage_remove(&linkage, linkage_level(1));
    messages_end(status, "linkage");
    linkage_parts_free(&parts);
    linkage_free(&linkage);
}

static void read_metadata(const struct build *build)
{
    struct metadata metadata = {0};

    messages_begin();
    int status = metadata_read(&metadata, build->bfd, build->path);
    if (!status)
        status = metadata_add_strings(&metadata, build->bfd);
    messages_end(status, "metadata");
    metadata_free(&metadata);
}

/* The same two builds, as if each fact were another one in the second. */
static void read_differences(struct build *builds)
{
    static char other[] = "other";
    size_t needed_count = builds[1].dynamic.needed_count;

    for (unsigned i = 0; i < IDENTITY_FACTS; i++) {
        char *fact = builds[1].identity.facts[i];
        builds[1].identity.facts[i] = fact ? other : NULL;
        messages_begin();
        messages_end(compare_builds(builds, 2), "compare different builds");
        messages_begin();
        compare_warn(builds, 2);
        messages_end(0, "warn about different builds");
        builds[1].identity.facts[i] = fact;
    }
    builds[1].dynamic.needed_count = 0;
    messages_begin();
    compare_warn(builds, 2);
    messages_end(0, "warn about different libraries");
    builds[1].dynamic.needed_count = needed_count;
}

static void read_together(struct build *builds)
{
    struct advice advice = {.builds = builds, .count = 2, .delta = true, .in_place = true};
    struct appended_copies copies = {.count = 0};

    messages_begin();
    int status = compare_builds(builds, 2);
    messages_end(status, "compare");
    if (status)
        fault("a build differs from itself", builds[0].path);
    messages_begin();
    advice_give(&advice);
    messages_end(0, "advice");
    read_differences(builds);
    messages_begin();
    messages_end(appended_collect(&copies, builds, 2, false, false), "appended");
    messages_begin();
    appended_tell(&copies, &builds[0], false);
    messages_end(0, "tell about appended data");
    read_linkage(builds);
    read_metadata(&builds[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_file file;
    struct build builds[2] = {{.fd = -1}, {.fd = -1}};
    char operands[2][48];

    memory_file_write(&file, data, size);
    messages_begin();
    snprintf(operands[0], sizeof operands[0], "v1=%s", file.path);
    snprintf(operands[1], sizeof operands[1], "v3=%s", file.path);
    int status = build_open(&builds[0], operands[0]);
    messages_end(status, "open");
    if (!status) {
        const char *source = NULL;
        level_recorded(builds[0].bfd, &source);
        check_record(&builds[0]);
        check_pieces(&builds[0]);
        messages_begin();
        status = build_open(&builds[1], operands[1]);
        messages_end(status, "open again");
        if (!status)
            read_together(builds);
        /* a file that records another level is refused for one of the two only if it says so */
    }
    build_close(&builds[0]);
    build_close(&builds[1]);
    return 0;
}
