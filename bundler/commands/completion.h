/* SPDX-License-Identifier: MIT */
/* The scripts that complete command lines in shells, made from the tables of commands and options. */
#ifndef BUNDLER_COMMANDS_COMPLETION_H
#define BUNDLER_COMMANDS_COMPLETION_H

#include "commands.h"

/* Each prints the script for a shell. */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

/* Calls `print` for the tool itself, and then for every command. */
void completion_for_commands(void (*print)(const struct command *command));

/*
 * Prints a text with backslashes. Each level is a set of characters that something which reads the text wants to have
 * escaped; the first level is that of the last reader. NULL ends the levels. A colon at the end is left out.
 */
void completion_escape(const char *text, const char *const *levels);

#endif
