/* SPDX-License-Identifier: MIT */
/*
 * Corrects what the process and the kernel know about the program, for a program that the kernel has not started itself
 * (launch method inplace): the auxiliary vector, on the stack and in the kernel's copy, and the bounds of code, data,
 * heap, arguments and environment.
 */
#ifndef STUB_PROCESS_H
#define STUB_PROCESS_H

#include "image.h"

/* The pointers point into the stack that the kernel has prepared. */
struct process {
    uint64_t *stack; /* where the kernel put argc */
    char **envp;
    Elf64_auxv_t *auxv;
    uint64_t stack_end; /* address after the last byte that the kernel put on the stack */
    bool randomised;    /* the kernel randomises addresses */
    uint64_t random[2]; /* for the program's address and for its heap's; set only if the launcher chooses them */
};

/* Reads what the kernel put on the stack, and random numbers if the start of `program` needs them. */
struct process process_read(char **argv, char **envp, const struct fatelf_program *program);

/* The address at which exec would map a relocatable program; 0: where mmap() puts it. */
uint64_t process_base(const struct process *process, const struct fatelf_program *program);

/*
 * Sets the auxiliary vector and the kernel's data about the process to what they would be after exec of the program.
 * `loader` is NULL if the program needs none. If the kernel refuses the change, the program runs nevertheless.
 */
void process_describe(const struct process *process, const struct image *program, const struct image *loader);

/*
 * Unregisters what the launcher's C library has registered with the kernel for this thread, and clears the thread
 * pointer. No function of the C library may be called afterwards.
 */
void process_forget(void);

#endif
