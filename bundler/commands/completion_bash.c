/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "completion.h"

static const char *const kinds[] = {
    [ARGUMENT_TEXT] = "text",           [ARGUMENT_LIST] = "list",   [ARGUMENT_FILE] = "file",
    [ARGUMENT_DIRECTORY] = "directory", [ARGUMENT_BUILD] = "build", [ARGUMENT_COMMAND] = "command",
};

static void print_options(const struct command *command)
{
    const struct option_row *row;

    printf("        '%s') options='", command->name);
    for (size_t i = 0; (row = command_row(command, i)); i++) {
        if (row->letter < 256)
            printf("-%c ", row->letter);
        printf("--%s ", row->name);
    }
    puts("' ;;");
}

/* The rest of a line that begins with the pattern for the argument. */
static void print_argument(const struct argument *argument)
{
    struct argument_value value;

    printf(") kind=%s values='", kinds[argument->kind]);
    for (size_t i = 0; argument_value(argument, i, &value); i++)
        printf("%s %s%s", value.name, value.last, value.last[0] ? " " : "");
    puts("' ;;");
}

static void print_arguments(const struct command *command)
{
    const struct option_row *row;

    for (size_t i = 0; (row = command_row(command, i)); i++) {
        if (!row->argument)
            continue;
        printf("        ");
        if (row->letter < 256)
            printf("%s/-%c | ", command->name, row->letter);
        printf("%s/--%s", command->name, row->name);
        print_argument(row->argument);
    }
    for (unsigned i = 0; i < 2 && command->operands[i]; i++) {
        const struct argument *operand = command->operands[i];
        printf("        %s/", command->name);
        if (operand->repeats)
            printf("[1-9]*"); /* this one and those behind it */
        else
            printf("%u", i + 1);
        print_argument(operand);
    }
}

static const char complete[] =
    "_fatelf_amd64() {\n"
    "    local IFS=$' \\t\\n' command='' option='' operand=1 dashes='' kind='' values='' options='' i word before\n"
    "    local typed=${COMP_WORDS[COMP_CWORD]}\n"
    "    local -a words=() at=()\n"
    "\n"
    "    COMPREPLY=()\n"
    "    # readline also ends words at '=' and ':': join them\n"
    "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
    "        if ((i > 1)) && [[ ${COMP_WORDS[i]} =~ ^[=:]+$ || ${COMP_WORDS[i - 1]} =~ ^[=:]+$ ]]; then\n"
    "            words[${#words[@]} - 1]+=${COMP_WORDS[i]}\n"
    "        else\n"
    "            words+=(\"${COMP_WORDS[i]}\") at+=(\"$i\")\n"
    "        fi\n"
    "    done\n"
    "    [[ $typed =~ ^[=:]+$ ]] && typed=\n"
    "    local current=${words[${#words[@]} - 1]}\n"
    "\n"
    "    for ((i = 0; i < ${#words[@]} - 1; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ -n $option ]]; then\n"
    "            option= # this was its value\n"
    "        elif [[ -z $dashes && $word == -- ]]; then\n"
    "            dashes=1\n"
    "        elif [[ -z $dashes && $word == -* ]]; then\n"
    "            _fatelf_amd64_argument \"$command\" \"$word\" && option=$word\n"
    "        elif [[ -z $command ]]; then\n"
    "            command=$word\n"
    "        else\n"
    "            _fatelf_amd64_argument \"$command\" $operand\n"
    "            [[ $kind == command ]] && break\n"
    "            ((operand++))\n"
    "        fi\n"
    "    done\n"
    "    _fatelf_amd64_options \"$command\"\n"
    "    if [[ -z $option$dashes && $current == --*=* ]]; then\n"
    "        option=${current%%=*} current=${current#*=}\n"
    "    elif [[ -z $option$dashes && $current == -* ]]; then\n"
    "        option=-\n"
    "    fi\n"
    "    if ! _fatelf_amd64_argument \"$command\" \"${option:-$operand}\"; then\n"
    "        # no value and no operand can be here, but an option\n"
    "        [[ -z $dashes && ${option:--} == - ]] && values=$options\n"
    "    fi\n"
    "\n"
    "    case $kind in\n"
    "        file | build) compopt -o default ;; # readline itself completes file names\n"
    "        directory) compopt -o dirnames ;;\n"
    "        command)\n"
    "            if declare -F _comp_command_offset >/dev/null; then\n"
    "                _comp_command_offset \"${at[i]}\"\n"
    "            elif declare -F _command_offset >/dev/null; then\n"
    "                _command_offset \"${at[i]}\"\n"
    "            else\n"
    "                compopt -o default\n"
    "                ((COMP_CWORD > at[i])) || mapfile -t COMPREPLY < <(compgen -c -- \"$typed\")\n"
    "            fi\n"
    "            ;;\n"
    "        *)\n"
    "            before=\n"
    "            [[ $kind == list && $current == *,* ]] && before=${current%,*},\n"
    "            [[ $kind == list ]] && compopt -o nospace\n"
    "            for word in $values; do\n"
    "                [[ ,$before != *,$word,* && $before$word == \"$current\"* ]] || continue\n"
    "                word=$before$word\n"
    "                COMPREPLY+=(\"$typed${word:${#current}}\")\n"
    "            done\n"
    "            ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "complete -F _fatelf_amd64 fatelf-amd64";

void completion_bash(void)
{
    puts("# bash completion for fatelf-amd64, made by 'fatelf-amd64 completion bash'\n"
         "\n"
         "_fatelf_amd64_options() { # COMMAND: sets options\n"
         "    case $1 in");
    completion_for_commands(print_options);
    puts("    esac\n"
         "}\n"
         "\n"
         "# COMMAND OPTION, or COMMAND and the number of an operand: sets kind and values, or fails if there is none\n"
         "_fatelf_amd64_argument() {\n"
         "    kind='' values=''\n"
         "    case $1/$2 in");
    completion_for_commands(print_arguments);
    puts("        *) return 1 ;;\n"
         "    esac\n"
         "}\n");
    puts(complete);
}
