/* SPDX-License-Identifier: MIT */
/* Execution of a file that contains the variant: for the launch methods memfd and file. */
#ifndef STUB_EXEC_H
#define STUB_EXEC_H

#include "launcher.h"
#include "message.h"
#include "outcome.h"

#include <stdbool.h>

/* In bytes, with the terminating 0. memfd_create(2) accepts 249 bytes before it. */
enum { EXEC_NAME_SIZE = 250 };

/* The name of a memfd with the variant, "prog.v3": it is shown in /proc/PID/maps and /proc/PID/exe. */
void exec_name(const struct launch *launch, char name[EXEC_NAME_SIZE]);

/*
 * Returns `fd`, or, if that is 0, 1 or 2, another descriptor of the same file, and closes `fd`. So no message goes to a
 * file of the launcher if one of these three is closed when the bundle is started. Returns -1 with errno if there is no
 * other descriptor or `fd` is -1.
 */
int exec_descriptor(int fd);

/* The path of a descriptor in /proc, which is written to *path. */
const char *exec_descriptor_path(int fd, struct message *path);

/*
 * While the launcher writes the variant to a file, no other process may open that file through /proc/PID/fd and change
 * it. The kernel allows that to all processes of the same user unless the process is not dumpable (proc(5), ptrace(2),
 * PTRACE_MODE_READ_FSCREDS). exec_conceal() is called before the file exists; it returns whether exec_reveal() has to
 * undo it. exec undoes it too.
 */
bool exec_conceal(void);
void exec_reveal(bool concealed);

/*
 * Executes the file `fd`, which is close-on-exec. Returns only on failure, with the last call that was refused
 * (OUTCOME_REFUSED, OUTCOME_FINAL). An earlier one has been added to launch->refusals, under `method`.
 */
struct outcome exec_fd(struct launch *launch, const char *method, int fd);

#endif
