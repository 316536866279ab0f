/* SPDX-License-Identifier: MIT */
/* Determines which level a build is for. */
#ifndef BUNDLER_INPUT_LEVEL_H
#define BUNDLER_INPUT_LEVEL_H

#include <bfd.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sets *level from the first of these that gives one: `given` (0: not given), the file's own record (Go build
 * information, GNU property note), the file's name. A record that contradicts the given level or the name is an error.
 * Returns 0, or reports and returns an exit status.
 */
int level_determine(bfd *abfd, const char *path, unsigned given, unsigned *level);

/* The level that the file records, with the record's name for messages in *where. 0: it records none. */
unsigned level_recorded(bfd *abfd, const char **where);

/* The level after "build\tGOAMD64=" in the contents of a .go.buildinfo section. 0: none. */
unsigned level_from_go(const unsigned char *section, uint64_t size);

/*
 * The highest level in GNU_PROPERTY_X86_ISA_1_NEEDED of a .note.gnu.property section. 0: none, or only the baseline,
 * which the start files of C libraries set in every program. Format: x86-64 psABI, "Program Property".
 */
unsigned level_from_property(const unsigned char *section, uint64_t size);

/* The level at the end of a file's name: prog.v3, prog-v3, prog_v3, prog-x86-64-v3. 0: none. */
unsigned level_from_name(const char *path);

#endif
