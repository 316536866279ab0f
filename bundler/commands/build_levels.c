/* SPDX-License-Identifier: MIT */
#include "build_levels.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/level.h"
#include "../base/file.h"
#include "../base/say.h"
#include "../base/temporary.h"
#include "create.h"

void build_levels_prepare(struct build_levels *build, unsigned levels)
{
    for (unsigned level = FATELF_LEVEL_MIN; level <= FATELF_LEVEL_MAX; level++)
        if (levels >> level & 1)
            build->runs[build->count++] = (struct build_run){.level = level, .streams = {-1, -1}};
}

/*
 * Version control must not see the directory: `go build` records whether there are files that it does not know, and
 * what the first run makes would be such a file for the second one.
 */
static bool hide_from_version_control(const char *directory)
{
    static const char everything[] = "*\n";
    char *path;

    if (asprintf(&path, "%s/.gitignore", directory) < 0)
        return false;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool hidden = fd >= 0 && write(fd, everything, sizeof everything - 1) == sizeof everything - 1;
    if (fd >= 0)
        close(fd);
    free(path);
    return hidden;
}

/* The directory of each run, and the path of its program. */
static bool make_outputs(struct build_levels *build, const char *name)
{
    for (unsigned i = 0; i < build->count; i++) {
        struct build_run *run = &build->runs[i];
        if (asprintf(&run->directory, "%s/v%u", build->directory, run->level) < 0)
            run->directory = NULL;
        if (!run->directory || mkdir(run->directory, S_IRWXU) != 0 ||
            asprintf(&run->output, "%s/%s", run->directory, name) < 0)
            return false;
    }
    return true;
}

int build_levels_make_directory(struct build_levels *build, const char *path)
{
    const char *name = base_name(path);
    char *parent = name == path ? strdup(".") : strndup(path, (size_t)(name - path));
    char *absolute = parent ? realpath(parent, NULL) : NULL; /* the command may change its directory */
    int status = 0;

    if (!absolute)
        status = fail("%s: cannot be created: %s", path, strerror(errno));
    else if (asprintf(&build->directory, "%s/.%.200s.XXXXXX", absolute, name) < 0)
        status = fail("out of memory");
    else if (!temporary_directory(build->directory)) {
        status = fail("%s: no temporary directory can be created beside it: %s", path, strerror(errno));
        free(build->directory);
        build->directory = NULL;
    } else if (!hide_from_version_control(build->directory) || !make_outputs(build, name)) {
        status = fail("%s: cannot be written: %s", build->directory, strerror(errno));
    }
    free(parent);
    free(absolute);
    return status;
}

void build_levels_argument(struct build_run *run, const char *argument)
{
    unsigned count = run->argument_count;
    char **arguments = run->out_of_memory ? NULL : reallocarray(run->arguments, count + 2, sizeof *arguments);

    if (arguments) {
        run->arguments = arguments;
        arguments[count] = argument ? strdup(argument) : NULL;
        arguments[count + 1] = NULL;
        run->argument_count += arguments[count] != NULL;
    }
    run->out_of_memory = !arguments || !arguments[count];
}

int build_levels_run(struct build_levels *build, const struct create_options *options, bool side_by_side)
{
    for (unsigned i = 0; i < build->count; i++)
        if (build->runs[i].out_of_memory)
            return fail("out of memory");
    int status = build_run_all(build->runs, build->count,
                               options->jobs_given && side_by_side ? options->code.compress.threads : 1);
    if (!status && build->directory)
        temporary_directory_filled(build->directory);
    return status;
}

int build_levels_join(const struct build_levels *build, const struct create_options *options)
{
    char *operands[FATELF_VARIANTS_MAX] = {NULL};
    int status = 0;

    for (unsigned i = 0; !status && i < build->count; i++)
        if (asprintf(&operands[i], "v%u=%s", build->runs[i].level, build->runs[i].program) < 0)
            status = fail("out of memory");
    if (!status)
        status = create_bundle(options, operands, build->count);
    for (unsigned i = 0; i < build->count; i++)
        free(operands[i]);
    return status;
}

void build_levels_release(struct build_levels *build)
{
    for (unsigned i = 0; i < build->count; i++)
        build_run_release(&build->runs[i]);
    if (build->directory)
        temporary_directory_ends(build->directory);
    free(build->directory);
}
