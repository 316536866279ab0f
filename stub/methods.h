/* SPDX-License-Identifier: MIT */
/*
 * The launch methods; main.c has the table of them. Each starts the chosen variant and returns only if it could not:
 *
 *     OUTCOME_DAMAGED    the bundle is damaged
 *     OUTCOME_REFUSED    another method may work; this one has undone everything that it did
 *     OUTCOME_FINAL      no other method can work
 *
 * In the last two cases, each refused call has been added to launch->refusals.
 */
#ifndef STUB_METHODS_H
#define STUB_METHODS_H

#include "launcher.h"
#include "outcome.h"

/* memfd.c: decodes the variant into a sealed memfd and executes that. */
struct outcome memfd_launch(struct launch *launch);

/* inplace.c: maps the variant into this process and jumps to it. */
struct outcome inplace_launch(struct launch *launch);

/* file.c: decodes the variant into a file without a name and executes that. */
struct outcome file_launch(struct launch *launch);

#endif
