/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include "../../lib/format.h"

const struct mark_row mark_rows[] = {
    {FATELF_MARK_RELATIVE_RUNPATH, "relative-runpath", "relative RUNPATH"},
    {FATELF_MARK_EXECUTABLE_STACK, "executable-stack", "executable stack"},
    {FATELF_MARK_NO_PIE, "no-pie", "no PIE"},
    {FATELF_MARK_NO_RELRO, "no-relro", "no RELRO"},
    {FATELF_MARK_PARTIAL_RELRO, "partial-relro", "partial RELRO"},
    {FATELF_MARK_NOT_STRIPPED, "not-stripped", "not stripped"},
};

_Static_assert(sizeof mark_rows / sizeof *mark_rows == MARK_ROWS, "marks");

unsigned marks_of(const struct elf_file *elf, const struct dynamic *dynamic, bool has_symbols)
{
    bool stack = false, relro = false;

    for (size_t i = 0; i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        stack |= segment->p_type == PT_GNU_STACK && !(segment->p_flags & PF_X);
        relro |= segment->p_type == PT_GNU_RELRO;
    }
    return (dynamic->has_relative_path ? FATELF_MARK_RELATIVE_RUNPATH : 0) |
           (stack ? 0 : FATELF_MARK_EXECUTABLE_STACK) | (elf->header.e_type == ET_EXEC ? FATELF_MARK_NO_PIE : 0) |
           (relro ? 0 : FATELF_MARK_NO_RELRO) | (relro && dynamic->binds_late ? FATELF_MARK_PARTIAL_RELRO : 0) |
           (has_symbols ? FATELF_MARK_NOT_STRIPPED : 0);
}
