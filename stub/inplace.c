/* SPDX-License-Identifier: MIT */
/*
 * Starts the variant in this process: maps it and the dynamic loader that it names, as exec would, corrects what the
 * kernel says about the process, and jumps to it. All steps that the kernel can refuse come first and can be undone, so
 * that another launch method can be tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/error.h"
#include "frames.h"
#include "image.h"
#include "jump.h"
#include "methods.h"
#include "process.h"
#include "report.h"
#include "self.h"

/* The first page of a loader. All known loaders have their program headers there, directly after the ELF header. */
struct loader_headers {
    Elf64_Ehdr elf;
    unsigned char rest[FATELF_PAGE - sizeof(Elf64_Ehdr)];
};

/* Returns 0 or an errno value. */
static int read_loader(int fd, struct fatelf_program *program)
{
    struct loader_headers file;
    ssize_t size = pread(fd, &file, sizeof file, 0);
    const Elf64_Ehdr *header = &file.elf;

    if (size < 0)
        return errno;
    if (size < (ssize_t)sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 ||
        header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff > (uint64_t)size ||
        header->e_phnum > ((uint64_t)size - header->e_phoff) / sizeof(Elf64_Phdr))
        return ENOEXEC;
    struct fatelf_elf elf = {
        .entry = header->e_entry,
        .header_offset = header->e_phoff,
        .type = header->e_type,
        .header_count = header->e_phnum,
    };
    return fatelf_program_read(&elf, (const unsigned char *)&file + header->e_phoff, FATELF_SIZE_MAX, program) ? ENOEXEC
                                                                                                               : 0;
}

/*
 * Whether exec would refuse the loader `fd` because the process may not execute it. The effective user counts, which
 * access() cannot check. Kernels before 5.8, and some system call filters, do not have faccessat2(). A filter that
 * answers EACCES also does so for F_OK, which the kernel allows to everybody.
 */
static bool may_not_execute(int fd, const char *path)
{
    const int flags = AT_EACCESS | AT_EMPTY_PATH;

    if (syscall(SYS_faccessat2, fd, "", X_OK, flags) == 0)
        return false;
    if (errno == EACCES && syscall(SYS_faccessat2, fd, "", F_OK, flags) == 0)
        return true;
    return access(path, X_OK) != 0 && errno == EACCES;
}

/* Maps the dynamic loader at `path`. */
static struct outcome map_loader(const char *path, struct image *loader)
{
    /* Without O_CLOEXEC, which makes musl do a second system call: the file is closed before anything else runs.
       O_NONBLOCK and O_NOCTTY matter if it is not a regular file. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return errno == ENOENT ? outcome_final(path, errno) /* exec would not find it either */
                               : outcome_refused(path, errno);
    if (may_not_execute(fd, path)) {
        close(fd);
        return outcome_final(path, EACCES);
    }
    int error = read_loader(fd, &loader->program);
    struct outcome outcome = error ? outcome_refused(path, error) : image_reserve(loader, 0);
    if (outcome.kind == OUTCOME_OK) {
        outcome = image_map(loader, fd);
        if (outcome.kind != OUTCOME_OK)
            image_release(loader);
    }
    close(fd);
    if (outcome.kind == OUTCOME_OK)
        image_clear(loader);
    return outcome;
}

/* Moves a stored variant's pages from the bundle to the image. */
static struct outcome move_pages(const struct launch *launch, const struct image *image)
{
    const unsigned char *bytes = launch->payload.bytes;
    unsigned moved;

    if (!self_reaches(bytes + image_file_end(image)))
        return outcome_of(FATELF_ERROR_CUT_SHORT);
    struct outcome outcome = image_move(image, bytes, launch->bundle.executable, launch->protection_keys, &moved);
    if (outcome.kind != OUTCOME_OK && !image_move_back(image, bytes, moved))
        outcome.kind = OUTCOME_FINAL; /* the payload is no longer in one piece */
    return outcome;
}

static struct outcome decode(struct launch *launch, const struct image *image)
{
    struct outcome outcome = image_make(image);

    if (outcome.kind == OUTCOME_OK)
        outcome = frames_place(launch, image);
    frames_release(launch);
    if (outcome.kind == OUTCOME_OK)
        outcome = image_protect(image);
    return outcome;
}

/* Makes the whole stack executable, and the pages by which it grows later (setup_arg_pages(), fs/exec.c). */
static struct outcome make_stack_executable(const struct process *process)
{
    uint64_t start = fatelf_page_start((uint64_t)(uintptr_t)process->stack);

    if (mprotect((void *)(uintptr_t)start, fatelf_page_end(process->stack_end) - start,
                 PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN) != 0)
        return outcome_refused("mprotect of the stack", errno);
    return outcome_ok();
}

static struct outcome map_program(struct launch *launch, const struct process *process, struct image *image)
{
    struct outcome outcome = image_reserve(image, process_base(process, &image->program));

    if (outcome.kind != OUTCOME_OK)
        return outcome;
    if (image->program.executable_stack)
        outcome = make_stack_executable(process);
    if (outcome.kind == OUTCOME_OK)
        outcome = launch->payload.encoding->decode ? decode(launch, image) : move_pages(launch, image);
    if (outcome.kind != OUTCOME_OK)
        image_release(image);
    return outcome;
}

/* Nothing here can be undone. If the kernel refuses one of these calls, the program runs nevertheless. */
static _Noreturn void start(const struct launch *launch, const struct process *process, const struct image *image,
                            const struct image *loader)
{
    const struct image *first = loader ? loader : image;
    const uint64_t bundle = (uint64_t)(uintptr_t)__ehdr_start;
    const uint64_t bundle_end = (uint64_t)(uintptr_t)(launch->bundle.bytes + launch->bundle.size);

    image_clear(image);
    if (launch->wishes.debug == DEBUG_LOG)
        report_started(launch, "inplace");
    process_describe(process, image, loader);
    process_forget();
    jump(process->stack, first->program.entry + first->bias, bundle, fatelf_page_end(bundle_end));
}

static struct outcome try_inplace(struct launch *launch)
{
    struct image image = {0}, loader = {0};
    unsigned index = (unsigned)(launch->payload.variant - launch->bundle.manifest.variants);
    int error = fatelf_bundle_program(&launch->bundle, index, &image.program);

    if (error)
        return outcome_refused(fatelf_error_text(error), ENOEXEC);
    struct process process = process_read(launch->argv, launch->envp, &image.program);
    const char *path = image.program.interpreter;
    struct outcome outcome = path ? map_loader(path, &loader) : outcome_ok();
    if (outcome.kind != OUTCOME_OK)
        return outcome;
    outcome = map_program(launch, &process, &image);
    if (outcome.kind == OUTCOME_OK)
        start(launch, &process, &image, path ? &loader : NULL);
    if (path)
        image_release(&loader);
    return outcome;
}

struct outcome inplace_launch(struct launch *launch)
{
    return report_refusal(launch, "inplace", try_inplace(launch));
}
