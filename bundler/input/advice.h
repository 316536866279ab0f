/* SPDX-License-Identifier: MIT */
/* The warnings of `create` about its builds. A new warning is a function and a row in advice.c. */
#ifndef BUNDLER_INPUT_ADVICE_H
#define BUNDLER_INPUT_ADVICE_H

#include "build.h"

/* What the warnings depend on. */
struct advice {
    const struct build *builds; /* `count` of them */
    unsigned count;
    bool different; /* the user has said that the builds may be different programs */
    bool delta;     /* builds will be coded against each other */
    bool in_place;  /* the bundle is made for the launch method `inplace` */
};

/* Prints every warning that applies. */
void advice_give(const struct advice *advice);

#endif
