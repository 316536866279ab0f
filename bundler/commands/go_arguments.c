/* SPDX-License-Identifier: MIT */
#include "go_arguments.h"

#include <stdlib.h>
#include <string.h>

/* The flags that take no value of their own, and those that `go list` needs to find the same packages. */
static const struct flag {
    const char *name;
    bool value, list;
} flags[] = {
    {"a", false, false},        {"n", false, false},          {"v", false, false},         {"x", false, false},
    {"i", false, false},        {"work", false, false},       {"json", false, false},      {"race", false, true},
    {"msan", false, true},      {"asan", false, true},        {"cover", false, false},     {"trimpath", false, false},
    {"buildvcs", false, false}, {"linkshared", false, false}, {"modcacherw", false, true}, {"tags", true, true},
    {"mod", true, true},        {"modfile", true, true},      {"overlay", true, true},     {"compiler", true, true},
};

/* The row of a flag, without its dashes and with or without a value. NULL: another flag, which takes a value. */
static const struct flag *find(const char *name)
{
    size_t length = strcspn(name, "=");

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strlen(flags[i].name) == length && strncmp(flags[i].name, name, length) == 0)
            return &flags[i];
    return NULL;
}

static bool is_named(const char *flag, const char *name)
{
    size_t length = strlen(name);

    return strncmp(flag, name, length) == 0 && (flag[length] == 0 || flag[length] == '=');
}

/* The build modes that make programs; go's default is one of them. */
static bool makes_program(const char *mode)
{
    return strcmp(mode, "default") == 0 || strcmp(mode, "exe") == 0 || strcmp(mode, "pie") == 0;
}

/* Looks at one flag, without its dashes. True: it is not for the runs. */
static bool take(struct go_arguments *arguments, const char *name, char *value)
{
    if (is_named(name, "n"))
        arguments->prints = true;
    if (is_named(name, "buildmode") && value)
        arguments->library = !makes_program(value);
    if (is_named(name, "o"))
        arguments->output = value;
    else if (is_named(name, "C"))
        arguments->directory = value;
    else
        return false;
    return true;
}

bool go_arguments_parse(struct go_arguments *arguments, char **words)
{
    unsigned count = 0, at = 0;

    while (words[count])
        count++;
    *arguments = (struct go_arguments){
        .words = calloc(count + 1, sizeof *words),
        .for_list = calloc(count + 1, sizeof *arguments->for_list),
    };
    if (!arguments->words || !arguments->for_list)
        return false;
    while (*words && (*words)[0] == '-' && (*words)[1] && strcmp(*words, "--") != 0) {
        const char *name = *words + 1 + ((*words)[1] == '-');
        const struct flag *flag = find(name);
        char *equals = strchr(*words, '=');
        bool next = !equals && (!flag || flag->value) && words[1]; /* the value is the next word */
        bool taken = take(arguments, name, equals ? equals + 1 : next ? words[1] : NULL);
        for (unsigned left = next ? 2 : 1; left > 0; left--, words++) {
            arguments->for_list[at] = flag && flag->list;
            arguments->words[at] = *words;
            at += !taken;
        }
    }
    if (*words && strcmp(*words, "--") == 0)
        words++;
    arguments->first = at;
    for (; *words; words++)
        arguments->words[at++] = *words;
    arguments->words[at] = NULL;
    return true;
}

void go_arguments_free(struct go_arguments *arguments)
{
    free(arguments->words);
    free(arguments->for_list);
}

bool go_flags_make_no_program(const char *text)
{
    struct go_arguments found = {0};
    char *copy = strdup(text), *rest = copy;

    for (char *word; (word = strsep(&rest, " "));)
        if (word[0] == '-' && word[1])
            take(&found, word + 1 + (word[1] == '-'), strchr(word, '=') ? strchr(word, '=') + 1 : NULL);
    free(copy);
    return found.prints || found.library;
}
