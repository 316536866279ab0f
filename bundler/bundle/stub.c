/* SPDX-License-Identifier: MIT */
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/format.h"
#include "../base/say.h"

#define STUB_NAME "fatelf-amd64-stub"

/* The stub in the folder that the tool was started from, or in libexec beside it, or where `make install` put it. */
static char *find_stub(void)
{
    static const char *const places[] = {"/", "/../libexec/fatelf-amd64/"}; /* from that folder */
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *path = NULL;

    if (length > 0) {
        self[length] = 0;
        int folder = (int)(strrchr(self, '/') - self);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            if (asprintf(&path, "%.*s%s" STUB_NAME, folder, self, places[i]) < 0)
                return NULL;
            if (access(path, R_OK) == 0)
                return path;
            free(path);
        }
    }
    return strdup(STUB_FOLDER "/" STUB_NAME);
}

/* A stub carries a description of itself and a build-id of zeros to be filled in. */
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
        return fail("out of memory");
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
