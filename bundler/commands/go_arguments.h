/* SPDX-License-Identifier: MIT */
/* The command line of `go build`, as far as its stand-in has to know it. */
#ifndef BUNDLER_COMMANDS_GO_ARGUMENTS_H
#define BUNDLER_COMMANDS_GO_ARGUMENTS_H

#include <stdbool.h>

struct go_arguments {
    char *
        *words; /* flags, then packages, then NULL: what follows "build". The array is owned, the strings are argv's */
    bool *for_list;  /* which of the words `go list` needs as well; owned */
    unsigned first;  /* where the packages start */
    char *output;    /* of -o. NULL: none; it is not among the words */
    char *directory; /* of -C, the same */
    bool prints;     /* -n: go only prints what it would do */
    bool library;    /* -buildmode: it makes something else than a program */
};

/* Takes the words apart as go does. False: out of memory. */
bool go_arguments_parse(struct go_arguments *arguments, char **words);
void go_arguments_free(struct go_arguments *arguments);

/* Whether these flags, as in GOFLAGS, tell go to make something else than a program, or nothing. */
bool go_flags_make_no_program(const char *flags);

#endif
