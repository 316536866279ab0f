/* SPDX-License-Identifier: MIT */
/* build: runs a command once for each level, and joins the programs that it makes. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/level.h"
#include "../base/say.h"
#include "build_run.h"
#include "commands.h"
#include "create.h"

struct build_command {
    struct create_options options;
    char *directory; /* for the programs, beside the output; owned. NULL: none */
    struct build_run runs[FATELF_VARIANTS_MAX];
    unsigned count;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

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

static bool is_command(char **arguments, const char *program, const char *command)
{
    return strcmp(base_name(arguments[0]), program) == 0 && arguments[1] && strcmp(arguments[1], command) == 0;
}

/* Whether go's arguments say where the program goes. */
static bool has_output(char **arguments)
{
    for (unsigned i = 2; arguments[i]; i++)
        if (strcmp(arguments[i], "-o") == 0 || strncmp(arguments[i], "-o=", 3) == 0 || strstr(arguments[i], "{}"))
            return true;
    return false;
}

/* Fills in a run. `go build` is told where its program goes, `cargo build` to name its programs. */
static int prepare(struct build_run *run, const char *directory, unsigned level, char **command)
{
    unsigned count = 0, at = 0;
    bool go = is_command(command, "go", "build") && !has_output(command);

    while (command[count])
        count++;
    *run = (struct build_run){
        .level = level,
        .streams = {-1, -1},
        .cargo = is_command(command, "cargo", "build"),
        .arguments = calloc(count + 3, sizeof *run->arguments),
    };
    if (!run->arguments || asprintf(&run->output, "%s/v%u", directory, level) < 0)
        return fail("out of memory");
    for (unsigned i = 0; i < count; i++) {
        run->arguments[at++] = expand(command[i], level, run->output);
        if (i == 1 && go) {
            run->arguments[at++] = strdup("-o");
            run->arguments[at++] = strdup(run->output);
        }
        if (i == 1 && run->cargo)
            run->arguments[at++] = strdup("--message-format=json-render-diagnostics");
    }
    for (unsigned i = 0; i < at; i++)
        if (!run->arguments[i])
            return fail("out of memory");
    return 0;
}

/* Makes the directory for the programs. Its path is absolute, because the command may change its directory. */
static int make_directory(struct build_command *build)
{
    const char *output = build->options.output, *name = base_name(output);
    char *parent = name == output ? strdup(".") : strndup(output, (size_t)(name - output));
    char *absolute = parent ? realpath(parent, NULL) : NULL;
    int status = 0;

    if (!absolute)
        status = fail("%s: cannot be created: %s", output, strerror(errno));
    else if (asprintf(&build->directory, "%s/.%.200s.XXXXXX", absolute, name) < 0)
        status = fail("out of memory");
    else if (!mkdtemp(build->directory)) {
        status = fail("%s: no temporary directory can be created beside it: %s", output, strerror(errno));
        free(build->directory);
        build->directory = NULL;
    }
    free(parent);
    free(absolute);
    return status;
}

/* The program among those that cargo has named: the only one, or the one with the name of the output. */
static const char *choose_executable(const struct build_run *run, const char *output)
{
    for (unsigned i = 0; i < run->executable_count; i++)
        if (strcmp(base_name(run->executables[i]), base_name(output)) == 0)
            return run->executables[i];
    return run->executable_count == 1 ? run->executables[0] : NULL;
}

/* Finds the program of a run. --artifact is moved away, so that the next run makes its own. */
static int find_program(struct build_command *build, struct build_run *run)
{
    const char *artifact = build->options.artifact, *executable;

    if (access(run->output, F_OK) == 0) {
        run->program = strdup(run->output);
    } else if (artifact) {
        char *path = expand(artifact, run->level, NULL);
        if (!path)
            return fail("out of memory");
        if (rename(path, run->output) == 0)
            run->program = strdup(run->output);
        else if (errno == EXDEV)
            run->program = strdup(path);
        int status = run->program ? 0
                                  : fail("v%u: %s: the command has left no program there: %s", run->level, path,
                                         strerror(errno));
        free(path);
        return status;
    } else if ((executable = choose_executable(run, build->options.output))) {
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

static int find_programs(struct build_command *build)
{
    for (unsigned i = 0; i < build->count; i++) {
        int status = find_program(build, &build->runs[i]);
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
static bool can_run_side_by_side(char **command)
{
    if (is_command(command, "go", "build") || is_command(command, "cargo", "build"))
        return true;
    for (; *command; command++)
        if (strstr(*command, "{level}") || strstr(*command, "{march}"))
            return true;
    return false;
}

/* Runs one command after the other, and takes its program away before the next one begins. */
static int run_in_turn(struct build_command *build)
{
    int status = 0;

    for (unsigned i = 0; !status && i < build->count; i++) {
        status = build_run_all(&build->runs[i], 1, 1);
        if (!status && build->options.artifact && access(build->runs[i].output, F_OK) != 0) {
            status = find_program(build, &build->runs[i]);
            free(build->runs[i].program);
            build->runs[i].program = NULL;
        }
    }
    return status;
}

static int join(struct build_command *build)
{
    char *operands[FATELF_VARIANTS_MAX] = {NULL};
    int status = find_programs(build);

    for (unsigned i = 0; !status && i < build->count; i++)
        if (asprintf(&operands[i], "v%u=%s", build->runs[i].level, build->runs[i].program) < 0)
            status = fail("out of memory");
    if (!status)
        status = create_bundle(&build->options, operands, build->count);
    for (unsigned i = 0; i < build->count; i++)
        free(operands[i]);
    return status;
}

static void release(struct build_command *build)
{
    for (unsigned i = 0; i < build->count; i++) {
        struct build_run *run = &build->runs[i];
        if (run->output)
            unlink(run->output);
        for (char **argument = run->arguments; argument && *argument; argument++)
            free(*argument);
        for (unsigned k = 0; k < run->executable_count; k++)
            free(run->executables[k]);
        free(run->executables);
        free(run->arguments);
        free(run->output);
        free(run->program);
        free(run->lines[0]);
        free(run->lines[1]);
    }
    if (build->directory)
        rmdir(build->directory);
    free(build->directory);
}

static int run_build(const struct command *command, int argc, char **argv)
{
    struct build_command build = {.count = 0};
    int status = build_options(command, argc, argv, &build.options);
    char **words = argv + optind;

    if (!status)
        status = make_directory(&build);
    for (unsigned level = FATELF_LEVEL_MIN; !status && level <= FATELF_LEVEL_MAX; level++)
        if (build.options.levels >> level & 1)
            status = prepare(&build.runs[build.count++], build.directory, level, words);
    if (!status)
        status = build.options.jobs_given && can_run_side_by_side(words)
                     ? build_run_all(build.runs, build.count, build.options.code.compress.threads)
                     : run_in_turn(&build);
    if (!status)
        status = join(&build);
    release(&build);
    return status;
}

const struct command command_build = {
    .name = "build",
    .synopsis = "-o FILE [-l LEVELS] [OPTION]... -- COMMAND [ARGUMENT]...",
    .summary = "run a command for each level, and join the programs that it makes",
    .options = build_option_rows,
    .run = run_build,
};
