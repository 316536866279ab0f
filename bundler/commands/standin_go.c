/* SPDX-License-Identifier: MIT */
/* fatelf-go: behaves as go, but `build` makes a bundle of a program for linux/amd64. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/level.h"
#include "../base/capture.h"
#include "../base/file.h"
#include "../base/say.h"
#include "../base/temporary.h"
#include "go_arguments.h"
#include "standin.h"

/* One `go build`. */
struct go_build {
    const char *go; /* the command */
    struct go_arguments arguments;
    struct create_options options;
    struct build_levels levels;
    const char *directory; /* where the programs go: a directory with its '/', or "" for this one. NULL: to `file` */
    const char *file;      /* where the only program goes */
};

/* --- the go command --------------------------------------------------------------------------------------------------- */

/* Whether the path leads to this tool, under whatever name. */
static bool is_this_tool(const char *path)
{
    char *real = realpath(path, NULL);
    bool is = real && strncmp(base_name(real), "fatelf-", 7) == 0;

    free(real);
    return is;
}

/* FATELF_GO, or the first "go" in PATH that is not this tool. The caller frees it. NULL: out of memory. */
static char *find_go(void)
{
    const char *given = getenv("FATELF_GO");
    char *found = given && *given ? strdup(given) : file_in_path("go", is_this_tool);

    return found ? found : strdup("go");
}

/* Whether go builds for linux/amd64 here, programs that are wanted. Sets *lowest to the level in GOAMD64. */
static bool makes_our_programs(const char *go, unsigned *lowest)
{
    char *text = capture((const char *const[]){go, "env", "GOOS", "GOARCH", "GOAMD64", "GOFLAGS", NULL}), *rest = text;
    const char *os = strsep(&rest, "\n"), *architecture = strsep(&rest, "\n"), *level = strsep(&rest, "\n");
    const char *flags = strsep(&rest, "\n");
    bool ours = flags && strcmp(os, "linux") == 0 && strcmp(architecture, "amd64") == 0 &&
                !go_flags_make_no_program(flags);

    *lowest = ours ? fatelf_level_parse(level, strlen(level)) : 0;
    free(text);
    return *lowest != 0;
}

/* Asks `go list` for the packages. Returns how many there are; 0: it fails. Sets *programs to how many are programs. */
static unsigned count_packages(const struct go_build *build, unsigned *programs)
{
    const struct go_arguments *arguments = &build->arguments;
    struct build_run list = {.level = 0};
    unsigned count = 0;

    build_levels_argument(&list, build->go);
    build_levels_argument(&list, "list");
    build_levels_argument(&list, "-f={{.Name}}");
    for (unsigned i = 0; arguments->words[i]; i++)
        if (i >= arguments->first || arguments->for_list[i])
            build_levels_argument(&list, arguments->words[i]);
    char *names = list.out_of_memory ? NULL : capture((const char *const *)(void *)list.arguments), *rest = names;
    *programs = 0;
    for (const char *name; (name = strsep(&rest, "\n"));) {
        *programs += strcmp(name, "main") == 0;
        count += *name != 0;
    }
    build_run_release(&list);
    free(names);
    return count;
}

/* --- where the programs go -------------------------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat there;

    return path[strlen(path) - 1] == '/' || (stat(path, &there) == 0 && S_ISDIR(there.st_mode));
}

/* Decides where the programs go. False: go makes no program, or reports an error. */
static bool find_place(struct go_build *build)
{
    const char *output = build->arguments.output;
    unsigned programs, packages = count_packages(build, &programs);

    if (!output) {
        build->directory = "";
        return packages == 1 && programs == 1;
    }
    if (!*output || strcmp(output, "/dev/null") == 0)
        return false;
    if (is_directory(output)) {
        build->directory = output;
        return programs > 0;
    }
    build->file = output;
    return packages == 1 && programs == 1;
}

/* As go does: it replaces what it could have made, and no other file. */
static int check_existing(const char *path)
{
    static const char elf[] = "\177ELF", archive[] = "!<arch>\n";
    char magic[sizeof archive - 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat there;

    if (fd < 0)
        return 0;
    bool object = fstat(fd, &there) != 0 || !S_ISREG(there.st_mode) || there.st_size == 0 ||
                  (file_read(fd, magic, sizeof magic, 0) &&
                   (memcmp(magic, elf, sizeof elf - 1) == 0 || memcmp(magic, archive, sizeof archive - 1) == 0));
    close(fd);
    return object ? 0 : fail("%s: exists and is no program; name another output", path);
}

/* A path beside the outputs for the temporary directory: in the first directory above them that exists. */
static char *find_neighbour(const struct go_build *build)
{
    char *path = strdup(build->file ? build->file : build->directory), *result = NULL;

    for (char *slash; path && (slash = strrchr(path, '/'));) {
        slash[slash == path] = 0; /* the root keeps its slash */
        if (slash == path || access(path, F_OK) == 0) {
            result = path;
            break;
        }
    }
    char *neighbour = NULL;
    if (asprintf(&neighbour, "%s/%s", result ? result : ".", build->file ? base_name(build->file) : "fatelf-go") < 0)
        neighbour = NULL;
    free(path);
    return neighbour;
}

/* --- the builds ------------------------------------------------------------------------------------------------------- */

static int run_builds(struct go_build *build)
{
    struct build_levels *levels = &build->levels;
    char *neighbour = find_neighbour(build);
    int status = neighbour ? build_levels_make_directory(levels, neighbour) : fail("out of memory");

    free(neighbour);
    if (status)
        return status;
    for (unsigned i = 0; i < levels->count; i++) {
        struct build_run *run = &levels->runs[i];
        run->plain = true;
        build_levels_argument(run, build->go);
        build_levels_argument(run, "build");
        build_levels_argument(run, "-o");
        build_levels_argument(run, build->file ? run->output : run->directory);
        for (char **word = build->arguments.words; *word; word++)
            build_levels_argument(run, *word);
    }
    return build_levels_run(levels, &build->options, true);
}

/* Joins the programs of this name, which go has made for all levels. */
static int join(struct go_build *build, const char *name, const char *output)
{
    int status = check_existing(output);

    for (unsigned i = 0; !status && i < build->levels.count; i++) {
        struct build_run *run = &build->levels.runs[i];
        free(run->program);
        if (asprintf(&run->program, "%s/%s", run->directory, name) < 0) {
            run->program = NULL;
            status = fail("out of memory");
        }
    }
    build->options.output = output;
    if (!status)
        status = temporary_directories(output) ? 0 : fail("%s: cannot be created: %s", output, strerror(errno));
    return status ? status : build_levels_join(&build->levels, &build->options);
}

/* The path of a file in the directory for the programs. The caller frees it. */
static char *path_in_directory(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    char *path;

    return asprintf(&path, "%s%s%s", directory, length > 0 && directory[length - 1] != '/' ? "/" : "", name) < 0 ? NULL
                                                                                                                 : path;
}

static int join_all(struct go_build *build)
{
    const char *made = build->levels.runs[0].directory;
    struct dirent **entries;
    int status = 0, count = scandir(made, &entries, NULL, alphasort);

    if (count < 0)
        return fail("%s: %s", made, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (!status && name[0] != '.') {
            char *output = path_in_directory(build->directory, name);
            status = output ? join(build, name, output) : fail("out of memory");
            free(output);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int make_bundles(struct go_build *build, unsigned lowest)
{
    int status = standin_options(&build->options);

    if (status)
        return status;
    if (!build->options.levels_given)
        build->options.levels &= ~0u << lowest; /* GOAMD64 is the lowest level that the program has to run on */
    build_levels_prepare(&build->levels, build->options.levels);
    status = run_builds(build);
    if (!status)
        status = build->file ? join(build, base_name(build->file), build->file) : join_all(build);
    build_levels_release(&build->levels);
    return status;
}

/* Returns the exit status; -1: this build is go's. */
static int try_build(struct go_build *build)
{
    const struct go_arguments *arguments = &build->arguments;
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), status = -1;
    unsigned lowest;

    if (arguments->prints || arguments->library || (arguments->directory && chdir(arguments->directory) != 0))
        return -1;
    if (makes_our_programs(build->go, &lowest) && find_place(build))
        status = make_bundles(build, lowest);
    else if (here >= 0 && fchdir(here) != 0)
        status = fail("the working directory: %s", strerror(errno));
    return status;
}

static int run(int argc, char **argv)
{
    static char name[] = "go";
    char *go = find_go();
    struct go_build build = {.go = go};
    int status = -1;

    if (!go)
        return fail("out of memory");
    argv[0] = name;
    if (argc > 1 && strcmp(argv[1], "build") == 0) {
        status = go_arguments_parse(&build.arguments, argv + 2) ? try_build(&build) : fail("out of memory");
        go_arguments_free(&build.arguments);
    }
    if (status < 0)
        status = standin_exec(go, argv);
    free(go);
    return status;
}

const struct standin standin_go = {.name = "fatelf-go", .run = run};
