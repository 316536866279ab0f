/* SPDX-License-Identifier: MIT */
/*
 * Starts the variant in this process: maps it, and the dynamic loader that it names, as exec would, puts right what the
 * kernel says of the process, and jumps to it. Until all that can be refused is done, everything can be taken back, so
 * that another method can be tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/error.h"
#include "stub.h"

/* Program headers lie in the first page of every loader known, right behind the ELF header. */
struct loader_headers {
    Elf64_Ehdr elf;
    unsigned char rest[4096 - sizeof(Elf64_Ehdr)];
};

static int read_loader(int fd, struct fatelf_program *program)
{
    struct loader_headers file;
    ssize_t size = pread(fd, &file, sizeof file, 0);
    const Elf64_Ehdr *header = &file.elf;

    if (size < 0)
        return -errno;
    if (size < (ssize_t)sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 ||
        header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff > (uint64_t)size ||
        header->e_phnum > ((uint64_t)size - header->e_phoff) / sizeof(Elf64_Phdr))
        return -ENOEXEC;
    struct fatelf_elf elf = {
        .entry = header->e_entry,
        .header_offset = header->e_phoff,
        .type = header->e_type,
        .header_count = header->e_phnum,
    };
    return fatelf_program_read(&elf, (const unsigned char *)&file + header->e_phoff, FATELF_SIZE_MAX, program)
               ? -ENOEXEC
               : 0;
}

/* Maps the dynamic loader at `path`. */
static int map_loader(const char *path, struct image *loader, const char **call)
{
    /* Closed before anything else runs; with O_CLOEXEC, musl makes a second call. What is no file does not hold us up. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

    *call = path;
    if (fd < 0)
        return -errno;
    int error = read_loader(fd, &loader->program);
    if (!error)
        error = image_reserve(loader, 0, call);
    if (!error) {
        error = image_map(loader, fd, call);
        if (error)
            image_release(loader);
    }
    close(fd);
    if (!error)
        image_clear(loader);
    return error;
}

/* Returns FATELF_ERROR_*, 0 or -errno. */
static int fill(struct launch *launch, const struct image *image, const char **call)
{
    const struct fatelf_payload *payload = &launch->payload;
    unsigned moved;
    int error;

    if (payload->variant->encoding == FATELF_ENCODING_STORED) {
        if (!self_reaches(payload->bytes + image_file_end(image)))
            return FATELF_ERROR_CUT_SHORT;
        error = image_move(image, payload->bytes, launch->bundle.executable, &moved, call);
        if (error && !image_move_back(image, payload->bytes, moved))
            launch->hopeless = true; /* the payload is in pieces */
        return error;
    }
    error = image_make(image, call);
    if (!error)
        error = frames_place(launch, image, call);
    frames_release();
    if (!error)
        error = image_protect(image, call);
    return error;
}

/* All of the stack, what it will grow by too (fs/exec.c, setup_arg_pages). */
static int make_stack_executable(const struct process *process, const char **call)
{
    uint64_t start = fatelf_page_start((uint64_t)(uintptr_t)process->stack);

    *call = "mprotect of the stack";
    return mprotect((void *)(uintptr_t)start, fatelf_page_end(process->stack_end) - start,
                    PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN) == 0
               ? 0
               : -errno;
}

static int map_program(struct launch *launch, const struct process *process, struct image *image, const char **call)
{
    int error = image_reserve(image, process_base(process, &image->program), call);

    if (error)
        return error;
    if (image->program.executable_stack)
        error = make_stack_executable(process, call);
    if (!error)
        error = fill(launch, image, call);
    if (error)
        image_release(image);
    return error;
}

static _Noreturn void start(const struct launch *launch, const struct process *process, const struct image *image,
                            const struct image *loader)
{
    const struct image *first = loader ? loader : image;
    const unsigned char *end = launch->bundle.bytes + launch->bundle.size;

    image_clear(image);
    if (launch->wishes.debug == DEBUG_LOG)
        report_started(launch, "inplace");
    process_describe(process, image, loader);
    process_forget();
    leave(process->stack, first->program.entry + first->bias, process->vdso, __ehdr_start,
          fatelf_page_end((uint64_t)(uintptr_t)end) - (uint64_t)(uintptr_t)__ehdr_start);
}

int inplace_launch(struct launch *launch)
{
    struct image image = {0}, loader = {0};
    const char *call;
    unsigned index = (unsigned)(launch->payload.variant - launch->bundle.manifest.variants);
    int error = fatelf_bundle_program(&launch->bundle, index, &image.program);

    if (error) {
        exec_refused(launch, "inplace", fatelf_error_text(error), ENOEXEC);
        return 0;
    }
    struct process process = process_read(launch->argv, launch->envp, &image.program);
    const char *path = image.program.interpreter;
    if (path) {
        error = map_loader(path, &loader, &call);
        launch->hopeless = error == -ENOENT; /* exec would not find it either */
    }
    if (!error) {
        error = map_program(launch, &process, &image, &call);
        if (!error)
            start(launch, &process, &image, path ? &loader : NULL);
        if (path)
            image_release(&loader);
    }
    if (error > 0)
        return error;
    exec_refused(launch, "inplace", call, -error);
    return 0;
}
