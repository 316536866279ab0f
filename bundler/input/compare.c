/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <string.h>

#include "../base/say.h"
#include "go.h"

/*
 * Builds that have a smaller share of their texts in common, in percent, are refused, or create warns about them.
 * docs/performance.md, Builds of one program, has the figures.
 */
enum { SHARE_REFUSED = 15, SHARE_SUSPECT = 60 };

/* Facts that are the same in builds of one program, and their names. */
static const struct {
    enum identity_fact fact;
    const char *name;
} same_facts[] = {
    {IDENTITY_GO_PACKAGE, "Go package"},
    {IDENTITY_GO_MODULE, "Go module"},
    {IDENTITY_GO_VERSION, "version of the Go module"},
    {IDENTITY_GO_COMMIT, "commit of the Go module"},
    {IDENTITY_PACKAGE, "package in .note.package"},
    {IDENTITY_CRATE, "root package in .dep-v0"},
    {IDENTITY_TYPE, "ELF type"},
    {IDENTITY_LOADER, "dynamic loader"},
};

/* Both builds of a pair say something about the fact, and it is the same or not. */
static bool is_known(const struct build *a, const struct build *b, enum identity_fact fact)
{
    return a->identity.facts[fact] && b->identity.facts[fact];
}

static bool differs(const struct build *a, const struct build *b, enum identity_fact fact)
{
    if (!is_known(a, b, fact) || strcmp(a->identity.facts[fact], b->identity.facts[fact]) == 0)
        return false;
    /* A clone without tags gives another version of the same commit. */
    return fact != IDENTITY_GO_VERSION || !is_known(a, b, IDENTITY_GO_COMMIT) || differs(a, b, IDENTITY_GO_COMMIT);
}

/* Compares two builds. Returns 0, or reports and returns an exit status. */
static int compare_pair(const struct build *a, const struct build *b)
{
    for (size_t i = 0; i < sizeof same_facts / sizeof *same_facts; i++) {
        enum identity_fact fact = same_facts[i].fact;
        if (differs(a, b, fact))
            return fail("%s and %s: not builds of one program: %s %s and %s; --allow-different joins them", a->path,
                        b->path, same_facts[i].name, a->identity.facts[fact], b->identity.facts[fact]);
    }
    int share = sketch_compare(&a->sketch, &b->sketch);
    if (share >= 0 && share < SHARE_REFUSED)
        return fail("%s and %s: not builds of one program: only %d %% of their texts are the same; "
                    "--allow-different joins them",
                    a->path, b->path, share);
    return 0;
}

int compare_builds(const struct build *builds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = i + 1; j < count; j++) {
            int status = compare_pair(&builds[i], &builds[j]);
            if (status)
                return status;
        }
    return 0;
}

/* The following functions warn about a pair of builds and return true, or return false. */

static bool share_is_small(const struct build *a, const struct build *b)
{
    int share = sketch_compare(&a->sketch, &b->sketch);

    if (share < 0 || share >= SHARE_SUSPECT)
        return false;
    warn("%s and %s: only %d %% of their texts are the same; check that both are builds of one program", a->path,
         b->path, share);
    return true;
}

/*
 * Libraries that builds of one program may need at some levels only: vector functions, functions like floor() that are
 * one instruction from v2 on, and 16-byte atomics, for which v2 has an instruction.
 */
static bool may_differ(const char *library)
{
    static const char *const names[] = {"libmvec.so.1", "libm.so.6", "libatomic.so.1"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(library, names[i]) == 0)
            return true;
    return false;
}

/* A library that `a` needs and `b` does not. NULL: none. Both lists are sorted. */
static const char *missing_library(const struct build *a, const struct build *b)
{
    size_t j = 0;

    for (size_t i = 0; i < a->dynamic.needed_count; i++) {
        int order = -1;
        while (j < b->dynamic.needed_count && (order = strcmp(a->dynamic.needed[i], b->dynamic.needed[j])) > 0)
            j++;
        if ((j == b->dynamic.needed_count || order != 0) && !may_differ(a->dynamic.needed[i]))
            return a->dynamic.needed[i];
    }
    return NULL;
}

static bool needs_another_library(const struct build *a, const struct build *b)
{
    const char *library = missing_library(a, b);
    const struct build *with = library ? a : b, *without = library ? b : a;

    library = library ? library : missing_library(b, a);
    if (!library)
        return false;
    warn("%s: needs the library %s, which %s does not need; build both with the same libraries and options", with->path,
         library, without->path);
    return true;
}

static bool go_differs(const struct build *a, const struct build *b)
{
    if (!differs(a, b, IDENTITY_GO_TOOLCHAIN))
        return false;
    warn("%s and %s: built by different versions of Go, %s and %s; build both with one", a->path, b->path,
         a->identity.facts[IDENTITY_GO_TOOLCHAIN], b->identity.facts[IDENTITY_GO_TOOLCHAIN]);
    return true;
}

/* Compares two texts as strcmp() does. */
static int compare_texts(const struct go_text *a, const struct go_text *b)
{
    int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);

    return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* Go writes the modules in the order of their paths. Only those in both builds are compared: tags may add others. */
static bool dependency_differs(const struct build *a, const struct build *b)
{
    if (!is_known(a, b, IDENTITY_GO_DEPENDENCIES))
        return false;
    const char *left = a->identity.facts[IDENTITY_GO_DEPENDENCIES];
    const char *right = b->identity.facts[IDENTITY_GO_DEPENDENCIES];
    struct go_text left_lines = {left, strlen(left)}, right_lines = {right, strlen(right)}, left_line, right_line;
    bool more = go_line(&left_lines, &left_line) && go_line(&right_lines, &right_line);

    while (more) {
        struct go_text left_version = left_line, right_version = right_line;
        struct go_text left_path = go_field(&left_version), right_path = go_field(&right_version);
        int order = compare_texts(&left_path, &right_path);
        if (order == 0 && compare_texts(&left_version, &right_version) != 0) {
            warn("%s and %s: built with different versions of %.*s, %.*s and %.*s; build both from one go.sum", a->path,
                 b->path, (int)left_path.size, left_path.bytes, (int)left_version.size, left_version.bytes,
                 (int)right_version.size, right_version.bytes);
            return true;
        }
        more = (order > 0 || go_line(&left_lines, &left_line)) && (order < 0 || go_line(&right_lines, &right_line));
    }
    return false;
}

void compare_warn(const struct build *builds, unsigned count)
{
    static bool (*const warnings[])(const struct build *a, const struct build *b) = {
        share_is_small,
        needs_another_library,
        go_differs,
        dependency_differs,
    };

    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
        bool warned = false;
        for (unsigned first = 0; !warned && first < count; first++)
            for (unsigned second = first + 1; !warned && second < count; second++)
                warned = warnings[i](&builds[first], &builds[second]);
    }
}
