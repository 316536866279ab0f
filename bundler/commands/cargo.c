/* SPDX-License-Identifier: MIT */
#include "cargo.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/capture.h"
#include "../base/file.h"
#include "../base/say.h"
#include "build_levels.h"

/* How cargo separates flags in CARGO_ENCODED_RUSTFLAGS. */
#define FLAG_SEPARATOR "\x1f"

unsigned cargo_builds(char **command)
{
    static const char *const names[] = {"build", "b", "rustc"};

    if (strcmp(base_name(command[0]), "cargo") != 0)
        return 0;
    unsigned at = command[1] && command[1][0] == '+' ? 2 : 1; /* +TOOLCHAIN */
    for (size_t i = 0; command[at] && i < sizeof names / sizeof *names; i++)
        if (strcmp(command[at], names[i]) == 0)
            return at;
    return 0;
}

/* The number of arguments, 1 or 2, that give this option its value, which is set; 0: the first argument is another. */
static unsigned option_at(char **arguments, const char *name, const char **value)
{
    size_t length = strlen(name);

    if (strncmp(arguments[0], name, length) != 0)
        return 0;
    if (arguments[0][length] == '=') {
        *value = arguments[0] + length + 1;
        return 1;
    }
    *value = arguments[1];
    return arguments[0][length] == 0 && arguments[1] ? 2 : 0;
}

/* The last value of the option; *count: how many there are. */
static const char *find_option(char **arguments, const char *name, unsigned *count)
{
    const char *value = NULL, *found = NULL;

    *count = 0;
    for (; *arguments && strcmp(*arguments, "--") != 0; arguments++)
        if (option_at(arguments, name, &value)) {
            found = value;
            ++*count;
        }
    return found;
}

void cargo_prepare(struct build_run *run, unsigned first)
{
    run->cargo = true;
    build_levels_argument(run, "--message-format=json-render-diagnostics"); /* other messages stay readable */
    if (run->out_of_memory)
        return;
    char **at = run->arguments + first, **last = run->arguments + run->argument_count - 1, *messages = *last;
    const char *directory;
    memmove(at + 1, at, (size_t)(last - at) * sizeof *at);
    *at++ = messages;
    char **to = at;
    for (bool end = false; *at;) {
        end = end || strcmp(*at, "--") == 0;
        unsigned count = end ? 0 : option_at(at, "--target-dir", &directory); /* it would be the same for all runs */
        if (count == 0)
            *to++ = *at++;
        for (; count > 0; count--)
            free(*at++);
    }
    *to = NULL;
    run->argument_count = (unsigned)(to - run->arguments);
}

/* --- the configuration ------------------------------------------------------------------------------------------------ */

/* A copy of the text; NULL for NULL. */
static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* The member of a member of a JSON object. NULL: there is none. */
static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *found = NULL;

    json_object_object_get_ex(object, name, &found);
    return found;
}

/* Adds the flags, an array or one string with spaces, to a text in which they are separated. */
static void add_flags(FILE *to, struct json_object *flags)
{
    if (json_object_is_type(flags, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(flags); i++)
            fprintf(to, "%s%s", ftell(to) > 0 ? FLAG_SEPARATOR : "",
                    json_object_get_string(json_object_array_get_idx(flags, i)));
    } else if (json_object_is_type(flags, json_type_string)) {
        char *text = copy(json_object_get_string(flags)), *rest = text;
        for (const char *flag; (flag = strsep(&rest, " "));)
            if (*flag)
                fprintf(to, "%s%s", ftell(to) > 0 ? FLAG_SEPARATOR : "", flag);
        free(text);
    }
}

/*
 * The flags that cargo would use if there were no variable with flags: those for the target, or if there are none, those
 * for all.
 */
static char *find_flags(struct json_object *configuration, const char *target)
{
    struct json_object *flags = member(member(member(configuration, "target"), target), "rustflags");
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return NULL;
    add_flags(to, flags ? flags : member(member(configuration, "build"), "rustflags"));
    fclose(to);
    return text;
}

/* The first cfg() in the configuration that has flags: only cargo knows whether it holds. NULL: there is none. */
static const char *find_condition(struct json_object *configuration)
{
    struct json_object *targets = member(configuration, "target");

    if (!json_object_is_type(targets, json_type_object))
        return NULL;
    struct json_object_iterator at = json_object_iter_begin(targets), end = json_object_iter_end(targets);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (strncmp(json_object_iter_peek_name(&at), "cfg(", 4) == 0 &&
            member(json_object_iter_peek_value(&at), "rustflags"))
            return json_object_iter_peek_name(&at);
    return NULL;
}

/* The target in the configuration: a string, or an array with one element. */
static const char *find_target(struct json_object *configuration)
{
    struct json_object *target = member(member(configuration, "build"), "target");

    if (json_object_is_type(target, json_type_array) && json_object_array_length(target) == 1)
        target = json_object_array_get_idx(target, 0);
    return json_object_is_type(target, json_type_string) ? json_object_get_string(target) : NULL;
}

/* The triple of this machine: "host: TRIPLE" in what cargo -vV prints. The caller frees it. */
static char *find_host(const char *program)
{
    static const char name[] = "\nhost: ";
    char *text = capture((const char *const[]){program, "-vV", NULL});
    const char *found = text ? strstr(text, name) : NULL;
    char *host = found ? strndup(found + sizeof name - 1, strcspn(found + sizeof name - 1, "\n")) : NULL;

    free(text);
    return host;
}

/* The directory that cargo's metadata names. The caller frees it. */
static char *find_directory(const char *program, const char *manifest)
{
    char *text = capture((const char *const[]){program, "metadata", "--format-version=1", "--no-deps",
                                               manifest ? "--manifest-path" : NULL, manifest, NULL});
    struct json_object *root = text ? json_tokener_parse(text) : NULL;
    char *directory = copy(json_object_get_string(member(root, "target_directory")));

    json_object_put(root);
    free(text);
    return directory;
}

/* The caller frees it. */
static char *absolute(const char *path)
{
    char *here = path[0] == '/' ? NULL : getcwd(NULL, 0), *result = NULL;

    if (asprintf(&result, "%s%s%s", here ? here : "", here ? "/" : "", path) < 0)
        result = NULL;
    free(here);
    return result;
}

void cargo_ask(struct cargo *cargo, const char *program, char **arguments)
{
    unsigned count, manifests;
    const char *directory = find_option(arguments, "--target-dir", &count);
    /* the command is not stable yet, but nothing else tells; older ones fail, and nothing is known then */
    char *text = capture((const char *const[]){"env", "RUSTC_BOOTSTRAP=1", program, "-Zunstable-options", "config",
                                               "get", "--format=json", NULL});
    struct json_object *configuration = text ? json_tokener_parse(text) : NULL;

    *cargo = (struct cargo){.directory = NULL};
    cargo->directory = directory ? absolute(directory)
                                 : find_directory(program, find_option(arguments, "--manifest-path", &manifests));
    const char *target = find_option(arguments, "--target", &count);
    if (!target)
        target = getenv("CARGO_BUILD_TARGET");
    if (!target)
        target = find_target(configuration);
    cargo->chosen = target != NULL;
    if (count <= 1)
        cargo->target = target ? strdup(target) : find_host(program);
    if (cargo->target && !getenv("RUSTFLAGS") && !getenv("CARGO_ENCODED_RUSTFLAGS")) {
        cargo->flags = find_flags(configuration, cargo->target);
        cargo->condition = copy(find_condition(configuration));
    }
    json_object_put(configuration);
    free(text);
}

void cargo_set_environment(const struct cargo *cargo, bool quiet)
{
    if (cargo->condition && !quiet)
        warn("cargo's configuration has rustflags for %s; the builds are made without them: set RUSTFLAGS",
             cargo->condition);
    if (cargo->directory)
        setenv("CARGO_TARGET_DIR", cargo->directory, 1);
    if (cargo->target && !cargo->chosen)
        setenv("CARGO_BUILD_TARGET", cargo->target, 1);
    if (cargo->flags && cargo->flags[0])
        setenv("CARGO_ENCODED_RUSTFLAGS", cargo->flags, 1);
}

void cargo_release(struct cargo *cargo)
{
    free(cargo->directory);
    free(cargo->target);
    free(cargo->flags);
    free(cargo->condition);
}
