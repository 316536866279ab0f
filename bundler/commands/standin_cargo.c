/* SPDX-License-Identifier: MIT */
/* cargo-fatelf: `cargo fatelf build` makes bundles where `cargo build` makes programs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/say.h"
#include "../base/temporary.h"
#include "cargo.h"
#include "standin.h"

static int print_help(void)
{
    puts("usage: cargo fatelf build [OPTION OF CARGO]...\n"
         "Runs 'cargo build' for each x86-64 level, and makes a bundle in the place of each program.\n"
         "FATELF_FLAGS has options of 'fatelf-amd64 build', as in FATELF_FLAGS='-l v1,v3 --launch inplace'.\n"
         "Other commands are cargo's. Manual: fatelf-amd64(1).");
    return command_finish();
}

/* Whether the triple is one of x86-64 Linux. */
static bool is_our_target(const char *triple)
{
    return strncmp(triple, "x86_64-", 7) == 0 && strstr(triple, "-linux");
}

/*
 * Where cargo would have put the program by itself: its path without the directory of the level and, unless the user
 * chose the target, without that of the target. The caller frees it. NULL: the path is another one.
 */
static char *usual_path(const struct cargo *cargo, const struct build_run *run, const char *path)
{
    const char *slash = "";
    char *ours = NULL, *result = NULL, level[32];

    snprintf(level, sizeof level, "fatelf-amd64-v%u/", run->level);
    if (cargo->directory[strlen(cargo->directory) - 1] != '/')
        slash = "/";
    if (asprintf(&ours, "%s%s%s%s%s", cargo->directory, slash, level, cargo->chosen ? "" : cargo->target,
                 cargo->chosen ? "" : "/") < 0)
        return NULL;
    if (strncmp(path, ours, strlen(ours)) == 0 &&
        asprintf(&result, "%s%s%s", cargo->directory, slash, path + strlen(ours)) < 0)
        result = NULL;
    free(ours);
    return result;
}

/* Gives each run the program that cargo would have put at `output`. False: a run has none. */
static bool find_programs(struct build_levels *build, const struct cargo *cargo, const char *output)
{
    for (unsigned i = 0; i < build->count; i++) {
        struct build_run *run = &build->runs[i];
        free(run->program);
        run->program = NULL;
        for (unsigned k = 0; k < run->executable_count && !run->program; k++) {
            char *path = usual_path(cargo, run, run->executables[k]);
            if (path && strcmp(path, output) == 0)
                run->program = strdup(run->executables[k]);
            free(path);
        }
        if (!run->program)
            return false;
    }
    return true;
}

/* Makes a bundle of each program. */
static int join(struct build_levels *build, const struct cargo *cargo, const struct create_options *options)
{
    const struct build_run *first = &build->runs[0];

    for (unsigned i = 0; i < first->executable_count; i++) {
        struct create_options its_options = *options;
        char *output = usual_path(cargo, first, first->executables[i]);
        int status = 0;
        its_options.output = output;
        if (!output)
            status = fail("%s: not below cargo's target directory %s", first->executables[i], cargo->directory);
        else if (!find_programs(build, cargo, output))
            status = fail("%s: cargo has not made it for every level", output);
        else if (!temporary_directories(output))
            status = fail("%s: cannot be created: %s", output, strerror(errno));
        else
            status = build_levels_join(build, &its_options);
        free(output);
        if (status)
            return status;
    }
    return 0;
}

static int build_all(const struct cargo *cargo, char **words)
{
    struct build_levels build = {.count = 0};
    struct create_options options;
    int status = standin_options(&options);

    if (status)
        return status;
    build_levels_prepare(&build, options.levels);
    for (unsigned i = 0; i < build.count; i++) {
        for (char **word = words; *word; word++)
            build_levels_argument(&build.runs[i], *word);
        if (!build.runs[i].out_of_memory)
            cargo_prepare(&build.runs[i], 2);
    }
    cargo_set_environment(cargo, options.code.quiet);
    status = build_levels_run(&build, &options, true);
    if (!status)
        status = join(&build, cargo, &options);
    build_levels_release(&build);
    return status;
}

/* cargo calls "cargo-fatelf fatelf build ..." for "cargo fatelf build ..."; the first two words become "cargo". */
static int run(int argc, char **argv)
{
    static char name[] = "cargo";
    char *cargo_path = getenv("CARGO"), **words = argv;
    struct cargo cargo = {0};

    if (argc > 1 && strcmp(argv[1], "fatelf") == 0)
        words++;
    if (!words[1] || strcmp(words[1], "-h") == 0 || strcmp(words[1], "--help") == 0)
        return print_help();
    words[0] = name;
    if (!cargo_path)
        cargo_path = name;
    if (cargo_builds(words) == 1)
        cargo_ask(&cargo, cargo_path, words + 2);
    if (!cargo.directory || !cargo.target || !is_our_target(cargo.target))
        return standin_exec(cargo_path, words);
    words[0] = cargo_path;
    int status = build_all(&cargo, words);
    cargo_release(&cargo);
    return status;
}

const struct standin standin_cargo = {.name = "cargo-fatelf", .run = run};
