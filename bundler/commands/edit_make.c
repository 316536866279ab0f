/* SPDX-License-Identifier: MIT */
#include "edit_make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/encoding.h"
#include "../base/file.h"
#include "../base/say.h"
#include "../bundle/linkage_levels.h"
#include "../bundle/decode.h"
#include "../bundle/readback.h"
#include "../input/advice.h"
#include "../input/compare.h"
#include "../input/isa_advice.h"
#include "../input/sections.h"

static const struct fatelf_variant *old_variant(const struct edit *edit, unsigned index)
{
    return &edit->old.bundle.manifest.variants[index];
}

static int put(void *owner, const unsigned char *bytes, size_t size, uint64_t offset)
{
    const struct output *file = owner;

    (void)offset;
    return file_write(file->fd, bytes, size)
               ? 0
               : fail("%s: its temporary file cannot be written: %s", file->path, strerror(errno));
}

/* Decodes a variant of the old bundle to a temporary file beside the output, and opens that as a build. */
static int restore(struct edit *edit, unsigned index, const struct build **build)
{
    struct restored *restored = &edit->restored[index];
    const struct decode_sink sink = {.put = put, .owner = &restored->file};
    unsigned level = old_variant(edit, index)->level;
    char *operand = NULL;

    *build = &restored->build;
    if (restored->name)
        return 0;
    if (asprintf(&restored->name, "%s (v%u)", edit->old.path, level) < 0) {
        restored->name = NULL;
        return fail("out of memory");
    }
    int status = output_open(&restored->file, edit->options.output, true);
    if (!status)
        status = decode_variant(&edit->old, index, edit->options.code.compress.threads, &sink);
    if (!status && asprintf(&operand, "v%u=%s", level, restored->file.temporary) < 0)
        status = fail("out of memory");
    if (!status)
        status = build_open(&restored->build, operand);
    restored->build.path = restored->name;
    free(operand);
    return status;
}

/* The kept variant that other kept ones are coded against. -1: there is none. */
static int kept_base(const struct edit *edit)
{
    const struct fatelf_manifest *manifest = &edit->old.bundle.manifest;

    for (unsigned i = 0; i < manifest->header.variant_count; i++)
        if ((edit->keep & ~edit->recode) >> i & 1 && manifest->variants[i].base)
            return fatelf_manifest_find(manifest, manifest->variants[i].base);
    return -1;
}

/* Marks the kept variants whose base goes. */
static void find_recoded(struct edit *edit)
{
    const struct fatelf_manifest *manifest = &edit->old.bundle.manifest;

    for (unsigned i = 0; i < manifest->header.variant_count; i++) {
        int base = manifest->variants[i].base ? fatelf_manifest_find(manifest, manifest->variants[i].base) : -1;
        if (edit->keep >> i & 1 && base >= 0 && !(edit->keep >> base & 1))
            edit->recode |= 1u << i;
    }
}

/* What only the section headers say: the alignment of the payloads, and whether there is a gap at the end. */
static int read_sections(const struct edit *edit, struct assembly *assembly)
{
    struct sections sections;
    Elf64_Ehdr header;
    Elf64_Shdr section;
    char name[sizeof APPENDED_GAP];

    if (!file_read(edit->old.fd, &header, sizeof header, 0))
        return file_fail_read(edit->old.path);
    int status = sections_open(&sections, edit->old.fd, edit->old.size, &header, edit->old.path);
    for (uint64_t i = 0; !status && i < sections.count; i++) {
        status = sections_read(&sections, i, &section);
        if (status || !sections_name(&sections, &section, name, sizeof name))
            continue;
        assembly->appended.gap |= strcmp(name, APPENDED_GAP) == 0;
        if (strncmp(name, ".fatelf.v", 9) == 0 && fatelf_is_power_of_two(section.sh_addralign) &&
            section.sh_addralign > assembly->align && section.sh_addralign <= UINT64_C(1) << 30)
            assembly->align = section.sh_addralign;
    }
    return status;
}

/* Whether all kept variants and builds are stored as they are: new ones are then stored, too. */
static bool is_stored(const struct edit *edit)
{
    for (unsigned i = 0; i < edit->old.bundle.manifest.header.variant_count; i++)
        if (fatelf_encoding_by_number(old_variant(edit, i)->encoding)->decode)
            return false;
    return true;
}

/* Adds what is kept, then the new builds, to the assembly. */
static int fill(struct edit *edit)
{
    const struct fatelf_header *header = &edit->old.bundle.manifest.header;
    struct assembly *assembly = &edit->assembly;
    const struct build *build;
    int status = 0;

    assembly->launch = fatelf_launch_by_number(header->launch);
    assembly->go_env = header->compatible & FATELF_COMPATIBLE_GO_ENV;
    for (unsigned i = 0; !status && i < header->variant_count; i++) {
        if (edit->recode >> i & 1) {
            status = restore(edit, i, &build);
            status = status ? status : assembly_add_build(assembly, build);
        } else if (edit->keep >> i & 1) {
            status = assembly_add_carried(assembly, &edit->old, i);
        }
    }
    for (unsigned i = 0; !status && i < edit->count; i++)
        status = assembly_add_build(assembly, &edit->builds[i]);
    return status ? status : read_sections(edit, assembly);
}

static bool is_coded(const struct assembly *assembly)
{
    for (unsigned i = 0; i < assembly->payload_count; i++)
        if (assembly->payloads[i].source == PAYLOAD_CODE)
            return true;
    return false;
}

/* Decodes the carried base, if something is to be coded against it. */
static int prepare_base(struct edit *edit)
{
    struct assembly *assembly = &edit->assembly;
    int kept = kept_base(edit);

    edit->options.code.compress.encoding = is_stored(edit) ? FATELF_ENCODING_STORED : FATELF_ENCODING_ZSTD;
    assembly->base = kept >= 0 ? old_variant(edit, (unsigned)kept)->level : 0;
    if (!is_coded(assembly) || !code_uses_delta(assembly, &edit->options.code))
        return 0;
    struct payload *base = &assembly->payloads[code_base(assembly, &edit->options.code)->payload];
    if (base->source == PAYLOAD_CODE || !fatelf_encoding_by_number(base->coded.encoding)->is_base)
        return 0;
    return restore(edit, base->carried_variant, &base->build);
}

/* The metadata that the old bundle has. */
static int read_old_metadata(struct edit *edit, struct metadata *metadata)
{
    bfd *abfd = elf_file_bfd(edit->old.path);

    if (!abfd)
        return fail("%s: damaged ELF file: %s", edit->old.path, bfd_errmsg(bfd_get_error()));
    int status = metadata_read(metadata, abfd, edit->old.path);
    bfd_close(abfd);
    return status;
}

/*
 * Reads the metadata of the lowest variant. That of the old bundle's lowest one is in the old bundle, and also the
 * package if it is no variant's.
 */
static int read_metadata(struct edit *edit)
{
    struct metadata *metadata = &edit->assembly.metadata, old = {.package_given = false};
    uint64_t flags = edit->old.bundle.manifest.header.compatible;
    unsigned lowest = edit->assembly.variants[0].level;
    const struct build *build = NULL;
    int status = read_old_metadata(edit, &old);

    for (unsigned i = 0; i < edit->count; i++)
        if (edit->builds[i].level == lowest)
            build = &edit->builds[i];
    bool same = !build && lowest == old_variant(edit, 0)->level;
    if (!status && !build && !same)
        status = restore(edit, (unsigned)fatelf_manifest_find(&edit->old.bundle.manifest, lowest), &build);
    if (!status)
        status = same ? read_old_metadata(edit, metadata) : metadata_read(metadata, build->bfd, build->path);
    metadata->no_strings = flags & FATELF_COMPATIBLE_NO_STRINGS;
    if (!status && !same && !metadata->no_strings && !is_stored(edit))
        status = metadata_add_strings(metadata, build->bfd);
    if (!status && flags & FATELF_COMPATIBLE_PACKAGE)
        metadata_move_package(metadata, &old);
    metadata_free(&old);
    return status;
}

/* The linkage of the old bundle, without that of the variants that go, and that of the new builds. */
static int read_linkage(struct edit *edit)
{
    struct linkage *linkage = &edit->assembly.linkage;
    bfd *abfd = elf_file_bfd(edit->old.path);
    uint8_t kept = 0;

    if (!abfd)
        return fail("%s: damaged ELF file: %s", edit->old.path, bfd_errmsg(bfd_get_error()));
    int status = linkage_levels_read(linkage, abfd, edit->old.path);
    bfd_close(abfd);
    for (unsigned i = 0; i < edit->old.bundle.manifest.header.variant_count; i++)
        if (edit->keep >> i & 1)
            kept |= linkage_level(old_variant(edit, i)->level);
    linkage_remove(linkage, (uint8_t)~kept);
    for (unsigned i = 0; !status && i < edit->count; i++)
        status = linkage_read(linkage, edit->builds[i].bfd, linkage_level(edit->builds[i].level));
    linkage_sort(linkage);
    return status;
}

/* Compares the new builds with each other and with one of the kept variants. */
static int compare(struct edit *edit)
{
    struct build all[FATELF_VARIANTS_MAX + 1];
    const struct build *kept = NULL;
    unsigned count = 0;

    if (edit->options.different || edit->count == 0)
        return 0;
    for (unsigned i = 0; !kept && i < FATELF_VARIANTS_MAX; i++)
        if (edit->restored[i].build.bfd)
            kept = &edit->restored[i].build;
    if (!kept && edit->keep) {
        int status = restore(edit, (unsigned)__builtin_ctz(edit->keep), &kept);
        if (status)
            return status;
    }
    if (kept)
        all[count++] = *kept;
    for (unsigned i = 0; i < edit->count; i++)
        all[count++] = edit->builds[i];
    int status = compare_builds(all, count);
    if (!status && !edit->options.code.quiet)
        compare_warn(all, count);
    return status;
}

static int advise(const struct edit *edit)
{
    const struct advice advice = {
        .builds = edit->builds,
        .count = edit->count,
        .different = true, /* compare() has warned about differences */
        .delta = code_uses_delta(&edit->assembly, &edit->options.code),
        .in_place = edit->assembly.launch->executable,
    };

    if (edit->options.code.quiet || edit->count == 0)
        return 0;
    advice_give(&advice);
    return isa_advise_builds(edit->builds, edit->count, edit->options.code.compress.threads);
}

int edit_make(struct edit *edit)
{
    struct create_options *options = &edit->options;
    unsigned threads = options->code.compress.threads;

    if (!edit->keep && edit->count == 0)
        return fail("%s: no variant would be left; a bundle has at least one", edit->old.path);
    find_recoded(edit);
    int status = stub_open(&edit->stub, options->stub);
    if (!status)
        status = stub_check_output(&edit->stub, options->output);
    if (!status)
        status = output_open(&edit->output, options->output, options->force);
    if (!status)
        status = fill(edit);
    if (!status)
        status = prepare_base(edit);
    if (!status)
        status = read_metadata(edit);
    if (!status)
        status = read_linkage(edit);
    if (!status)
        status = compare(edit);
    if (!status)
        status = appended_carry(&edit->assembly.appended, &edit->old);
    if (!status)
        status = appended_compare(&edit->assembly.appended, edit->builds, edit->count, edit->old.path,
                                  options->ignore_appended, is_stored(edit));
    if (!status)
        status = advise(edit);
    if (!status)
        status = code_payloads(&edit->assembly, &options->code);
    if (!status)
        status = assembly_write(&edit->assembly, &edit->stub, edit->output.temporary);
    if (!status)
        status = readback(&edit->assembly, edit->output.temporary, threads, options->code.quiet);
    return status ? status : output_commit(&edit->output, edit->old.stat.st_mode & 0777);
}
