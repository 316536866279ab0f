/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <sys/rseq.h>
#endif

#include "auxv.h"
#include "kernel.h"
#include "self.h"

/* ELF_ET_DYN_BASE, two thirds of the address space (asm/elf.h): the kernel maps programs that need a loader here. */
#define PROGRAM_BASE UINT64_C(0x555555554000)
/* STACK_TOP_MAX (asm/page_64_types.h) */
#define STACK_TOP UINT64_C(0x7ffffffff000)
/* The largest random distance from the program to its heap: arch_randomize_brk(), arch/x86/kernel/process.c. */
#define HEAP_GAP (UINT64_C(1) << 30)
/* 2 to the power of vm.mmap_rnd_bits, which is 28 by default */
#define RANDOM_PAGES (UINT64_C(1) << 28)
/* linux/random.h. GRND_INSECURE, since 5.6, does not wait for entropy while the system boots. */
enum { GRND_NONBLOCK_FLAG = 1, GRND_INSECURE_FLAG = 4 };
/* asm/prctl.h */
enum { ARCH_SET_FS_CODE = 0x1002 };

/* struct prctl_mm_map of linux/prctl.h, which is not among musl's headers */
struct mm_map {
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
    uint64_t arg_start, arg_end, env_start, env_end;
    uint64_t *auxv;
    uint32_t auxv_size;
    uint32_t exe_fd;
};

_Static_assert(sizeof(struct mm_map) == 104, "size of struct prctl_mm_map");

struct process process_read(char **argv, char **envp, const struct fatelf_program *program)
{
    struct process process = {
        .stack = (uint64_t *)argv - 1, .envp = envp, .stack_end = (uint64_t)(uintptr_t)(argv + 1)};
    const char *executed = NULL;

    process.auxv = auxv_find(envp);
    for (const Elf64_auxv_t *entry = process.auxv; entry->a_type != AT_NULL; entry++)
        if (entry->a_type == AT_EXECFN)
            executed = (const char *)entry->a_un.a_val;
    /* The path of the executed file ends 8 bytes below the end of the stack. The kernel moves that end if it randomises
       any addresses (fs/exec.c). */
    if (executed)
        process.stack_end = (uint64_t)(uintptr_t)executed + strlen(executed) + 1 + sizeof(void *);
    process.randomised = process.stack_end != STACK_TOP;
    /* For a relocatable program without a loader, the kernel chooses the addresses of both the program and the heap. */
    if (process.randomised && (!program->relocatable || program->interpreter) &&
        syscall(SYS_getrandom, process.random, sizeof process.random, GRND_INSECURE_FLAG) < 0 &&
        syscall(SYS_getrandom, process.random, sizeof process.random, GRND_NONBLOCK_FLAG) < 0) {
        /*
         * Kernels before 3.17 have no getrandom(). The addresses that the kernel chose for the launcher are random too.
         */
        process.random[0] = (uint64_t)(uintptr_t)&__ehdr_start[0] >> 12;
        process.random[1] = (uint64_t)(uintptr_t)argv >> 4;
    }
    return process;
}

uint64_t process_base(const struct process *process, const struct fatelf_program *program)
{
    uint32_t size_of_map = 0;

    if (!program->interpreter)
        return 0; /* exec puts it where it puts loaders and libraries */
    if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size_of_map, 0, 0) != 0 || size_of_map != sizeof(struct mm_map)) {
        /* process_describe() will fail, so the heap stays where the kernel put it for the launcher. If the program ends
           there, nothing is in the heap's way. */
        uint64_t size = program->segments[program->segment_count - 1].end - program->segments[0].address;
        return fatelf_page_start((uint64_t)syscall(SYS_brk, 0)) - size - program->alignment;
    }
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
 * Where the heap starts: at the end of the program or, if addresses are randomised, after one more page and a random
 * gap. If mmap() chose the program's place, libraries and stacks may follow it. Then the heap stays where the kernel
 * put it for the launcher, which is also what exec does for a relocatable program without a loader.
 */
static uint64_t heap(const struct process *process, const struct image *image)
{
    const struct fatelf_program *program = &image->program;
    uint64_t end = program->segments[program->segment_count - 1].end + image->bias;

    if (image->anywhere)
        return (uint64_t)syscall(SYS_brk, 0);
    return process->randomised ? end + FATELF_PAGE + process->random[1] % (HEAP_GAP / FATELF_PAGE) * FATELF_PAGE : end;
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
        .exe_fd = UINT32_MAX, /* -1: /proc/PID/exe stays as it is */
    };
    Elf64_auxv_t *end = process->auxv;

    fill_auxv(process, image, loader);
    map.start_brk = map.brk = heap(process, image);
    while (end++->a_type != AT_NULL)
        ;
    map.auxv_size = (uint32_t)((char *)end - (char *)process->auxv);
    /* The strings lie one after the other, first all arguments (create_elf_tables(), fs/binfmt_elf.c). */
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

/*
 * musl registers only an address that the kernel would write to when the thread ends (set_tid_address(2)). glibc also
 * registers rseq and the list of robust futexes.
 */
void process_forget(void)
{
#ifdef __GLIBC__
    syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, __rseq_size < 32 ? 32 : __rseq_size,
            RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
    syscall(SYS_set_robust_list, NULL, 24 /* sizeof(struct robust_list_head) */);
#endif
    kernel_call(SYS_set_tid_address, 0, 0, 0, 0);
    kernel_call(SYS_arch_prctl, ARCH_SET_FS_CODE, 0, 0, 0);
}
