/* SPDX-License-Identifier: MIT */
/* build: runs a command once for each level, and joins the programs that it makes. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/output.h"
#include "../base/say.h"
#include "build_levels.h"
#include "cargo.h"
#include "commands.h"
#include "go_arguments.h"

/* The text with every `what` replaced. The caller frees it. */
static char *replace(const char *text, const char *what, const char *with)
{
    char *result = NULL;
    size_t size;
    FILE *out = open_memstream(&result, &size);

    if (!out)
        return NULL;
    for (const char *found; (found = strstr(text, what)); text = found + strlen(what))
        fprintf(out, "%.*s%s", (int)(found - text), text, with);
    fputs(text, out);
    fclose(out);
    return result;
}

/* An argument or a path for this run: with the level, and if `output` is not NULL, with that for "{}". */
static char *expand(const char *text, unsigned level, const char *output)
{
    char name[8], march[16];

    snprintf(name, sizeof name, "v%u", level);
    snprintf(march, sizeof march, "x86-64%s%s", level > 1 ? "-" : "", level > 1 ? name : "");
    char *one = replace(text, "{level}", name), *two = one ? replace(one, "{march}", march) : NULL;
    char *three = two && output ? replace(two, "{}", output) : NULL;
    free(one);
    if (!output)
        return two;
    free(two);
    return three;
}

static bool is_go(char **command)
{
    return strcmp(base_name(command[0]), "go") == 0 && command[1] && strcmp(command[1], "build") == 0;
}

/* Whether this is a `go build` that does not say where its program goes. */
static bool is_go_without_output(char **command)
{
    struct go_arguments arguments = {.output = NULL};
    bool without = is_go(command) && go_arguments_parse(&arguments, command + 2) && !arguments.output;

    go_arguments_free(&arguments);
    for (; *command; command++)
        without = without && !strstr(*command, "{}");
    return without;
}

/* Fills in the command of a run. `go build` is told where its program goes, `cargo build` to name its programs. */
static void prepare(struct build_run *run, char **command)
{
    unsigned cargo = cargo_builds(command);
    bool go = is_go_without_output(command);

    for (unsigned i = 0; command[i]; i++) {
        char *argument = expand(command[i], run->level, run->output);
        build_levels_argument(run, argument);
        free(argument);
        if (i == 1 && go) {
            build_levels_argument(run, "-o");
            build_levels_argument(run, run->output);
        }
    }
    if (cargo && !run->out_of_memory)
        cargo_prepare(run, cargo + 1);
}

/* The program among those that cargo has named: the only one, or the one with the name of the output. */
static const char *choose_executable(const struct build_run *run, const char *output)
{
    for (unsigned i = 0; i < run->executable_count; i++)
        if (strcmp(base_name(run->executables[i]), base_name(output)) == 0)
            return run->executables[i];
    return run->executable_count == 1 ? run->executables[0] : NULL;
}

/* Whether the path is another one for each level. Then no other run needs it. */
static bool is_for_one_level(const char *artifact)
{
    return strstr(artifact, "{level}") || strstr(artifact, "{march}");
}

/* Finds the program of a run. --artifact is moved away if it is for all runs, so that the next one makes its own. */
static int find_program(const struct create_options *options, struct build_run *run)
{
    const char *artifact = options->artifact, *executable;

    if (access(run->output, F_OK) == 0) {
        run->program = strdup(run->output);
    } else if (artifact) {
        char *path = expand(artifact, run->level, NULL);
        if (!path)
            return fail("out of memory");
        if (is_for_one_level(artifact) && access(path, F_OK) == 0)
            run->program = strdup(path);
        else if (!is_for_one_level(artifact) && file_move(path, run->output))
            run->program = strdup(run->output);
        int status = run->program ? 0
                                  : fail("v%u: %s: the command has left no program there: %s", run->level, path,
                                         strerror(errno));
        free(path);
        return status;
    } else if ((executable = choose_executable(run, options->output))) {
        run->program = strdup(executable);
    } else if (run->executable_count > 1) {
        return fail("v%u: cargo has made %u programs; name one with --bin, or as the output", run->level,
                    run->executable_count);
    } else {
        return fail("v%u: the command has left no program at FATELF_OUTPUT; write {} where it wants the name of its "
                    "output, or say with --artifact where it is",
                    run->level);
    }
    return run->program ? 0 : fail("out of memory");
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int find_programs(struct build_levels *build, const struct create_options *options)
{
    for (unsigned i = 0; i < build->count; i++) {
        int status = find_program(options, &build->runs[i]);
        if (status)
            return status;
        for (unsigned other = 0; other < i; other++)
            if (is_same_file(build->runs[i].program, build->runs[other].program))
                return fail("v%u and v%u: the command has left the same file, %s; it needs one for each level, for "
                            "instance with {level} in its name",
                            build->runs[other].level, build->runs[i].level, build->runs[i].program);
    }
    return 0;
}

/* Whether two runs do not get in each other's way: each has its own output, or is told its level. */
static bool can_run_side_by_side(char **command, const char *artifact)
{
    if (artifact && !is_for_one_level(artifact))
        return false;
    if (is_go(command) || cargo_builds(command))
        return true;
    for (; *command; command++)
        if (strstr(*command, "{level}") || strstr(*command, "{march}"))
            return true;
    return false;
}

/* Runs one command after the other, and takes its program away before the next one begins. */
static int run_in_turn(struct build_levels *build, const struct create_options *options)
{
    int status = 0;

    for (unsigned i = 0; !status && i < build->count; i++) {
        struct build_run *run = &build->runs[i];
        status = build_run_all(run, 1, 1);
        if (!status && options->artifact && access(run->output, F_OK) != 0) {
            status = find_program(options, run);
            free(run->program);
            run->program = NULL;
        }
    }
    return status;
}

/* The command may be followed by --artifact PATH, which is not for it. */
static const char *take_artifact(char **command)
{
    static const char name[] = "--artifact";
    unsigned count = 0;

    while (command[count])
        count++;
    char *value = count > 1 ? command[count - 1] : NULL;
    if (value && strncmp(value, name, sizeof name - 1) == 0 && value[sizeof name - 1] == '=') {
        command[count - 1] = NULL;
        return value + sizeof name;
    }
    if (count < 3 || strcmp(command[count - 2], name) != 0)
        return NULL;
    command[count - 2] = NULL;
    return value;
}

/*
 * Puts a program that an earlier command has left at the artifact's path aside, so that this one makes its own. Returns
 * where it is; the caller frees it. NULL: there is none.
 */
static char *put_aside(const struct build_levels *build, const char *artifact)
{
    char *aside;

    if (!artifact || is_for_one_level(artifact) || access(artifact, F_OK) != 0 ||
        asprintf(&aside, "%s/earlier", build->directory) < 0)
        return NULL;
    if (file_move(artifact, aside))
        return aside;
    free(aside);
    return NULL;
}

static void adapt_to_cargo(char **command, bool quiet)
{
    struct cargo cargo;

    cargo_ask(&cargo, command[0], command + cargo_builds(command) + 1);
    cargo_set_environment(&cargo, quiet);
    cargo_release(&cargo);
}

static int run_build(const struct command *command, int argc, char **argv)
{
    struct build_levels build = {.count = 0};
    struct create_options options;
    int status = build_options(command, argc, argv, &options);
    char **words = argv + optind;

    if (status)
        return status;
    if (!options.artifact)
        options.artifact = take_artifact(words);
    build_levels_prepare(&build, options.levels);
    options.built = !is_go(words) && !cargo_builds(words);
    status = output_check(options.output, options.force);
    if (!status)
        status = build_levels_make_directory(&build, options.output);
    char *earlier = status ? NULL : put_aside(&build, options.artifact);
    if (!status && cargo_builds(words))
        adapt_to_cargo(words, options.code.quiet);
    for (unsigned i = 0; !status && i < build.count; i++)
        prepare(&build.runs[i], words);
    if (!status)
        status = can_run_side_by_side(words, options.artifact) ? build_levels_run(&build, &options, true)
                                                               : run_in_turn(&build, &options);
    if (!status)
        status = find_programs(&build, &options);
    if (!status)
        status = build_levels_join(&build, &options);
    if (status && earlier && access(options.artifact, F_OK) != 0)
        file_move(earlier, options.artifact);
    free(earlier);
    build_levels_release(&build);
    return status;
}

static const struct argument command = {.name = "COMMAND", .kind = ARGUMENT_COMMAND};

const struct command command_build = {
    .name = "build",
    .synopsis = "-o FILE [-l LEVELS] [OPTION]... -- COMMAND [ARGUMENT]...",
    .summary = "run a command for each level, and join the programs that it makes",
    .options = build_option_rows,
    .operands = {&command},
    .run = run_build,
};
