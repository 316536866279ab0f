/* SPDX-License-Identifier: MIT */
/* Execution of a file that contains the variant: for the launch methods memfd and file. */
#ifndef STUB_EXEC_H
#define STUB_EXEC_H

#include "launcher.h"
#include "outcome.h"

/* In bytes, with the terminating 0. memfd_create(2) accepts 249 bytes before it. */
enum { EXEC_NAME_SIZE = 250 };

/* The name of a memfd with the variant, "prog.v3": it is shown in /proc/PID/maps and /proc/PID/exe. */
void exec_name(const struct launch *launch, char name[EXEC_NAME_SIZE]);

/*
 * Executes the file `fd`, which is close-on-exec. Returns only on failure, with the last call that was refused
 * (OUTCOME_REFUSED, OUTCOME_FINAL). An earlier one has been added to launch->refusals, under `method`.
 */
struct outcome exec_fd(struct launch *launch, const char *method, int fd);

#endif
