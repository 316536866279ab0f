/* SPDX-License-Identifier: MIT */
/* The functions of a program, as far as its symbols tell, and what it can learn about the processor from libraries. */
#ifndef BUNDLER_INPUT_FUNCTIONS_H
#define BUNDLER_INPUT_FUNCTIONS_H

#include "instruction.h"
#include "elf_code.h"

struct function {
    uint64_t start, size;                      /* addresses */
    uint64_t name;                             /* offset in the file */
    uint32_t instructions[INSTRUCTION_LEVELS]; /* by level; the caller counts */
};

struct functions {
    struct function *list; /* by address, `count` of them; owned */
    size_t count;
    uint64_t names_end; /* where their names end in the file */
    int fd;             /* of the file; the caller's */
};

/*
 * Lists the functions in .symtab or, if there is none, in .dynsym. Returns 0, or reports and returns an exit status.
 * The caller frees functions->list.
 */
int functions_read(struct functions *functions, const struct elf_code *code, int fd);

/* The function that contains the address. NULL: none. */
struct function *functions_at(const struct functions *functions, uint64_t address);

/* The name of a function, shortened to `size` - 1 bytes, with '?' for what is not ASCII. "": it cannot be read. */
void function_name(const struct functions *functions, const struct function *function, char *name, size_t size);

/*
 * Whether the program imports something that tells what the processor can do: it may hold code for higher levels
 * without a CPUID instruction of its own. True also if its dynamic symbols cannot be read.
 */
bool functions_import_detection(const struct elf_code *code, const struct elf_file *elf, int fd);

#endif
