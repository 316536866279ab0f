/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

enum { OPTIONS_MAX = 24 };

const struct option_row *command_row(const struct command *command, size_t index)
{
    static const struct option_row help = {'h', "help", NULL, "show this help and exit"};
    size_t count = 0;

    while (count < index && command->options[count].name)
        count++;
    if (command->options[count].name)
        return &command->options[count];
    return count == index ? &help : NULL;
}

/* How messages and the help name the value. */
static const char *value_name(const struct argument_value *value, char text[80])
{
    snprintf(text, 80, "%s%s%s", value->name, value->last[0] ? " to " : "", value->last);
    return text;
}

static void print_values(const struct argument *argument)
{
    struct argument_value value;
    char text[80];
    int width = 0;

    for (size_t i = 0; argument_value(argument, i, &value); i++)
        width = (int)strlen(value_name(&value, text)) > width ? (int)strlen(text) : width;
    for (size_t i = 0; argument_value(argument, i, &value); i++)
        if (value.help[0])
            printf("%29s%-*s  %s\n", "", width, value_name(&value, text), value.help);
}

void command_print_row(const struct option_row *row)
{
    char letter[8] = "    ", left[64];

    if (row->letter < 256)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
             row->argument ? row->argument->name : "");
    printf("  %-26s %s\n", left, row->help);
    print_values(row->argument);
}

static void print_help(const struct command *command)
{
    const struct option_row *row;

    printf("usage: fatelf-amd64 %s %s\n%s\n\noptions:\n", command->name, command->synopsis, command->summary);
    for (size_t i = 0; (row = command_row(command, i)); i++)
        command_print_row(row);
}

static int add(const struct option_row *row, struct option *to, char *letters)
{
    *to = (struct option){.name = row->name, .has_arg = row->argument != NULL, .val = row->letter};
    if (row->letter >= 256)
        return 0;
    return sprintf(letters, "%c%s", row->letter, row->argument ? ":" : "");
}

/*
 * Reports an unknown option. `word` is the last argument that getopt_long() has finished; an unknown letter may be in
 * the next one. optopt is 0 for an unknown long name.
 */
static int unknown_option(const struct command *command, const char *word)
{
    const char *equals = strchr(word, '=');

    if (optopt != 0 && equals && strncmp(word, "--", 2) == 0) /* the name is known, but it takes no value */
        return command_misused(command, "option '%.*s' takes no value", (int)(equals - word), word);
    if (optopt != 0)
        return command_misused(command, "unknown option '-%c'", optopt);
    return command_misused(command, "unknown option '%s'", word);
}

int command_option(const struct command *command, int argc, char **argv)
{
    struct option options[OPTIONS_MAX + 1] = {0};
    char letters[2 * OPTIONS_MAX + 2] = ":";
    const struct option_row *row;
    size_t length = 1;

    for (size_t i = 0; (row = command_row(command, i)); i++)
        length += (size_t)add(row, &options[i], letters + length);

    opterr = 0;
    int letter = getopt_long(argc, argv, letters, options, NULL);
    switch (letter) {
    case 'h':
        print_help(command);
        exit(command_finish());
    case ':':
        if (strncmp(argv[optind - 1], "--", 2) != 0)
            exit(command_misused(command, "option '-%c' needs a value", optopt));
        exit(command_misused(command, "option '%s' needs a value", argv[optind - 1]));
    case '?':
        exit(unknown_option(command, argv[optind - 1]));
    default:
        return letter;
    }
}

int command_misused(const struct command *command, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return usage_error("%s: %s; see 'fatelf-amd64 %s --help'", command->source ? command->source : command->name, text,
                       command->name);
}

int command_bad_value(const struct command *command, int letter, const char *value)
{
    const struct option_row *row = command->options;
    struct argument_value known, next;
    char names[256] = "", text[80];
    size_t length = 0;

    while (row->letter != letter)
        row++;
    for (size_t i = 0; argument_value(row->argument, i, &known) && length < sizeof names; i++) {
        const char *separator = i == 0 ? "" : argument_value(row->argument, i + 1, &next) ? ", " : " or ";
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", separator, value_name(&known, text));
    }
    return command_misused(command, "--%s %s: not %s", row->name, value, names);
}

int command_finish(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return STATUS_OK;
    return fail("standard output: %s", strerror(errno));
}

long command_number(const char *text, long low, long high)
{
    char *end;

    if (text[0] < '0' || text[0] > '9') /* strtol takes spaces and signs */
        return -1;
    errno = 0;
    long number = strtol(text, &end, 10);
    return errno || *end || number < low || number > high ? -1 : number;
}

int command_jobs(const struct command *command, const char *value, unsigned *threads)
{
    long number = command_number(value, 1, 1024);

    if (number < 0)
        return command_misused(command, "-j %s: not a number from 1 to 1024", value);
    *threads = (unsigned)number;
    return 0;
}

unsigned command_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}
