/* SPDX-License-Identifier: MIT */
/* What the user asks for in the environment. */
#ifndef STUB_ENVIRONMENT_H
#define STUB_ENVIRONMENT_H

#include "../lib/choose.h"

#include <stdbool.h>

enum debug { DEBUG_NONE, DEBUG_LOG, DEBUG_EXTRACT, DEBUG_LIST };

/* All zero: the user asks for nothing. */
struct wishes {
    struct fatelf_override override;
    bool at_most;    /* override.level came from GOAMD64: it is ignored if this machine or bundle cannot meet it */
    unsigned launch; /* enum fatelf_launch; 0: the bundle's own method */
    enum debug debug;
    const char *unknown; /* the last FATELF_AMD64* variable with an unknown value, "NAME=value" in envp; NULL: none */
};

/*
 * Fills *wishes, which must be all zero, from FATELF_AMD64, FATELF_AMD64_LAUNCH and FATELF_AMD64_DEBUG, and with
 * `go_env` also from GOAMD64 and MGODEBUG. Not for secure mode.
 */
void environment_read(char **envp, bool go_env, struct wishes *wishes);

/* The value of the variable `name`, which stays part of `envp`; NULL if it is not set. Not for secure mode. */
const char *environment_get(char **envp, const char *name);

#endif
