/* SPDX-License-Identifier: MIT */
/* Which level a build is for. */
#ifndef BUNDLER_INPUT_LEVEL_H
#define BUNDLER_INPUT_LEVEL_H

#include <stddef.h>
#include <stdint.h>

struct build;

/*
 * Sets variant->level from, in this order: `given` (0: not given), the file's own record (Go build information, GNU
 * property note), its name. A record that contradicts the given level or the name is refused. Returns 0, or reports and
 * returns an exit status.
 */
int classify(struct build *variant, unsigned given);

/*
 * The level after "build\tGOAMD64=" in a .go.buildinfo section; 0: none. Format: Go's debug/buildinfo, the form with
 * inline strings that Go writes since 1.18.
 */
unsigned classify_go(const unsigned char *section, uint64_t size);

/*
 * The highest level in GNU_PROPERTY_X86_ISA_1_NEEDED of a .note.gnu.property section; 0: none, or no more than the
 * baseline, which C libraries' start files set in every program. Format: x86-64 psABI, "Program Property".
 */
unsigned classify_property(const unsigned char *section, uint64_t size);

/* The level at the end of a file's name: prog.v3, prog-v3, prog_v3, prog-x86-64-v3; 0: none. */
unsigned classify_name(const char *path);

#endif
