/* SPDX-License-Identifier: MIT */
/* join: makes a bundle of every set PROG.v1 to PROG.v4 in a directory. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/level.h"
#include "../base/file.h"
#include "../base/say.h"
#include "commands.h"
#include "create.h"

/* The builds that were found. nftw() passes nothing to its callback, so these are global. */
static struct {
    char **paths; /* `count` of them; owned */
    size_t count, room;
    bool out_of_memory;
} found;

enum { SUFFIX = sizeof ".v1" - 1 };

/* The level in a name that ends with ".v1" to ".v4". 0: it does not. */
static unsigned level_of(const char *path)
{
    size_t length = strlen(path);

    if (length <= SUFFIX || path[length - SUFFIX] != '.' || path[length - SUFFIX - 1] == '/')
        return 0;
    return fatelf_level_parse(path + length - 2, 2);
}

static bool is_elf(const char *path)
{
    char magic[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool elf = fd >= 0 && file_read(fd, magic, sizeof magic, 0) && memcmp(magic, "\177ELF", sizeof magic) == 0;

    if (fd >= 0)
        close(fd);
    return elf;
}

/* Remembers a build. The return value ends the search if it is not 0. */
static int visit(const char *path, const struct stat *stat, int type, struct FTW *place)
{
    (void)place;
    if (type != FTW_F || !S_ISREG(stat->st_mode) || level_of(path) == 0 || !is_elf(path))
        return 0;
    if (found.count == found.room) {
        size_t room = found.room ? 2 * found.room : 64;
        char **paths = reallocarray(found.paths, room, sizeof *paths);
        if (!paths) {
            found.out_of_memory = true;
            return 1;
        }
        found.paths = paths;
        found.room = room;
    }
    found.paths[found.count] = strdup(path);
    found.out_of_memory = !found.paths[found.count];
    found.count += !found.out_of_memory;
    return found.out_of_memory;
}

static int search(const char *directory)
{
    enum { DESCRIPTORS = 16 };
    struct stat there;

    if (stat(directory, &there) != 0)
        return fail("%s: %s", directory, strerror(errno));
    if (!S_ISDIR(there.st_mode))
        return fail("%s: not a directory", directory);
    if (nftw(directory, visit, DESCRIPTORS, FTW_PHYS) == 0)
        return 0;
    return found.out_of_memory ? fail("out of memory") : fail("%s: cannot be read: %s", directory, strerror(errno));
}

/* By program, then by level. */
static int by_name(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    size_t left_size = strlen(*left) - SUFFIX, right_size = strlen(*right) - SUFFIX;
    int order = memcmp(*left, *right, left_size < right_size ? left_size : right_size);

    if (order || left_size == right_size)
        return order ? order : strcmp(*left + left_size, *right + right_size);
    return left_size < right_size ? -1 : 1;
}

/* Whether two builds differ only in their level. */
static bool is_same_set(const char *a, const char *b)
{
    size_t length = strlen(a);

    return strlen(b) == length && strncmp(a, b, length - SUFFIX) == 0;
}

static int remove_builds(char **paths, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (unlink(paths[i]) != 0)
            return fail("%s: cannot be removed: %s", paths[i], strerror(errno));
    return 0;
}

/* Joins one set. */
static int join_set(const struct create_options *options, char **paths, unsigned count)
{
    struct create_options set = *options;
    char *output = strndup(paths[0], strlen(paths[0]) - SUFFIX);

    if (!output)
        return fail("out of memory");
    if (count == 1) {
        if (!options->code.quiet)
            note("%s: the only level of %s; left alone", paths[0], output);
        free(output);
        return 0;
    }
    set.output = output;
    int status = create_bundle(&set, paths, count);
    if (!status && !options->keep)
        status = remove_builds(paths, count);
    free(output);
    return status;
}

/* Joins all sets, also after one that could not be joined. */
static int join_all(const struct create_options *options)
{
    int status = 0;

    for (size_t i = 0; i < found.count;) {
        unsigned count = 1;
        while (i + count < found.count && is_same_set(found.paths[i], found.paths[i + count]))
            count++;
        int joined = join_set(options, found.paths + i, count);
        status = status ? status : joined;
        i += count;
    }
    return status;
}

/* Sorts the paths, and keeps each once: the same directory may be named twice. */
static void sort(void)
{
    size_t kept = 0;

    if (found.count > 0)
        qsort(found.paths, found.count, sizeof *found.paths, by_name);
    for (size_t i = 0; i < found.count; i++)
        if (kept > 0 && strcmp(found.paths[kept - 1], found.paths[i]) == 0)
            free(found.paths[i]);
        else
            found.paths[kept++] = found.paths[i];
    found.count = kept;
}

static int run_join(const struct command *command, int argc, char **argv)
{
    struct create_options options;
    int status = join_options(command, argc, argv, &options);

    for (int i = optind; !status && i < argc; i++)
        status = search(argv[i]);
    if (!status) {
        sort();
        status = join_all(&options);
    }
    for (size_t i = 0; i < found.count; i++)
        free(found.paths[i]);
    free(found.paths);
    return status;
}

static const struct argument directories = {.name = "DIRECTORY", .kind = ARGUMENT_DIRECTORY, .repeats = true};

const struct command command_join = {
    .name = "join",
    .synopsis = "[--keep] [OPTION]... DIRECTORY...",
    .summary = "make a bundle of every PROG.v1 to PROG.v4 in directories, and remove these",
    .options = join_option_rows,
    .operands = {&directories},
    .run = run_join,
};
