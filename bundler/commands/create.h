/* SPDX-License-Identifier: MIT */
/* What create does, for commands that make several bundles. */
#ifndef BUNDLER_COMMANDS_CREATE_H
#define BUNDLER_COMMANDS_CREATE_H

#include "create_options.h"

/*
 * Joins the builds that the operands name, "[LEVEL=]FILE", into options->output. Returns 0, or reports and returns an
 * exit status; then nothing has changed.
 */
int create_bundle(const struct create_options *options, char **operands, unsigned count);

#endif
