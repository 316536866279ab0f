/* SPDX-License-Identifier: MIT */
/*
 * What the kernel knows of a process's program, put right for one that it has not started: the auxiliary vector, on the
 * stack and in the kernel's copy, and the bounds of code, data and heap. Where the kernel takes none of that, the program
 * runs all the same.
 */
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stub.h"
#ifdef __GLIBC__
#include <sys/rseq.h>
#endif

/* Two thirds of the address space, ELF_ET_DYN_BASE: where a program that needs a loader lies (asm/elf.h). */
#define PROGRAM_BASE UINT64_C(0x555555554000)
/* asm/page_64_types.h, STACK_TOP_MAX */
#define STACK_TOP UINT64_C(0x7ffffffff000)
/* At most so far behind the program the heap starts: arch_randomize_brk(), arch/x86/kernel/process.c. */
#define HEAP_GAP (UINT64_C(1) << 30)
/* vm.mmap_rnd_bits, its default */
#define RANDOM_PAGES (UINT64_C(1) << 28)
enum {
    GRND_WITHOUT_WAITING = 4 /* GRND_INSECURE, since 5.6: does not wait for entropy when the system starts */,
    GRND_NONBLOCKING = 1
};

/* linux/prctl.h, which musl does not bring */
struct mm_map {
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
    uint64_t arg_start, arg_end, env_start, env_end;
    uint64_t *auxv;
    uint32_t auxv_size;
    uint32_t exe_fd;
};

_Static_assert(sizeof(struct mm_map) == 104, "struct prctl_mm_map");

struct process process_read(char **argv, char **envp, const struct fatelf_program *program)
{
    struct process process = {
        .stack = (uint64_t *)argv - 1, .envp = envp, .stack_end = (uint64_t)(uintptr_t)(argv + 1)};
    const char *executed = NULL;

    while (*envp)
        envp++;
    while (!*envp) /* more than one, where glibc has taken variables out for AT_SECURE */
        envp++;
    process.auxv = (Elf64_auxv_t *)envp;
    for (const Elf64_auxv_t *entry = process.auxv; entry->a_type != AT_NULL; entry++) {
        if (entry->a_type == AT_EXECFN)
            executed = (const char *)entry->a_un.a_val;
        if (entry->a_type == AT_SYSINFO_EHDR)
            process.vdso = (const unsigned char *)entry->a_un.a_val;
    }
    /* The path of the executed file lies 8 bytes below the end of the stack, and that end is moved if addresses are
       randomised at all (fs/exec.c). */
    if (executed)
        process.stack_end = (uint64_t)(uintptr_t)executed + strlen(executed) + 1 + sizeof(void *);
    process.randomised = process.stack_end != STACK_TOP;
    /* a relocatable program without a loader is placed by the kernel, and so is its heap */
    if (process.randomised && (!program->relocatable || program->interpreter) &&
        syscall(SYS_getrandom, process.random, sizeof process.random, GRND_WITHOUT_WAITING) < 0 &&
        syscall(SYS_getrandom, process.random, sizeof process.random, GRND_NONBLOCKING) < 0) {
        /* kernels before 3.17: what is left are the addresses that the kernel chose */
        process.random[0] = (uint64_t)(uintptr_t)&__ehdr_start[0] >> 12;
        process.random[1] = (uint64_t)(uintptr_t)argv >> 4;
    }
    return process;
}

uint64_t process_base(const struct process *process, const struct fatelf_program *program)
{
    if (!program->interpreter)
        return 0; /* the kernel puts it where it puts loaders and libraries */
    return PROGRAM_BASE + (process->randomised ? process->random[0] % RANDOM_PAGES * FATELF_PAGE : 0);
}

static void fill_auxv(const struct process *process, const struct image *program, const struct image *loader)
{
    for (Elf64_auxv_t *entry = process->auxv; entry->a_type != AT_NULL; entry++) {
        uint64_t *value = &entry->a_un.a_val;
        switch (entry->a_type) {
        case AT_PHDR:
            *value = program->program.headers + program->bias;
            break;
        case AT_PHNUM:
            *value = program->program.header_count;
            break;
        case AT_ENTRY:
            *value = program->program.entry + program->bias;
            break;
        case AT_BASE:
            *value = loader ? loader->bias : 0;
            break;
        }
    }
}

/*
 * Where the heap starts: behind the program, and if addresses are randomised, behind a page and a random gap. But where
 * there are libraries and stacks behind it, the heap stays where the kernel put it for the launcher: that is also what
 * it does for a relocatable program without a loader.
 */
static uint64_t heap(const struct process *process, const struct image *image)
{
    const struct fatelf_program *program = &image->program;
    uint64_t end = program->segments[program->segment_count - 1].end + image->bias;

    if (image->anywhere)
        return (uint64_t)syscall(SYS_brk, 0);
    return process->randomised ? end + FATELF_PAGE + process->random[1] % (HEAP_GAP / FATELF_PAGE) * FATELF_PAGE : end;
}

void process_forget(void)
{
#ifdef __GLIBC__
    /* musl registers nothing but the thread's id, which jump.S takes back */
    syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, __rseq_size < 32 ? 32 : __rseq_size,
            RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
    syscall(SYS_set_robust_list, NULL, 24 /* sizeof(struct robust_list_head) */);
#endif
}

void process_describe(const struct process *process, const struct image *image, const struct image *loader)
{
    const struct fatelf_program *program = &image->program;
    char **argv = (char **)(process->stack + 1), **envp = process->envp;
    struct mm_map map = {
        .start_code = program->start_code + image->bias,
        .end_code = program->end_code + image->bias,
        .start_data = program->start_data + image->bias,
        .end_data = program->end_data + image->bias,
        .start_stack = (uint64_t)(uintptr_t)process->stack,
        .auxv = (uint64_t *)process->auxv,
        .exe_fd = UINT32_MAX, /* it stays */
    };
    Elf64_auxv_t *end = process->auxv;

    fill_auxv(process, image, loader);
    map.start_brk = map.brk = heap(process, image);
    while (end++->a_type != AT_NULL)
        ;
    map.auxv_size = (uint32_t)((char *)end - (char *)process->auxv);
    /* the strings lie one behind the other (fs/binfmt_elf.c, create_elf_tables) */
    const char *last = NULL;
    for (char **string = argv; *string; string++)
        last = *string;
    map.arg_start = (uint64_t)(uintptr_t)argv[0];
    map.arg_end = last ? (uint64_t)(uintptr_t)last + strlen(last) + 1 : 0;
    map.env_start = map.env_end = map.arg_end;
    for (char **string = envp; *string; string++)
        last = *string;
    if (envp[0])
        map.env_end = (uint64_t)(uintptr_t)last + strlen(last) + 1;
    prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
