/* SPDX-License-Identifier: MIT */
/* The sub-commands, their options, and the help that is printed from both. */
#ifndef BUNDLER_BASE_COMMAND_H
#define BUNDLER_BASE_COMMAND_H

#include "argument.h"

/* An option. `letter` is what getopt_long returns for it: a letter, or 256 and above for an option without one. */
struct option_row {
    int letter;
    const char *name;
    const struct argument *argument; /* its value. NULL: the option takes none */
    const char *help;
};

struct command {
    const char *name;
    const char *source;   /* what has its options, for messages. NULL: the command line */
    const char *synopsis; /* what follows the name in the usage line */
    const char *summary;
    const struct option_row *options; /* ends with a row without a name; command_row() adds -h */
    /* What its operands are: the first, and the second if it is something else. */
    const struct argument *operands[2];
    int (*run)(const struct command *command, int argc, char **argv); /* returns the exit status */
};

/* The row with this index in the table of the command's options; behind these the row of -h, and then NULL. */
const struct option_row *command_row(const struct command *command, size_t index);

/* Prints the row as a line of a help. */
void command_print_row(const struct option_row *row);

/*
 * Returns the letter of the command's next option, with its value in optarg, or -1 after the last one; then the
 * operands start at argv[optind]. A wrong option is reported and ends the program with STATUS_USAGE; -h prints the help
 * and ends it with STATUS_OK.
 */
int command_option(const struct command *command, int argc, char **argv);

/* Reports wrong usage of the command and refers to its help. Returns STATUS_USAGE. */
__attribute__((format(printf, 2, 3))) int command_misused(const struct command *command, const char *format, ...);

/* Reports that the option `letter`, whose row lists its values, does not take `value`. Returns STATUS_USAGE. */
int command_bad_value(const struct command *command, int letter, const char *value);

/* The whole number that this text is, from `low` to `high`. -1: it is not one. */
long command_number(const char *text, long low, long high);

/*
 * The option -j: a row for the table of options, and its value. command_jobs() sets *threads; it returns 0, or reports
 * and returns STATUS_USAGE. The default is the number of processors that this process may use.
 */
#define COMMAND_JOBS(help) \
    { \
        'j', "jobs", &argument_number, help " (default: all that are allowed)" \
    }
int command_jobs(const struct command *command, const char *value, unsigned *threads);
unsigned command_processors(void);

/* Flushes stdout. Returns STATUS_OK, or reports that it could not be written and returns STATUS_FAILED. */
int command_finish(void);

#endif
