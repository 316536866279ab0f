/* SPDX-License-Identifier: MIT */
#include "debug_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/capture.h"
#include "../base/file.h"
#include "../base/say.h"
#include "../base/temporary.h"

static bool has_debug_information(const struct build *build)
{
    for (const asection *section = build->bfd->sections; section; section = section->next)
        if (bfd_section_flags(section) & SEC_DEBUGGING)
            return true;
    return build->asks.has_symbols;
}

/* "DIRECTORY/.build-id/XX/YYYSUFFIX". The caller frees it. NULL: out of memory. */
static char *path_of(const char *directory, const struct bfd_build_id *id, const char *suffix)
{
    char *path = NULL;
    size_t size;
    FILE *to = open_memstream(&path, &size);

    if (!to)
        return NULL;
    fprintf(to, "%s/.build-id/%02x/", directory, id->data[0]);
    for (size_t i = 1; i < id->size; i++)
        fprintf(to, "%02x", id->data[i]);
    fputs(suffix, to);
    fclose(to);
    return path;
}

/* Adds a file. NULL: reported. */
static struct debug_file *add(struct debug_files *files, const struct build *build, const char *suffix, mode_t mode)
{
    struct debug_file *file = &files->files[files->count];

    *file = (struct debug_file){.path = path_of(files->directory, build->bfd->build_id, suffix),
                                .output = {.fd = -1},
                                .mode = build->stat.st_mode & mode};
    if (!file->path) {
        fail("out of memory");
        return NULL;
    }
    files->count++;
    if (!temporary_directories(file->path)) {
        fail("%s: cannot be created: %s", file->path, strerror(errno));
        return NULL;
    }
    /* look_for() decides what may be replaced */
    if (output_open(&file->output, file->path, true) != 0)
        return NULL;
    file->output.force = files->force;
    return file;
}

/* Has objcopy write a part of the build to the file. Returns 0, or reports and returns an exit status. */
static int take(struct debug_file *file, const struct build *build, const char *part)
{
    const char *objcopy = getenv("OBJCOPY");

    objcopy = objcopy && *objcopy ? objcopy : "objcopy";
    char *failure = capture_failure(
        (const char *const[]){objcopy, part, "--", build->path, file->output.temporary, NULL});
    int status = failure ? fail("%s: its debug information cannot be taken out: %s: %s (--debug-dir needs binutils; "
                                "OBJCOPY names another objcopy)",
                                build->path, objcopy, failure)
                         : output_reopen(&file->output);
    free(failure);
    return status ? status : build_check_unchanged(build);
}

static bool same_contents(int a, int b, bool *same)
{
    struct stat one, other;

    if (fstat(a, &one) != 0 || fstat(b, &other) != 0)
        return false;
    *same = one.st_size == other.st_size;
    return !*same || file_compare(a, b, (uint64_t)one.st_size, same) == FILE_GOOD;
}

/* Sets *file->present if there is such a file, which another bundle or level may have, and refuses another one. */
static int look_for(const struct debug_files *files, struct debug_file *file, const struct build *build)
{
    const char *there = file->path, *what = "exists, with other contents; --force replaces it";
    bool force = files->force;

    for (const struct debug_file *other = files->files; other < file; other++)
        if (strcmp(other->path, file->path) == 0) {
            there = other->output.temporary;
            what = "belongs to two different builds with one build-id; link them with --build-id=sha1";
            force = false;
        }
    int fd = open(there, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || !same_contents(fd, file->output.fd, &file->present)) {
        int status = fail("%s: cannot be read: %s", there, strerror(errno));
        if (fd >= 0)
            close(fd);
        return status;
    }
    close(fd);
    return file->present || force ? 0 : fail("%s: %s: %s", build->path, file->path, what);
}

/* Copies the build to the file. */
static int copy(struct debug_file *file, const struct build *build)
{
    switch (file_copy(build->fd, 0, build->size, file->output.fd)) {
    case FILE_FIRST:
        return file_fail_read(build->path);
    case FILE_SECOND:
        return fail("%s: cannot be written: %s", file->path, strerror(errno));
    default:
        return 0;
    }
}

/* Opens the file `path`, which was made from the build, as if it were the build. */
static int open_as(struct build *stripped, const struct build *build, const char *path)
{
    char *operand;

    if (asprintf(&operand, "v%u=%s", build->level, path) < 0)
        return fail("out of memory");
    int status = build_open(stripped, operand);
    stripped->path = build->path;
    free(operand);
    return status;
}

/* Whether the program still has all that it reads in its own file: objcopy drops what follows the sections. */
static int check_appended(const struct build *stripped, const struct build *build)
{
    const struct appended *before = &build->appended, *after = &stripped->appended;
    bool same = before->count == after->count && before->uncopied == after->uncopied;

    for (unsigned i = 0; same && i < before->count; i++)
        same = before->pieces[i].size == after->pieces[i].size;
    return same ? 0
                : fail("%s: has data behind its end, which would be lost with its debug information; strip it before "
                       "the data is appended, or leave out --debug-dir",
                       build->path);
}

int debug_files_split(struct debug_files *files, const struct build *build, struct build *stripped)
{
    enum { READABLE = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, EXECUTABLE = S_IRWXU | S_IRWXG | S_IRWXO };
    const struct bfd_build_id *id = build->bfd->build_id;
    bool has_debug = has_debug_information(build);
    struct debug_file *program;
    int status = 0;

    if (!has_debug && files->verbose) {
        fprintf(stderr, "v%u: ", build->level);
        say_text(stderr, build->path);
        fputs(": no debug information, bundled as it is\n", stderr);
    }
    if (!id || id->size < 2)
        return has_debug ? fail("%s: has no build-id, by which debuggers find debug information; link it with "
                                "-Wl,--build-id (Go: -ldflags=-B=gobuildid)",
                                build->path)
                         : open_as(stripped, build, build->path);
    if (has_debug) {
        struct debug_file *debug = add(files, build, ".debug", READABLE);
        status = debug ? take(debug, build, "--only-keep-debug") : STATUS_FAILED;
        if (!status)
            status = look_for(files, debug, build);
    }
    if (status)
        return status;
    program = add(files, build, "", EXECUTABLE);
    if (!program)
        return STATUS_FAILED;
    status = has_debug ? take(program, build, "--strip-all") : copy(program, build);
    if (!status)
        status = look_for(files, program, build);
    if (!status && fchmod(program->output.fd, program->mode) != 0)
        status = fail("%s: cannot be written: %s", program->path, strerror(errno));
    if (!status)
        status = open_as(stripped, build, program->output.temporary);
    return status ? status : check_appended(stripped, build);
}

int debug_files_commit(struct debug_files *files)
{
    int status = 0;

    for (unsigned i = 0; !status && i < files->count; i++) {
        struct debug_file *file = &files->files[i];
        if (!file->present)
            status = output_commit(&file->output, file->mode);
        if (!status && files->verbose) {
            say_text(stderr, file->path);
            fputs(file->present ? ": there already\n" : ": written\n", stderr);
        }
    }
    return status;
}

void debug_files_release(struct debug_files *files)
{
    for (unsigned i = 0; i < files->count; i++) {
        output_abandon(&files->files[i].output);
        free(files->files[i].path);
    }
    files->count = 0;
}
