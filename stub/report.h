/* SPDX-License-Identifier: MIT */
/*
 * All messages of the launcher except one: start.S reports a file that was cut short, before the C library has started.
 * Only the functions below print. Those that do not return end the process: report_list() with 0 if its output could be
 * written, all others with one of these statuses, which are those that a shell uses.
 */
#ifndef STUB_REPORT_H
#define STUB_REPORT_H

#include "../lib/level.h"
#include "launcher.h"
#include "outcome.h"

enum {
    STATUS_CANNOT_RUN = 126, /* the bundle is whole, but the program cannot be started here, or not as asked */
    STATUS_DAMAGED = 127,    /* the bundle is damaged */
};

/* The bundle is damaged: `error` is a FATELF_ERROR_*. */
_Noreturn void report_damaged(const struct launch *launch, int error);

/* launch->wishes.unknown is set. */
_Noreturn void report_unknown(const struct launch *launch);

/* No variant can be chosen: `error` is what fatelf_choose() returned. */
_Noreturn void report_unfit(const struct launch *launch, int error, const struct fatelf_cpu *cpu);

/*
 * Adds a refused call (OUTCOME_REFUSED, OUTCOME_FINAL) to launch->refusals, for report_refused(); does nothing with
 * other outcomes. `method`: see struct refusal. Returns the outcome.
 */
struct outcome report_refusal(struct launch *launch, const char *method, struct outcome outcome);

/*
 * No launch method worked, or the variant could not be written. `last` is the outcome of the last one that was tried.
 */
_Noreturn void report_refused(const struct launch *launch, struct outcome last);

/* The answer to FATELF_AMD64_DEBUG=list. `chosen`: index of a variant, or FATELF_VARIANTS_MAX if none fits. */
_Noreturn void report_list(const struct launch *launch, unsigned machine, unsigned chosen);

/* FATELF_AMD64_DEBUG=log: the program starts now. */
void report_started(const struct launch *launch, const char *method);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t report_now(void);

#endif
