/* SPDX-License-Identifier: MIT */
/*
 * How a step of the launcher ended. A function that can fail in more than one way returns a struct outcome by value. It
 * does not print the failure and does not exit: main.c passes the outcome to report.c, which does both.
 */
#ifndef STUB_OUTCOME_H
#define STUB_OUTCOME_H

enum outcome_kind {
    OUTCOME_OK,
    OUTCOME_DAMAGED, /* the bundle is damaged */
    OUTCOME_REFUSED, /* the system refused a call; another launch method may still work */
    OUTCOME_FINAL,   /* the system refused a call, and no other launch method can work either */
};

struct outcome {
    enum outcome_kind kind;
    int error;        /* OUTCOME_DAMAGED: FATELF_ERROR_*; OUTCOME_REFUSED and OUTCOME_FINAL: an errno value */
    const char *call; /* OUTCOME_REFUSED and OUTCOME_FINAL: the system call, or what it was for */
};

static inline struct outcome outcome_ok(void)
{
    return (struct outcome){.kind = OUTCOME_OK};
}

/* The outcome of a function of lib/, which returns 0 or a FATELF_ERROR_*. */
static inline struct outcome outcome_of(int error)
{
    return (struct outcome){.kind = error ? OUTCOME_DAMAGED : OUTCOME_OK, .error = error};
}

static inline struct outcome outcome_refused(const char *call, int error)
{
    return (struct outcome){.kind = OUTCOME_REFUSED, .error = error, .call = call};
}

static inline struct outcome outcome_final(const char *call, int error)
{
    return (struct outcome){.kind = OUTCOME_FINAL, .error = error, .call = call};
}

#endif
