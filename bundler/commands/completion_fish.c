/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "completion.h"

/* What fish reads with special characters: strings in '..', and the words in the argument of -a. */
#define QUOTED "'\\"
#define WORD " \t'\"\\$*?~#(){}[]<>^&|;%"
static const char *const string[] = {QUOTED, NULL};
static const char *const word[] = {WORD, QUOTED, NULL};

/* What `complete` offers for a kind of argument: files or not, and the words that a command prints. */
static const struct {
    const char *files, *words;
} kinds[] = {
    [ARGUMENT_TEXT] = {"-f", ""},  [ARGUMENT_LIST] = {"-f", "(__fatelf_amd64_list"},
    [ARGUMENT_FILE] = {"-F", ""},  [ARGUMENT_DIRECTORY] = {"-f", "(__fish_complete_directories)"},
    [ARGUMENT_BUILD] = {"-F", ""}, [ARGUMENT_COMMAND] = {"-f", "(__fatelf_amd64_subcommand)"},
};

static void print_value(const char *name, const char *help)
{
    putchar(' ');
    completion_escape(name, word);
    if (help[0]) {
        printf("\\\\t");
        completion_escape(help, word);
    }
}

static void print_argument(const struct argument *argument)
{
    struct argument_value value;

    printf(" %s -a '%s", kinds[argument->kind].files, kinds[argument->kind].words);
    for (size_t i = 0; argument_value(argument, i, &value); i++) {
        print_value(value.name, value.help);
        if (value.last[0])
            print_value(value.last, value.help);
    }
    printf("%s'", argument->kind == ARGUMENT_LIST ? ")" : "");
}

static void print_option(const struct command *command, const struct option_row *row)
{
    printf("complete -c fatelf-amd64 -n '__fatelf_amd64_at \"%s\"' -l %s", command->name, row->name);
    if (row->letter < 256)
        printf(" -s %c", row->letter);
    printf(" -d '");
    completion_escape(row->help, string);
    putchar('\'');
    if (row->argument) {
        printf(" -r");
        print_argument(row->argument);
    }
    putchar('\n');
}

static void print_operand(const struct command *command, const struct argument *operand, unsigned number)
{
    printf("complete -c fatelf-amd64 -n '__fatelf_amd64_at \"%s\" %u", command->name, number);
    if (!operand->repeats && operand->kind != ARGUMENT_COMMAND)
        printf(" %u", number);
    putchar('\'');
    print_argument(operand);
    putchar('\n');
}

static void print_command(const struct command *command)
{
    const struct option_row *row;

    putchar('\n');
    for (size_t i = 0; (row = command_row(command, i)); i++)
        print_option(command, row);
    for (unsigned i = 0; i < 2 && command->operands[i]; i++)
        print_operand(command, command->operands[i], i + 1);
}

/* The options that take a value, as COMMAND/OPTION. */
static void print_valued(const struct command *command)
{
    const struct option_row *row;

    for (size_t i = 0; (row = command_row(command, i)); i++) {
        if (!row->argument)
            continue;
        if (row->letter < 256)
            printf(" %s/-%c", command->name, row->letter);
        printf(" %s/--%s", command->name, row->name);
    }
}

void completion_fish(void)
{
    puts("# fish completion for fatelf-amd64, made by 'fatelf-amd64 completion fish'\n"
         "\n"
         "# The words of the command line without options and their values: the command, and its operands.\n"
         "function __fatelf_amd64_words\n"
         "    set -l command\n"
         "    set -l state options\n"
         "    for word in (commandline -opc)[2..]\n"
         "        if test $state = value\n"
         "            set state options\n"
         "            continue\n"
         "        end\n"
         "        switch $state/$word\n"
         "            case 'options/--'\n"
         "                set state operands\n"
         "            case 'options/-*'");
    printf("                if contains -- $command/$word");
    completion_for_commands(print_valued);
    puts("\n"
         "                    set state value\n"
         "                end\n"
         "            case '*'\n"
         "                set -q command[1]; or set command $word\n"
         "                printf '%s\\n' $word\n"
         "        end\n"
         "    end\n"
         "end\n"
         "\n"
         "# COMMAND [FIRST [LAST]]: whether this is the command, and the next operand has a number from FIRST to LAST\n"
         "function __fatelf_amd64_at --argument-names command first last\n"
         "    set -l words (__fatelf_amd64_words)\n"
         "    set -l next (count $words)\n"
         "    if test $next -eq 0\n"
         "        set next 1 # the command itself\n"
         "    end\n"
         "    test \"$words[1]\" = \"$command\"; or return 1\n"
         "    test -z \"$first\"; or test $next -ge $first; or return 1\n"
         "    test -z \"$last\"; or test $next -le $last\n"
         "end\n"
         "\n"
         "# VALUE...: those that are not in the list at the cursor\n"
         "function __fatelf_amd64_list\n"
         "    set -l before (commandline -ct | string replace -r -- '^(--[^=]*=)?(.*,)?.*$' '$2')\n"
         "    for value in $argv\n"
         "        contains -- $value (string split , -- $before); or echo $before$value\n"
         "    end\n"
         "end\n"
         "\n"
         "# Completes the command line that the operands are.\n"
         "function __fatelf_amd64_subcommand\n"
         "    set -l words (__fatelf_amd64_words)\n"
         "    complete -C (string join ' ' -- (string escape -- $words[2..]) (commandline -ct))\n"
         "end\n"
         "\n"
         "complete -c fatelf-amd64 -f");
    completion_for_commands(print_command);
}
