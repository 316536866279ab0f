/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "completion.h"

/* What zsh reads with special characters, from the outside: $'..' of the script, _arguments, and the shell's words. */
#define QUOTED "'\\"
#define WORD " \t'\"\\$`()<>|;&*?[]{}~#!=^"
static const char *const description[] = {"[]\\", QUOTED, NULL};
static const char *const message[] = {":\\", QUOTED, NULL};
static const char *const value_name[] = {":\\", WORD, ":", QUOTED, NULL};
static const char *const value_help[] = {WORD, ":", QUOTED, NULL};

/* What `_arguments` calls to complete a word. */
static const char *const actions[] = {
    [ARGUMENT_TEXT] = "",
    [ARGUMENT_LIST] = "_values -s , value",
    [ARGUMENT_FILE] = "_files",
    [ARGUMENT_DIRECTORY] = "_files -/",
    [ARGUMENT_BUILD] = "_fatelf-amd64_build",
    [ARGUMENT_COMMAND] = " _command_names -e",
};

static void print_value(const char *name, const char *help)
{
    putchar(' ');
    completion_escape(name, value_name);
    if (help[0]) {
        printf("\\\\:");
        completion_escape(help, value_help);
    }
}

/* ":MESSAGE:ACTION" */
static void print_argument(const struct argument *argument)
{
    struct argument_value value;
    bool choice = argument->kind == ARGUMENT_TEXT && argument_value(argument, 0, &value);

    putchar(':');
    completion_escape(argument->name, message);
    printf(":%s%s", actions[argument->kind], choice ? "((" : "");
    for (size_t i = 0; argument_value(argument, i, &value); i++) {
        print_value(value.name, value.help);
        if (value.last[0])
            print_value(value.last, value.help);
    }
    printf("%s", choice ? "))" : "");
}

/* One of the names of an option; the others are no longer offered after it. */
static void print_name(const struct option_row *row, const char *name, bool is_letter)
{
    bool repeats = row->argument && row->argument->repeats;

    printf("            $'");
    if (row->letter == 'h')
        printf("(- *)");
    else if (repeats)
        putchar('*');
    else if (row->letter < 256)
        printf("(-%c --%s)", row->letter, row->name);
    printf("%s%s%s[", is_letter ? "-" : "--", name, !row->argument ? "" : is_letter ? "+" : "=");
    completion_escape(row->help, description);
    putchar(']');
    if (row->argument)
        print_argument(row->argument);
    puts("' \\");
}

static void print_operand(const struct argument *operand, unsigned number)
{
    printf("            $'");
    if (operand->repeats)
        putchar('*');
    else if (operand->kind == ARGUMENT_COMMAND)
        printf("(-)%u", number);
    else
        printf("%u", number);
    print_argument(operand);
    puts("' \\");
    if (operand->kind == ARGUMENT_COMMAND)
        puts("            '*::ARGUMENT:_normal' \\");
}

static void print_command(const struct command *command)
{
    const struct option_row *row;

    printf("        '%s') _arguments -s -S \\\n", command->name);
    for (size_t i = 0; (row = command_row(command, i)); i++) {
        const char letter[] = {(char)row->letter, 0};
        if (row->letter < 256)
            print_name(row, letter, true);
        print_name(row, row->name, false);
    }
    for (unsigned i = 0; i < 2 && command->operands[i]; i++)
        print_operand(command->operands[i], i + 1);
    puts("            ;;");
}

void completion_zsh(void)
{
    puts("#compdef fatelf-amd64\n"
         "# zsh completion for fatelf-amd64, made by 'fatelf-amd64 completion zsh'\n"
         "\n"
         "_fatelf-amd64_build() { # FILE or LEVEL=FILE\n"
         "    compset -P '(x86-64-|)v[1-4]='\n"
         "    _files\n"
         "}\n"
         "\n"
         "_fatelf-amd64() {\n"
         "    local command curcontext=$curcontext\n"
         "\n"
         "    if ((CURRENT > 2)); then # the command line without its first word\n"
         "        shift words\n"
         "        ((CURRENT--))\n"
         "        command=$words[1]\n"
         "        curcontext=${curcontext%:*:*}:fatelf-amd64-$command:\n"
         "    fi\n"
         "    case $command in");
    completion_for_commands(print_command);
    puts("    esac\n"
         "}\n"
         "\n"
         "if [[ $funcstack[1] == _fatelf-amd64 ]]; then # zsh found this file in $fpath\n"
         "    _fatelf-amd64 \"$@\"\n"
         "else\n"
         "    compdef _fatelf-amd64 fatelf-amd64\n"
         "fi");
}
