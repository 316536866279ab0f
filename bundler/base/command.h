/* SPDX-License-Identifier: MIT */
/* The sub-commands, their options, and the help that is made from both. */
#ifndef BUNDLER_BASE_COMMAND_H
#define BUNDLER_BASE_COMMAND_H

/* An option. `letter` is what getopt_long returns for it: a letter, or 256 and above for an option without one. */
struct option_row {
    int letter;
    const char *name;
    const char *argument; /* its name in the help, or NULL */
    const char *help;
};

struct command {
    const char *name;
    const char *synopsis; /* behind the name */
    const char *summary;
    const struct option_row *options; /* ends with a row without a name; -h is implied */
    int (*run)(const struct command *command, int argc, char **argv); /* returns the exit status */
};

/*
 * The next option of the command, its value in optarg; -1 at the end, with the operands from argv[optind] on. A wrong
 * option is reported and ends the program with STATUS_USAGE; -h prints the help and ends it with STATUS_OK.
 */
int command_option(const struct command *command, int argc, char **argv);

/* "see `fatelf-amd64 NAME --help`" behind a line of usage_error's kind. Returns STATUS_USAGE. */
__attribute__((format(printf, 2, 3))) int command_misused(const struct command *command, const char *format, ...);

/* Flushes stdout. Returns STATUS_OK or, where what was printed could not be written, STATUS_FAILED. */
int command_finish(void);

#endif
