/* SPDX-License-Identifier: MIT */
#include "standin.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/say.h"

const struct standin *standin_find(const char *name)
{
    static const struct standin *const all[] = {&standin_go, &standin_cargo};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(name, all[i]->name) == 0)
            return all[i];
    return NULL;
}

static const struct command flags_command = {
    .name = "build",
    .source = "FATELF_FLAGS",
    .options = standin_option_rows,
};

int standin_options(struct create_options *options)
{
    enum { WORDS_MAX = 64 };
    static char name[] = "FATELF_FLAGS"; /* where argv has the name of the program */
    char *argv[WORDS_MAX + 2] = {name};
    const char *value = getenv("FATELF_FLAGS");
    static char *words; /* the options point into it until the end */
    int argc = 1;

    words = strdup(value ? value : "");
    if (!words)
        return fail("out of memory");
    char *rest = words;
    for (char *word; (word = strsep(&rest, " \t\n"));) {
        if (argc > WORDS_MAX)
            return usage_error("FATELF_FLAGS: more than %d words", WORDS_MAX);
        if (*word)
            argv[argc++] = word;
    }
    int status = create_options_parse(&flags_command, argc, argv, options);
    if (!status && optind < argc)
        status = command_misused(&flags_command, "unknown word '%s'", argv[optind]);
    if (!status)
        status = build_check_base(&flags_command, options);
    options->force = true;
    return status;
}

int standin_exec(const char *program, char **argv)
{
    execvp(program, argv);
    return fail("%s: %s", program, strerror(errno));
}
