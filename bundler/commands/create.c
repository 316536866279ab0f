/* SPDX-License-Identifier: MIT */
/* create: opens the builds, codes them into payloads, and writes the bundle. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../lib/encoding.h"
#include "../base/output.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../bundle/assemble.h"
#include "../bundle/code.h"
#include "../bundle/debug_files.h"
#include "../bundle/readback.h"
#include "../input/advice.h"
#include "../input/compare.h"
#include "../input/isa_advice.h"
#include "commands.h"
#include "create.h"

struct create {
    struct create_options options;
    struct build operands[FATELF_VARIANTS_MAX]; /* by level, once all are open */
    struct build stripped[FATELF_VARIANTS_MAX]; /* with --debug-dir */
    struct build *builds;                       /* what the bundle gets: one of these two */
    unsigned count, stripped_count;
    struct debug_files debug_files;
    struct assembly assembly;
    struct stub_file stub;
    struct output output;
};

static int by_level(const void *a, const void *b)
{
    const struct build *left = a, *right = b;

    return (left->level > right->level) - (left->level < right->level);
}

static int open_builds(struct create *create, char **operands, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        create->count++;
        int status = build_open(&create->operands[i], operands[i]);
        if (status)
            return status;
    }
    qsort(create->operands, count, sizeof *create->operands, by_level);
    create->builds = create->operands;
    for (unsigned i = 1; i < count; i++)
        if (create->operands[i].level == create->operands[i - 1].level)
            return fail("%s and %s: both for v%u; a bundle has at most one variant for each level",
                        create->operands[i - 1].path, create->operands[i].path, create->operands[i].level);
    return create->options.different ? 0 : compare_builds(create->operands, create->count);
}

/* --debug-dir: the bundle gets the builds without their debug information. */
static int strip_builds(struct create *create)
{
    int status = 0;

    if (!create->options.debug_directory)
        return 0;
    for (unsigned i = 0; !status && i < create->count; i++) {
        create->stripped_count++;
        status = debug_files_split(&create->debug_files, &create->operands[i], &create->stripped[i]);
    }
    create->builds = create->stripped;
    return status;
}

/* Fills the assembly from the builds. */
static int assemble(struct create *create)
{
    struct assembly *assembly = &create->assembly;
    unsigned base = create->options.code.base;

    assembly->launch = create->options.launch;
    assembly->go_env = create->options.go_env;
    assembly->align = create->options.align;
    for (unsigned i = 0; i < create->count; i++) {
        int status = assembly_add_build(assembly, &create->builds[i]);
        if (status)
            return status;
    }
    if (base && !assembly_find(assembly, base))
        return fail("--base v%u: there is no build for v%u", base, base);
    bool stored = !fatelf_encoding_by_number(create->options.code.compress.encoding)->decode;
    int status = metadata_read(&assembly->metadata, create->builds[0].bfd, create->builds[0].path);
    if (!status && create->options.package_metadata)
        status = metadata_set_package(&assembly->metadata, create->options.package_metadata);
    assembly->metadata.no_strings = create->options.no_strings;
    if (!status && !stored && !create->options.no_strings)
        status = metadata_add_strings(&assembly->metadata, create->builds[0].bfd);
    for (unsigned i = 0; !status && i < create->count; i++)
        status = linkage_read(&assembly->linkage, create->builds[i].bfd, linkage_level(create->builds[i].level));
    linkage_sort(&assembly->linkage);
    return status ? status
                  : appended_collect(&assembly->appended, create->builds, create->count,
                                     create->options.ignore_appended, stored);
}

/* Prints the warnings. Returns 0, or reports that a build cannot be read and returns an exit status. */
static int advise(const struct create *create)
{
    struct advice advice = {
        .builds = create->builds,
        .count = create->count,
        .different = create->options.different,
        .delta = code_uses_delta(&create->assembly, &create->options.code),
        .in_place = create->options.launch->executable,
    };

    if (!create->options.code.quiet) {
        if (create->options.built && create->count > 1 && create->assembly.payload_count == 1)
            warn("the command has made the same program for every level; if it does not build all again each time, "
                 "give each level a directory with {level} in its name (make: or use -B)");
        advice_give(&advice);
        appended_tell(&create->assembly.appended, &create->builds[0], create->options.launch->executable);
    }
    unsigned threads = create->options.code.compress.threads;
    return create->options.code.quiet ? 0 : isa_advise_builds(create->operands, create->count, threads);
}

/* The permissions that all builds have in common. */
static mode_t common_mode(const struct create *create)
{
    mode_t mode = S_IRWXU | S_IRWXG | S_IRWXO;

    for (unsigned i = 0; i < create->count; i++)
        mode &= create->builds[i].stat.st_mode;
    return mode;
}

/* --verbose: reports what was written. */
static void tell(const struct create *create)
{
    struct stat written;
    uint64_t largest = 0;

    for (unsigned i = 0; i < create->count; i++) {
        const struct payload *payload = &create->assembly.payloads[create->assembly.variants[i].payload];
        const struct coded *coded = &payload->coded;
        fprintf(stderr, "v%u: ", create->builds[i].level);
        say_text(stderr, create->builds[i].path);
        fprintf(stderr, ", %llu bytes, %.1f %% of its size, %s", (unsigned long long)coded->payload_size,
                (double)coded->payload_size * 100 / (double)coded->size,
                fatelf_encoding_by_number(coded->encoding)->name);
        if (payload->base)
            fprintf(stderr, " of v%u", payload->base);
        fputs(assembly_is_shared(&create->assembly, i) ? ", shared with a lower level\n" : "\n", stderr);
        largest = coded->size > largest ? coded->size : largest;
    }
    if (stat(create->options.output, &written) != 0)
        return;
    say_text(stderr, create->options.output);
    fprintf(stderr, ": %lld bytes, %.2f times the largest build\n", (long long)written.st_size,
            (double)written.st_size / (double)largest);
}

static int run_steps(struct create *create, char **operands, unsigned count)
{
    int status = open_builds(create, operands, count);

    if (!status)
        status = strip_builds(create);
    if (!status)
        status = assemble(create);
    if (!status)
        status = stub_open(&create->stub, create->options.stub);
    if (!status)
        status = stub_check_output(&create->stub, create->options.output);
    if (!status)
        status = output_open(&create->output, create->options.output, create->options.force);
    if (status)
        return status;
    status = advise(create);
    if (!status)
        status = code_payloads(&create->assembly, &create->options.code);
    if (!status)
        status = assembly_write(&create->assembly, &create->stub, create->output.temporary);
    if (!status)
        status = readback(&create->assembly, create->output.temporary, create->options.code.compress.threads,
                          create->options.code.quiet);
    if (!status)
        status = debug_files_commit(&create->debug_files);
    if (!status)
        status = output_commit(&create->output, common_mode(create));
    if (!status && create->options.verbose)
        tell(create);
    return status;
}

int create_bundle(const struct create_options *options, char **operands, unsigned count)
{
    struct create create = {.options = *options, .stub = {.fd = -1}, .output = {.fd = -1}};

    create.options.code.compress.output = options->output;
    create.assembly = assembly_make(options->output);
    create.debug_files = (struct debug_files){
        .directory = options->debug_directory, .force = options->force, .verbose = options->verbose};
    int status = run_steps(&create, operands, count);
    progress_clear();
    output_abandon(&create.output);
    assembly_free(&create.assembly);
    debug_files_release(&create.debug_files);
    for (unsigned i = 0; i < create.count; i++)
        build_close(&create.operands[i]);
    for (unsigned i = 0; i < create.stripped_count; i++)
        build_close(&create.stripped[i]);
    stub_close(&create.stub);
    return status;
}

static int run_create(const struct command *command, int argc, char **argv)
{
    struct create_options options;
    int status = create_options(command, argc, argv, &options);

    return status ? status : create_bundle(&options, argv + optind, (unsigned)(argc - optind));
}

const struct command command_create = {
    .name = "create",
    .synopsis = "-o FILE [OPTION]... [LEVEL=]BUILD...",
    .summary = "join builds for different levels into one executable",
    .options = create_option_rows,
    .operands = {&argument_builds},
    .run = run_create,
};
