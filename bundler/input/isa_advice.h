/* SPDX-License-Identifier: MIT */
/* Warnings about builds whose instructions do not fit their levels. */
#ifndef BUNDLER_INPUT_ISA_ADVICE_H
#define BUNDLER_INPUT_ISA_ADVICE_H

#include "build.h"
#include "isa.h"

/* A build, or what `check` takes for one. */
struct isa_subject {
    const char *path;
    unsigned level; /* 0: unknown, so that nothing can contradict it */
    struct isa isa;
};

/*
 * Prints a line about each build that looks made for a higher level than its own, or one line about two that look
 * swapped. Returns the number of lines.
 */
unsigned isa_advise(const struct isa_subject *subjects, unsigned count);

/*
 * Decodes the builds of `create` and does the same with them. Without a decoder, it does nothing. Returns 0, or reports
 * why a build cannot be read and returns an exit status.
 */
int isa_advise_builds(const struct build *builds, unsigned count, unsigned threads);

#endif
