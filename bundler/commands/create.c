/* SPDX-License-Identifier: MIT */
/*
 * create: opens the variants, compresses one after the other into a spool file, the base first, lays the bundle out,
 * writes it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/error.h"
#include "../../lib/manifest.h"
#include "commands.h"
#include "../coding/compress.h"
#include "../base/file.h"
#include "../bundle/layout.h"
#include "../coding/locate.h"
#include "create_options.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../bundle/stub.h"
#include "../input/build.h"
#include "../bundle/write.h"

/* Sections that tools which ask a file about itself look for; they get the lowest variant's answer. */
static const struct {
    const char *name;
    bool note;
} metadata[] = {
    {".note.package", true},  /* package name and version: systemd's core dump handler */
    {".go.buildinfo", false}, /* Go's modules: go version -m, vulnerability scanners */
    {".dep-v0", false},       /* Rust's crates, from cargo auditable: scanners */
};

enum { METADATA_COUNT = sizeof metadata / sizeof *metadata };

/* All that a run of create holds. */
struct create {
    struct create_options options;
    struct build variants[FATELF_VARIANTS_MAX]; /* by level, once all are open */
    unsigned count;
    struct fatelf_manifest manifest;
    struct fatelf_frame *frames[FATELF_VARIANTS_MAX];
    uint64_t spool_offset[FATELF_VARIANTS_MAX]; /* the same for variants that are identical */
    unsigned char *note;                        /* .note.fatelf */
    size_t note_size;
    unsigned char *metadata[METADATA_COUNT];
    uint64_t metadata_size[METADATA_COUNT];
    struct stub_file stub;
    struct output output;
    int spool;
    unsigned base; /* index of the variant that the others are coded against */
};

static int by_level(const void *a, const void *b)
{
    const struct build *left = a, *right = b;

    return (left->level > right->level) - (left->level < right->level);
}

/* Replacing what we read from would lose it. */
static bool is_output(const struct create *create, const struct stat *input)
{
    struct stat output;

    return stat(create->options.output, &output) == 0 && input->st_dev == output.st_dev &&
           input->st_ino == output.st_ino;
}

static int open_variants(struct create *create, char **operands, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        create->count++;
        int status = build_open(&create->variants[i], operands[i]);
        if (status)
            return status;
        if (is_output(create, &create->variants[i].stat))
            return fail("%s: is also an input; name another output", create->options.output);
    }
    qsort(create->variants, count, sizeof *create->variants, by_level);
    for (unsigned i = 1; i < count; i++)
        if (create->variants[i].level == create->variants[i - 1].level)
            return fail("%s and %s: both for v%u; a bundle holds one build for each level",
                        create->variants[i - 1].path, create->variants[i].path, create->variants[i].level);
    return 0;
}

/* The level most machines have, or the nearest below it: the common start decodes one stream. */
static unsigned choose_base(const struct create *create)
{
    unsigned wanted = create->options.base ? create->options.base : COMPRESS_BASE_DEFAULT;
    unsigned base = 0;

    for (unsigned i = 1; i < create->count && create->variants[i].level <= wanted; i++)
        base = i;
    return base;
}

static int find_base(struct create *create)
{
    create->base = choose_base(create);
    if (create->options.base && create->variants[create->base].level != create->options.base)
        return fail("--base v%u: there is no build for v%u", create->options.base, create->options.base);
    return 0;
}

static bool is_delta(const struct create *create)
{
    return create->options.delta && create->count > 1 && create->options.compress.encoding == FATELF_ENCODING_ZSTD;
}

/* One such build has none to share with; more are of one program, so once is enough. */
static void warn_about_debug(const struct create *create)
{
    const struct build *first = NULL;

    for (unsigned i = 0; i < create->count; i++) {
        if (!create->variants[i].compressed_debug)
            continue;
        if (first) {
            warn("%s: its debug sections are compressed, which hides what the builds have in common; without "
                 "(-ldflags=-compressdwarf=false for Go, -gz=none for gcc and clang, or strip) the bundle gets smaller",
                 first->path);
            return;
        }
        first = &create->variants[i];
    }
}

static void warn_about(const struct create *create)
{
    if (create->options.quiet)
        return;
    if (is_delta(create))
        warn_about_debug(create);
    for (unsigned i = 0; i < create->count; i++) {
        const struct build *variant = &create->variants[i];
        bool inplace = create->options.launch == FATELF_LAUNCH_INPLACE;
        if (inplace && variant->not_in_place)
            warn("%s: cannot be started in place: %s; it will be started by memfd", variant->path,
                 variant->not_in_place);
        if (variant->uses_origin && (!inplace || variant->not_in_place))
            warn("%s: finds its libraries through $ORIGIN, which is not the bundle's folder when it is started from "
                 "memory",
                 variant->path);
        if (!(variant->stat.st_mode & S_IXUSR))
            warn("%s: not executable, so the bundle is not either; 'chmod +x' it", variant->path);
    }
}

/* Takes back what was appended to the spool since `end`. */
static int cut_spool(const struct create *create, uint64_t end)
{
    if (ftruncate(create->spool, (off_t)end) == 0 && lseek(create->spool, (off_t)end, SEEK_SET) == (off_t)end)
        return 0;
    return fail("%s: its temporary file cannot be cut: %s", create->options.output, strerror(errno));
}

/* The same build for two levels is stored once: takes the second one's payload out of the spool again. */
static int share_payload(struct create *create, unsigned index)
{
    struct fatelf_variant *variant = &create->manifest.variants[index];

    for (unsigned i = 0; i < create->count; i++) {
        const struct fatelf_variant *other = &create->manifest.variants[i];
        if (i == index || other->size != variant->size ||
            memcmp(other->sha256, variant->sha256, sizeof variant->sha256) != 0)
            continue;
        int status = cut_spool(create, create->spool_offset[index]);
        if (status)
            return status;
        size_t size = other->frame_count * sizeof **create->frames;
        struct fatelf_frame *frames = malloc(size);
        if (!frames)
            return fail("out of memory");
        memcpy(frames, create->frames[i], size);
        free(create->frames[index]);
        create->frames[index] = frames;
        create->spool_offset[index] = create->spool_offset[i];
        *variant = *other;
        variant->level = (uint8_t)create->variants[index].level;
        return 0;
    }
    return 0;
}

/* Is the payload that of a lower variant? */
static bool is_shared(const struct create *create, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (create->spool_offset[i] == create->spool_offset[index])
            return true;
    return false;
}

/* Delta coding that saves less than this is not worth a second payload to decode at the start. */
#define DELTA_SAVES_MIN (64.0 * 1024)

/* What the variant would take without delta coding, as seen from the base, which is of one kind with it. */
static double plain_size(const struct create *create, const struct build *variant)
{
    const struct fatelf_variant *base = &create->manifest.variants[create->base];

    return (double)variant->size * (double)base->payload_size / (double)base->size;
}

/* A delta-coded variant starts later than the base, because the base is decoded too: it has to save a quarter. */
static bool delta_pays(double plain, const struct fatelf_variant *coded)
{
    double saved = plain - (double)coded->payload_size;

    return saved >= plain / 4 && saved >= DELTA_SAVES_MIN;
}

/* `base`: NULL, or what to code against if that pays. */
static int compress_one(struct create *create, unsigned index, const struct compress_base *base)
{
    const struct build *variant = &create->variants[index];
    struct fatelf_variant *coded = &create->manifest.variants[index];
    struct fatelf_frame **frames = &create->frames[index];
    uint64_t start = (uint64_t)lseek(create->spool, 0, SEEK_CUR);
    bool always = create->options.base != 0;
    double plain = base ? plain_size(create, variant) : 0;

    create->spool_offset[index] = start;
    if (base && !always && (plain < DELTA_SAVES_MIN || base->variant->size / 2 > variant->size))
        base = NULL;
    int status = compress_build(variant, base, &create->options.compress, create->spool, coded, frames);
    if (!status && base && !always && !delta_pays(plain, coded)) {
        progress_take_back(coded->size, coded->payload_size);
        free(*frames);
        *frames = NULL;
        status = cut_spool(create, start);
        if (!status)
            status = compress_build(variant, NULL, &create->options.compress, create->spool, coded, frames);
    }
    return status ? status : share_payload(create, index);
}

/* Delta coding reads the base again and again; what was coded against other bytes of it could not be decoded. */
static int check_unchanged(const struct create *create)
{
    for (unsigned i = 0; i < create->count; i++) {
        const struct build *variant = &create->variants[i];
        struct stat now;
        if (fstat(variant->fd, &now) != 0 || now.st_size != variant->stat.st_size ||
            now.st_mtim.tv_sec != variant->stat.st_mtim.tv_sec || now.st_mtim.tv_nsec != variant->stat.st_mtim.tv_nsec)
            return fail("%s: changed while it was read", variant->path);
    }
    return 0;
}

static int compress_variants(struct create *create)
{
    const struct build *base = &create->variants[create->base];
    bool delta = is_delta(create);
    struct locator *locator = NULL;
    uint64_t total = 0;

    for (unsigned i = 0; i < create->count; i++)
        total += create->variants[i].size;
    create->options.compress.output = create->options.output;
    create->spool = file_spool(create->options.output);
    if (create->spool < 0)
        return fail("%s: no room for a temporary file beside it: %s", create->options.output, strerror(errno));

    progress_start(total, create->options.quiet);
    int status = compress_one(create, create->base, NULL);
    if (!status && delta) {
        locator = locator_make(base->fd, base->size);
        if (!locator)
            status = fail("%s: cannot be read: %s", base->path, errno ? strerror(errno) : "it became shorter");
    }
    struct compress_base against = {.variant = base, .locator = locator};
    for (unsigned i = 0; !status && i < create->count; i++)
        if (i != create->base)
            status = compress_one(create, i, delta ? &against : NULL);
    locator_free(locator);
    progress_clear();
    return status ? status : check_unchanged(create);
}

static void read_metadata(struct create *create)
{
    const struct build *lowest = &create->variants[0];

    for (size_t i = 0; i < METADATA_COUNT; i++)
        create->metadata[i] = build_section(lowest, metadata[i].name, &create->metadata_size[i]);
}

/* The note around the manifest; its payload offsets are still to be filled in. */
static int make_note(struct create *create)
{
    size_t size = fatelf_manifest_size(create->manifest.variants, create->count);
    Elf64_Nhdr header = {
        .n_namesz = sizeof FATELF_NOTE_OWNER,
        .n_descsz = (Elf64_Word)size,
        .n_type = FATELF_NOTE_MANIFEST,
    };

    create->note_size = sizeof header + layout_round_up(sizeof FATELF_NOTE_OWNER, 4) + size;
    create->note = calloc(1, create->note_size);
    if (!create->note)
        return fail("out of memory");
    memcpy(create->note, &header, sizeof header);
    memcpy(create->note + sizeof header, FATELF_NOTE_OWNER, sizeof FATELF_NOTE_OWNER);
    return 0;
}

/* The end of the stub's segments in memory. */
static uint64_t stub_end(const struct stub_file *stub)
{
    uint64_t end = 0;

    for (size_t i = 0; i < stub->elf.count; i++) {
        const Elf64_Phdr *segment = &stub->elf.program_headers[i];
        if (segment->p_type == PT_LOAD && segment->p_vaddr + segment->p_memsz > end)
            end = segment->p_vaddr + segment->p_memsz;
    }
    return end;
}

static const char *const payload_names[] = {".fatelf.v1", ".fatelf.v2", ".fatelf.v3", ".fatelf.v4"};

/* Lists the sections to add, in the order in which they lie in the bundle. */
static size_t list_parts(const struct create *create, struct layout_part *places, struct write_part *parts)
{
    size_t count = 0;

    places[count] = (struct layout_part){.name = ".note.fatelf", .size = create->note_size, .alignment = 4};
    parts[count++] = (struct write_part){.note = true, .bytes = create->note};
    for (size_t i = 0; i < METADATA_COUNT; i++) {
        if (!create->metadata[i])
            continue;
        places[count] = (struct layout_part){
            .name = metadata[i].name,
            .size = create->metadata_size[i],
            .alignment = metadata[i].note ? 4 : 16,
        };
        parts[count++] = (struct write_part){.note = metadata[i].note, .bytes = create->metadata[i]};
    }
    for (unsigned i = 0; i < create->count; i++) {
        const struct fatelf_variant *variant = &create->manifest.variants[i];
        if (is_shared(create, i))
            continue;
        places[count] = (struct layout_part){
            .name = payload_names[variant->level - 1],
            .size = variant->payload_size,
            .alignment = create->options.align,
        };
        parts[count++] = (struct write_part){.spool_offset = create->spool_offset[i]};
    }
    for (size_t i = 0; i < count; i++)
        parts[i].place = &places[i];
    return count;
}

static int write_output(struct create *create)
{
    struct layout_part places[LAYOUT_PARTS_MAX];
    struct write_part parts[LAYOUT_PARTS_MAX];
    struct fatelf_manifest *manifest = &create->manifest;
    const void *elves[FATELF_VARIANTS_MAX];
    bool inplace = create->options.launch == FATELF_LAUNCH_INPLACE;

    for (unsigned i = 0; i < create->count; i++) {
        elves[i] = create->variants[i].elf;
        manifest->variants[i].elf_size = create->variants[i].elf_size;
    }
    int status = make_note(create);
    if (status)
        return status;
    size_t count = list_parts(create, places, parts);
    layout_place(stub_end(&create->stub), places, count);

    size_t note_header = create->note_size - fatelf_manifest_size(manifest->variants, create->count);
    uint64_t manifest_address = places[0].address + note_header;
    for (unsigned i = 0; i < create->count; i++)
        for (size_t k = 0; k < count; k++)
            if (!parts[k].bytes && parts[k].spool_offset == create->spool_offset[i])
                manifest->variants[i].payload_offset = places[k].address - manifest_address;
    manifest->header.variant_count = (uint8_t)create->count;
    manifest->header.launch = (uint8_t)create->options.launch;
    manifest->header.compatible = create->options.go_env ? FATELF_COMPATIBLE_GO_ENV : 0;
    int error = fatelf_manifest_encode(manifest, elves, create->frames, create->note + note_header);
    if (error)
        return fail("%s: cannot be made: %s", create->options.output, fatelf_error_text(error));
    return write_bundle(create->output.temporary, create->options.output, &create->stub, parts, count, inplace,
                        create->spool);
}

/* What everybody may do with all of the inputs. */
static mode_t common_mode(const struct create *create)
{
    mode_t mode = S_IRWXU | S_IRWXG | S_IRWXO;

    for (unsigned i = 0; i < create->count; i++)
        mode &= create->variants[i].stat.st_mode;
    return mode;
}

static void tell(const struct create *create)
{
    struct stat stat;
    uint64_t largest = 0;

    for (unsigned i = 0; i < create->count; i++) {
        const struct fatelf_variant *variant = &create->manifest.variants[i];
        fprintf(stderr, "v%u: %s, %llu bytes, %.1f %% of its size, %s", variant->level, create->variants[i].path,
                (unsigned long long)variant->payload_size, (double)variant->payload_size * 100 / (double)variant->size,
                fatelf_encoding_name(variant->encoding));
        if (variant->base)
            fprintf(stderr, " of v%u", variant->base);
        fputs(is_shared(create, i) ? ", shared with a lower level\n" : "\n", stderr);
        largest = variant->size > largest ? variant->size : largest;
    }
    if (fstat(create->output.fd, &stat) == 0)
        fprintf(stderr, "%s: %lld bytes, %.2f times the largest build\n", create->options.output,
                (long long)stat.st_size, (double)stat.st_size / (double)largest);
}

static int run_steps(struct create *create, char **operands, unsigned count)
{
    int status = open_variants(create, operands, count);

    if (!status)
        status = find_base(create);
    if (!status)
        status = stub_open(&create->stub, create->options.stub);
    if (!status && is_output(create, &create->stub.stat))
        status = fail("%s: is also an input; name another output", create->options.output);
    if (!status)
        status = output_open(&create->output, create->options.output, create->options.force);
    if (status)
        return status;
    warn_about(create);
    read_metadata(create);
    status = compress_variants(create);
    if (!status)
        status = write_output(create);
    if (!status && create->options.verbose)
        tell(create);
    if (!status)
        status = output_commit(&create->output, common_mode(create));
    return status;
}

static int run_create(const struct command *command, int argc, char **argv)
{
    struct create create = {.spool = -1, .stub = {.fd = -1}, .output = {.fd = -1}};
    int status = create_options(command, argc, argv, &create.options);

    if (status)
        return status;
    status = run_steps(&create, argv + optind, (unsigned)(argc - optind));
    progress_clear();
    output_abandon(&create.output);
    if (create.spool >= 0)
        close(create.spool);
    for (unsigned i = 0; i < create.count; i++) {
        build_close(&create.variants[i]);
        free(create.frames[i]);
    }
    for (size_t i = 0; i < METADATA_COUNT; i++)
        free(create.metadata[i]);
    free(create.note);
    stub_close(&create.stub);
    return status;
}

const struct command command_create = {
    .name = "create",
    .synopsis = "-o FILE [OPTION]... [LEVEL=]BUILD...",
    .summary = "join builds for different levels into one executable",
    .options = create_option_rows,
    .run = run_create,
};
