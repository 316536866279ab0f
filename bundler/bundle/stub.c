/* SPDX-License-Identifier: MIT */
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../../lib/format.h"
#include "../base/file.h"
#include "../base/say.h"

#define STUB_NAME "fatelf-amd64-stub"

/* Where the stub may be, in the order of the search. The paths are owned. */
struct places {
    char *paths[4];
    unsigned count;
};

static void add_place(struct places *places, const char *parent, const char *folder)
{
    char *path;

    if (asprintf(&path, "%s%s/" STUB_NAME, parent, folder) < 0)
        return;
    for (unsigned i = 0; i < places->count; i++) {
        if (strcmp(places->paths[i], path) == 0) {
            free(path);
            return;
        }
    }
    places->paths[places->count++] = path;
}

/* The path of the tool's own file, without symbolic links, which the caller frees. NULL: it is unknown. */
static char *find_self(void)
{
    char *self = realpath("/proc/self/exe", NULL);
    const char *executed = (const char *)getauxval(AT_EXECFN);

    /* Without /proc, or if the file was replaced: the path that exec was given leads to it, or to its replacement. */
    if (!self && executed && strncmp(executed, "/dev/fd/", sizeof "/dev/fd/" - 1) != 0)
        self = realpath(executed, NULL);
    /* The tool is a bundle that was started by memfd: exec was given a descriptor, which is closed by now. */
    if (!self) {
        char *found = file_in_path(program_invocation_name, NULL);
        self = found ? realpath(found, NULL) : NULL;
        free(found);
    }
    return self;
}

static struct places list_places(void)
{
    struct places places = {.count = 0};
    char *self = find_self(), *slash = self ? strrchr(self, '/') : NULL;

    if (slash) {
        *slash = 0;
        add_place(&places, self, "");
        /* These are relative to the tool, so that an installation can be moved as a whole. */
        slash = strrchr(self, '/');
        if (slash)
            *slash = 0;
        add_place(&places, self, "/libexec/fatelf-amd64");
        add_place(&places, self, "/lib/fatelf-amd64");
    }
    free(self);
    /* In case libexecdir is none of these: the directory that `make` was given. */
    add_place(&places, STUB_FOLDER, "");
    return places;
}

/* The path of the tool's own stub, which the caller frees. NULL: there is none, which has been reported. */
static char *find_stub(void)
{
    struct places places = list_places();
    char *found = NULL, *searched = NULL;
    size_t size;
    FILE *list = open_memstream(&searched, &size);

    for (unsigned i = 0; i < places.count; i++) {
        if (!found && access(places.paths[i], R_OK) == 0)
            found = strdup(places.paths[i]);
        if (list)
            fprintf(list, "%s%s", i > 0 ? ", " : "", places.paths[i]);
        free(places.paths[i]);
    }
    if (list)
        fclose(list);
    if (!found)
        fail("no launcher stub found; searched %s; name one with --stub", searched ? searched : "it");
    free(searched);
    return found;
}

/* A stub has a section that describes it, and a build-id that makes room for the bundle's. */
static int check_stub(const struct stub_file *stub)
{
    if (stub->elf.bundle)
        return fail("%s: a bundle, not a launcher stub", stub->path);
    asection *about = bfd_get_section_by_name(stub->bfd, FATELF_STUB_SECTION);
    asection *id = bfd_get_section_by_name(stub->bfd, ".note.gnu.build-id");
    struct fatelf_stub_info info;

    if (!about || !id || bfd_section_size(about) != sizeof info || bfd_section_size(id) != 36 ||
        !bfd_get_section_contents(stub->bfd, about, &info, 0, sizeof info) || info.magic != FATELF_MAGIC)
        return fail("%s: not a launcher stub", stub->path);
    if (info.version != FATELF_VERSION || (info.incompatible & FATELF_INCOMPATIBLE_KNOWN) != FATELF_INCOMPATIBLE_KNOWN)
        return fail("%s: a stub of another version (format %u, this is %u); use the one that came with this tool",
                    stub->path, info.version, FATELF_VERSION);
    return 0;
}

int stub_open(struct stub_file *stub, const char *path)
{
    *stub = (struct stub_file){.fd = -1, .path = path ? strdup(path) : find_stub()};
    if (!stub->path)
        return path ? fail("out of memory") : STATUS_FAILED;
    stub->fd = open(stub->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (stub->fd < 0 || fstat(stub->fd, &stub->stat) != 0)
        return fail("%s: the launcher stub cannot be opened: %s; --stub names another one", stub->path,
                    strerror(errno));
    if (!S_ISREG(stub->stat.st_mode))
        return fail("%s: not a regular file, so not a launcher stub", stub->path);
    int status = elf_file_open(&stub->elf, stub->fd, (uint64_t)stub->stat.st_size, stub->path);
    if (status)
        return status;
    stub->bfd = elf_file_bfd(stub->path);
    if (!stub->bfd)
        return fail("%s: damaged ELF file: %s", stub->path, bfd_errmsg(bfd_get_error()));
    return check_stub(stub);
}

void stub_close(struct stub_file *stub)
{
    if (stub->bfd)
        bfd_close(stub->bfd);
    elf_file_close(&stub->elf);
    if (stub->fd >= 0)
        close(stub->fd);
    free(stub->path);
}

int stub_check_output(const struct stub_file *stub, const char *output)
{
    struct stat there;

    if (stat(output, &there) != 0 || there.st_dev != stub->stat.st_dev || there.st_ino != stub->stat.st_ino)
        return 0;
    return fail("%s: is the launcher stub; name another output", output);
}
