/* SPDX-License-Identifier: MIT */
/* What `create` is told on its command line. */
#ifndef BUNDLER_COMMANDS_CREATE_OPTIONS_H
#define BUNDLER_COMMANDS_CREATE_OPTIONS_H

#include <stdbool.h>

#include "../base/command.h"
#include "../coding/compress.h"

struct create_options {
    const char *output;
    const char *stub;
    struct compress_settings compress;
    unsigned base; /* level; 0: not given */
    enum fatelf_launch launch;
    uint64_t align; /* of payloads, in bytes */
    bool delta, go_env, force, quiet, verbose;
};

extern const struct option_row create_option_rows[];

/* Parses the options; the builds are then argv[optind] to argv[argc - 1]. Returns 0, or reports and returns a status. */
int create_options(const struct command *command, int argc, char **argv, struct create_options *options);

#endif
