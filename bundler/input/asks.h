/* SPDX-License-Identifier: MIT */
/* What a program asks for that it may not find in a bundle: its own path, or the symbols in its own file. */
#ifndef BUNDLER_INPUT_ASKS_H
#define BUNDLER_INPUT_ASKS_H

#include "dynamic.h"
#include "elf.h"

struct asks {
    bool go_path;          /* calls Go's os.Executable */
    bool qt;               /* uses Qt, which looks for plugins and qt.conf beside the program */
    bool has_symbols;      /* has a symbol table (SHT_SYMTAB) */
    bool rust_symbols;     /* has one, and the Rust standard library, which reads it for backtraces */
    const char *sanitizer; /* the sanitizer that it is built with, which reads it for reports. NULL: none */
};

/* Fills *asks for the file `fd` of `size` bytes. Returns 0, or reports with `path` and returns an exit status. */
int asks_read(struct asks *asks, bfd *abfd, const struct elf_file *elf, const struct dynamic *dynamic, int fd,
              uint64_t size, const char *path);

#endif
