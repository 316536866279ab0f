/* SPDX-License-Identifier: MIT */
/*
 * The state of one start. main.c creates it, fills it step by step and passes it on:
 *
 *     self.c         finds the bundle that this process was started from
 *     environment.c  reads what the user asks for
 *     (lib/)         reads the processor's level, chooses a variant, checks its payload
 *     memfd.c, inplace.c, file.c    the launch methods: make the variant runnable and start it
 *     report.c       prints all messages
 */
#ifndef STUB_LAUNCHER_H
#define STUB_LAUNCHER_H

#include "../lib/bundle.h"
#include "../lib/payload.h"
#include "environment.h"
#include "threads.h"

/* A call that the system refused while one launch method was tried. */
struct refusal {
    const char *method; /* "memfd", "inplace" or the directory of a private file; NULL: not part of a launch method */
    const char *call;   /* the system call, or what it was for */
    int error;          /* its errno */
};

/* The most that one start can have. memfd: two; inplace: one; file: three for each of five directories. */
enum { REFUSALS_MAX = 18 };

struct launch {
    char **argv;
    char **envp;
    bool secure;      /* AT_SECURE: the environment comes from a user with fewer rights than the program */
    const char *path; /* of the bundle, as the user started it */
    struct fatelf_bundle bundle;
    bool protection_keys;          /* the processor has them, and the kernel uses them (CPUID, OSPKE) */
    struct fatelf_payload payload; /* of the chosen variant */
    struct fatelf_payload base;    /* of its base; set only if payload.base is not NULL */
    struct wishes wishes;
    uint64_t started;       /* nanoseconds of CLOCK_MONOTONIC; set only with DEBUG_LOG */
    struct memory decoding; /* what frames.c decodes with */
    struct refusal refusals[REFUSALS_MAX];
    unsigned refusal_count;
};

#endif
