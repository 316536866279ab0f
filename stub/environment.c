/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <string.h>

#include "../lib/launch.h"
#include "../lib/level.h"
#include "../lib/manifest.h"

/* Each parser returns false for a value that it does not know. */

static bool parse_level(const char *value, struct wishes *wishes)
{
    size_t length = strlen(value);
    bool force = length > 0 && value[length - 1] == '!';
    unsigned level = fatelf_level_parse(value, length - force);

    if (level == 0)
        return false;
    wishes->override = (struct fatelf_override){.level = (uint8_t)level, .force = force};
    wishes->at_most = false;
    return true;
}

static bool parse_launch(const char *value, struct wishes *wishes)
{
    const struct fatelf_launch_row *row = fatelf_launch_by_name(value);

    wishes->launch = row ? row->number : 0;
    return row != NULL;
}

static bool parse_debug(const char *value, struct wishes *wishes)
{
    static const char *const names[] = {[DEBUG_LOG] = "log", [DEBUG_EXTRACT] = "extract", [DEBUG_LIST] = "list"};

    for (unsigned i = DEBUG_LOG; i <= DEBUG_LIST; i++) {
        if (strcmp(value, names[i]) == 0) {
            wishes->debug = (enum debug)i;
            return true;
        }
    }
    return false;
}

/*
 * GOAMD64 and MGODEBUG are mgo's variables. A developer may have set them for Go's build tools, so an unknown value is
 * no error, and neither is a level that the machine or the bundle does not have: both are ignored. FATELF_AMD64 and
 * FATELF_AMD64_DEBUG take precedence.
 */
static bool parse_goamd64(const char *value, struct wishes *wishes)
{
    unsigned level = fatelf_level_parse(value, strlen(value));

    if (level != 0 && wishes->override.level == 0) {
        wishes->override.level = (uint8_t)level;
        wishes->at_most = true;
    }
    return true;
}

static bool parse_mgodebug(const char *value, struct wishes *wishes)
{
    if (wishes->debug == DEBUG_NONE && strcmp(value, "list") != 0)
        parse_debug(value, wishes);
    return true;
}

static const struct variable {
    const char *name;
    bool (*parse)(const char *value, struct wishes *wishes);
    bool go; /* read only if the bundle was made with --go-env */
} variables[] = {
    {"FATELF_AMD64=", parse_level, false},       {"FATELF_AMD64_LAUNCH=", parse_launch, false},
    {"FATELF_AMD64_DEBUG=", parse_debug, false}, {"GOAMD64=", parse_goamd64, true},
    {"MGODEBUG=", parse_mgodebug, true},
};

void environment_read(char **envp, bool go_env, struct wishes *wishes)
{
    for (; *envp; envp++) {
        if (**envp != 'F' && !(go_env && (**envp == 'G' || **envp == 'M')))
            continue;
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
            size_t length = strlen(variables[i].name);
            if ((variables[i].go && !go_env) || strncmp(*envp, variables[i].name, length) != 0)
                continue;
            const char *value = *envp + length;
            if (*value && !variables[i].parse(value, wishes)) /* an empty value counts as not set */
                wishes->unknown = *envp;
            break;
        }
    }
}

const char *environment_get(char **envp, const char *name)
{
    size_t length = strlen(name);

    for (; *envp; envp++)
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
            return *envp + length + 1;
    return NULL;
}
