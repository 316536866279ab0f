/* SPDX-License-Identifier: MIT */
/*
 * The launcher: what main.c does in order, and what the steps hand on to each other.
 *
 * Functions return 0, or a FATELF_ERROR_* (positive) for a fault of the bundle, or -errno for a refusal of the system.
 * Only main.c prints and exits.
 */
#ifndef STUB_STUB_H
#define STUB_STUB_H

#include "../lib/bundle.h"
#include "../lib/choose.h"
#include "../lib/level.h"
#include "../lib/payload.h"
#include "image.h"

#include <stdbool.h>

/* Exit statuses of the stub itself, as a shell uses them. */
enum { STATUS_CANNOT_RUN = 126, STATUS_DAMAGED = 127 };

enum debug { DEBUG_NONE, DEBUG_LOG, DEBUG_EXTRACT, DEBUG_LIST };

/* What the environment asks for. */
struct wishes {
    struct fatelf_override override;
    bool at_most;    /* override.level came from GOAMD64: no error where it cannot be met */
    unsigned launch; /* enum fatelf_launch; 0: the bundle's */
    enum debug debug;
    const char *unknown; /* a variable "NAME=value" whose value nobody knows, or NULL */
};

/* One way of making the variant runnable that was tried and refused. */
struct refusal {
    const char *method; /* "memfd", "inplace", the directory of a private file, or NULL */
    const char *call;   /* the system call that failed, or what it was for */
    int error;          /* its errno */
};

enum { REFUSALS_MAX = 12 }; /* two a method and folder */

struct launch {
    char **argv;
    char **envp;
    const char *path; /* the bundle, as it was started */
    struct fatelf_bundle bundle;
    struct fatelf_payload payload; /* of the variant that was chosen */
    struct fatelf_payload base;    /* of its base, where payload.base is not NULL */
    struct wishes wishes;
    uint64_t started; /* nanoseconds of CLOCK_MONOTONIC; only with DEBUG_LOG */
    struct refusal refusals[REFUSALS_MAX];
    unsigned refusal_count;
    bool hopeless; /* the kernel refused the program itself: no other method can help */
};

/* Where the kernel put address 0 of the file: the stub is linked there. */
extern const unsigned char __ehdr_start[] __attribute__((visibility("hidden")));

/* self.c: the bundle this process was started from, through AT_PHDR. */
int self_open(struct fatelf_bundle *bundle);
/* Does the file reach to the page that the bytes before `end` are in? Where it does not, touching them kills. */
bool self_reaches(const unsigned char *end);

/* environment.c: reads FATELF_AMD64*, with `go_env` also GOAMD64 and MGODEBUG. Nothing where AT_SECURE is set. */
void environment_read(char **envp, bool go_env, struct wishes *wishes);

/*
 * frames.c: decodes all frames of launch->payload and writes each at its place in `fd`, on several processors. If it
 * returns -errno, *call is what was refused.
 */
int frames_write(const struct launch *launch, int fd, const char **call);
/* The same in order, for a pipe. */
int frames_stream(const struct launch *launch, int fd, const char **call);
/* The same into memory: what segments of `image` have, which image_make() has mapped. */
int frames_place(const struct launch *launch, const struct image *image, const char **call);
/* Gives back the memory for decoding; exec does it by itself. */
void frames_release(void);

/*
 * inplace.c, memfd.c, file.c: the launch methods. Each returns only when it could not start the variant:
 * FATELF_ERROR_* if the bundle is damaged, otherwise 0 with what was refused added to launch->refusals.
 */
int inplace_launch(struct launch *launch);
int memfd_launch(struct launch *launch);
int file_launch(struct launch *launch);

/* exec.c */
/* The name a variant has in /proc/PID/maps and, as a memfd, in /proc/PID/exe: "prog.v3". */
enum { EXEC_NAME_SIZE = 250 }; /* with its final 0: memfd_create(2) takes 249 bytes */
void exec_name(const struct launch *launch, char name[EXEC_NAME_SIZE]);
/* Starts `fd`. Returns only on failure, with what was refused added to launch->refusals. */
void exec_fd(struct launch *launch, const char *method, int fd);
/* Adds errno to launch->refusals. */
void exec_refused(struct launch *launch, const char *method, const char *call, int error);

/* process.c: what this process and the kernel know of its program. */
struct process {
    uint64_t *stack; /* where the kernel put argc */
    char **envp;
    Elf64_auxv_t *auxv;
    const unsigned char *vdso; /* or NULL */
    uint64_t stack_end;        /* behind the last byte that the kernel put there */
    bool randomised;           /* addresses are */
    uint64_t random[2];
};

/* For the start of `program`. */
struct process process_read(char **argv, char **envp, const struct fatelf_program *program);
/* Where exec would map the program, if it is a relocatable one; 0: anywhere. */
uint64_t process_base(const struct process *process, const struct fatelf_program *program);
/* Makes auxiliary vector and kernel say of the program what they would after exec. `loader`: NULL, if it needs none. */
void process_describe(const struct process *process, const struct image *program, const struct image *loader);
/* Takes back what the launcher's C library has registered with the kernel. */
void process_forget(void);

/*
 * leave.c: unmaps the launcher, `size` bytes from its first page on, and enters the program at `entry` with the stack
 * that the kernel made.
 */
_Noreturn void leave(uint64_t *stack, uint64_t entry, const unsigned char *vdso, const unsigned char *start,
                     uint64_t size);
/* jump.S, which has these offsets */
struct jump {
    uint64_t *stack;              /* rsp at the `syscall` */
    uint64_t frame;               /* rbp */
    uint64_t start, size;         /* to be unmapped */
    const unsigned char *syscall; /* in code that stays, or NULL */
};
_Noreturn void jump(const struct jump *how);

/* report.c: the launcher's lines. */
_Noreturn void report_damaged(const struct launch *launch, int error);
_Noreturn void report_unknown(const struct launch *launch);
_Noreturn void report_unfit(const struct launch *launch, int error, const struct fatelf_cpu *cpu);
_Noreturn void report_refused(const struct launch *launch);
_Noreturn void report_list(const struct launch *launch, unsigned machine, unsigned chosen);
void report_started(const struct launch *launch, const char *method);
uint64_t report_now(void);

#endif
