/* SPDX-License-Identifier: MIT */
/* completion: prints the script that completes command lines of the tool in a shell. */
#include "completion.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct shell {
    const char *name;
    void (*print)(void);
} shells[] = {
    {"bash", completion_bash},
    {"zsh", completion_zsh},
    {"fish", completion_fish},
};

static bool shell_value(size_t index, struct argument_value *value)
{
    if (index >= sizeof shells / sizeof *shells)
        return false;
    snprintf(value->name, sizeof value->name, "%s", shells[index].name);
    return true;
}

void completion_for_commands(void (*print)(const struct command *command))
{
    print(&command_none);
    for (size_t i = 0; commands[i]; i++)
        print(commands[i]);
}

static void escape_character(char character, const char *const *levels)
{
    if (!levels[0]) {
        putchar(character);
        return;
    }
    if (strchr(levels[0], character))
        escape_character('\\', levels + 1);
    escape_character(character, levels + 1);
}

void completion_escape(const char *text, const char *const *levels)
{
    for (; text[0] && strcmp(text, ":") != 0; text++)
        escape_character(text[0], levels);
}

static int run_completion(const struct command *command, int argc, char **argv)
{
    while (command_option(command, argc, argv) != -1)
        ;
    if (argc - optind != 1)
        return command_misused(command, "name one shell: bash, zsh or fish");
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(argv[optind], shells[i].name) == 0) {
            shells[i].print();
            return command_finish();
        }
    return command_misused(command, "'%s' is not bash, zsh or fish", argv[optind]);
}

static const struct option_row option_rows[] = {{0}};
static const struct argument shell = {.name = "SHELL", .value = shell_value};

const struct command command_completion = {
    .name = "completion",
    .synopsis = "bash|zsh|fish",
    .summary = "print the script that completes command lines in a shell",
    .options = option_rows,
    .operands = {&shell},
    .run = run_completion,
};
