/* SPDX-License-Identifier: MIT */
#include "create_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/level.h"
#include "../../lib/manifest.h"
#include "../bundle/layout.h"
#include "../bundle/package.h"

static bool launch_value(size_t index, struct argument_value *value)
{
    if (index >= FATELF_LAUNCH_ROWS)
        return false;
    const struct fatelf_launch_row *row = &fatelf_launch_rows[index];
    snprintf(value->name, sizeof value->name, "%s", row->name);
    snprintf(value->help, sizeof value->help, "%s%s", row->help, index == 0 ? " (default)" : "");
    return true;
}

/*
 * The values of --compress: one for each encoding that the user can choose, and a second one if it takes a level.
 */
static bool compress_value(size_t index, struct argument_value *value)
{
    for (size_t i = 0; i < ENCODE_ROWS; i++) {
        const struct encode_row *row = &encode_rows[i];
        if (!row->option)
            continue;
        if (index-- == 0) {
            snprintf(value->name, sizeof value->name, "%s", row->option);
            snprintf(value->help, sizeof value->help, "%s", row->help);
            return true;
        }
        if (row->levels && index-- == 0) {
            snprintf(value->name, sizeof value->name, "%s:1", row->option);
            snprintf(value->last, sizeof value->last, "%s:%d", row->option, ZSTD_maxCLevel());
            snprintf(value->help, sizeof value->help, "compressed with this %s level", row->option);
            return true;
        }
    }
    return false;
}

static bool align_value(size_t index, struct argument_value *value)
{
    static const char *const sizes[] = {"4K", "2M"}; /* examples: a page, and a huge page */

    if (index >= sizeof sizes / sizeof *sizes)
        return false;
    snprintf(value->name, sizeof value->name, "%s", sizes[index]);
    return true;
}

static const struct argument launch = {.name = "METHOD", .value = launch_value};
static const struct argument compress = {.name = "HOW", .value = compress_value};
static const struct argument align = {.name = "SIZE", .value = align_value};
static const struct argument level_list = {.name = "LEVELS", .kind = ARGUMENT_LIST, .value = argument_level_value};
static const struct argument package = {.name = "JSON"};
static const struct argument debug = {.name = "DIR", .kind = ARGUMENT_DIRECTORY};
static const struct argument path = {.name = "PATH", .kind = ARGUMENT_FILE};

/* What create, build and join have in common. */
#define COMMON_ROWS \
    {OPTION_LAUNCH, "launch", &launch, "how the bundle starts its variant:"}, \
        {OPTION_COMPRESS, "compress", &compress, "how the builds are stored:"}, \
        {OPTION_ALIGN, "align", &align, "place each build at a multiple of SIZE in the file: 4K (default) to 1G"}, \
        {OPTION_NO_DELTA, "no-delta", NULL, "code every build by itself, not as differences from another one"}, \
        {OPTION_BASE, "base", &argument_level, \
         "code the other builds against this one, even if it saves little (default: v3)"}, \
        COMMAND_JOBS("compress on N processors"), \
        {OPTION_GO_ENV, "go-env", NULL, "the bundle also honours GOAMD64 and MGODEBUG"}, \
        {OPTION_ALLOW_DIFFERENT, "allow-different", NULL, "join builds even if they are different programs"}, \
        {OPTION_IGNORE_APPENDED, "ignore-appended", NULL, \
         "do not copy data that the builds read in their own file, even if it differs"}, \
        {OPTION_NO_STRINGS, "no-strings", NULL, "do not copy version texts of compressed builds for scanners"}, \
        {OPTION_PACKAGE_METADATA, "package-metadata", &package, "name the package of the program in .note.package"}, \
        {OPTION_DEBUG_DIR, "debug-dir", &debug, "strip the builds, and write their debug information to DIR"}, \
        {OPTION_STUB, "stub", &argument_file, "use this launcher stub"}, \
        {OPTION_FORCE, "force", NULL, "replace FILE if it exists"}, \
        {'q', "quiet", NULL, "no progress line, no warnings"}, \
    { \
        'v', "verbose", NULL, "report what was written" \
    }

const struct option_row create_option_rows[] = {
    {'o', "output", &argument_file, "write the bundle to FILE"},
    COMMON_ROWS,
    {0},
};

const struct option_row build_option_rows[] = {
    {'o', "output", &argument_file, "write the bundle to FILE"},
    {'l', "levels", &level_list, "build for these levels, as in v1,v3 (default: v1,v2,v3,v4)"},
    {OPTION_ARTIFACT, "artifact", &path, "the command leaves its program at PATH"},
    COMMON_ROWS,
    {0},
};

const struct option_row standin_option_rows[] = {
    {'l', "levels", &level_list, "build for these levels"},
    COMMON_ROWS,
    {0},
};

const struct option_row join_option_rows[] = {
    {OPTION_KEEP, "keep", NULL, "do not remove the builds"},
    COMMON_ROWS,
    {0},
};

/* "zstd", "zstd:19", "none": the option of an encoding, and a level if it has any. */
static bool parse_compress(const char *value, struct compress_settings *settings)
{
    for (size_t i = 0; i < ENCODE_ROWS; i++) {
        const struct encode_row *row = &encode_rows[i];
        size_t length = row->option ? strlen(row->option) : 0;
        if (!row->option || strncmp(value, row->option, length) != 0)
            continue;
        settings->encoding = row->encoding;
        settings->level = ENCODE_LEVEL_DEFAULT;
        if (value[length] == 0)
            return true;
        if (value[length] != ':' || !row->levels)
            continue;
        settings->level = (int)command_number(value + length + 1, 1, ZSTD_maxCLevel());
        return settings->level > 0;
    }
    return false;
}

#define ALIGN_MAX (UINT64_C(1) << 30)

/* Parses a size like "2M". Returns it in bytes. 0: not a power of two from a page to 1 GiB. */
static uint64_t parse_align(const char *text)
{
    static const char suffixes[] = "KMG";
    size_t digits = strspn(text, "0123456789");
    const char *suffix = text[digits] ? strchr(suffixes, text[digits]) : NULL;
    char number[16] = "";

    if (digits == 0 || digits >= sizeof number || (text[digits] && (!suffix || text[digits + 1])))
        return 0;
    memcpy(number, text, digits);
    uint64_t size = strtoull(number, NULL, 10);
    unsigned shift = suffix ? 10u * (unsigned)(suffix - suffixes + 1) : 0;
    if (size > ALIGN_MAX >> shift)
        return 0;
    size <<= shift;
    return fatelf_is_power_of_two(size) && size >= LAYOUT_PAGE ? size : 0;
}

/* Checks for options that contradict each other. Returns 0, or reports and returns an exit status. */
static int check(const struct command *command, const struct create_options *options)
{
    const struct code_options *code = &options->code;

    if (code->base && !code->delta)
        return command_misused(command, "--base and --no-delta cannot be used together");
    if (code->base && encode_by_encoding(code->compress.encoding)->against == 0)
        return command_misused(command, "--base needs --compress zstd");
    return 0;
}

/* Parses "v1,v3": sets bit L for level L. Returns 0 if it is something else. */
static unsigned parse_levels(const char *text)
{
    unsigned levels = 0;

    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned level = fatelf_level_parse(text, length);
        if (level == 0)
            return 0;
        levels |= 1u << level;
        if (text[length] == 0)
            return levels;
        text += length + 1;
    }
}

/* Stores one option. Returns 0, or reports and returns an exit status. */
static int parse(const struct command *command, int letter, const char *value, struct create_options *options)
{
    struct code_options *code = &options->code;

    switch (letter) {
    case 'o':
        options->output = value;
        break;
    case OPTION_LAUNCH:
        options->launch = fatelf_launch_by_name(value);
        return options->launch ? 0 : command_bad_value(command, letter, value);
    case OPTION_COMPRESS:
        return parse_compress(value, &code->compress) ? 0 : command_bad_value(command, letter, value);
    case OPTION_ALIGN:
        options->align = parse_align(value);
        return options->align ? 0 : command_misused(command, "--align %s: not a power of two from 4K to 1G", value);
    case OPTION_NO_DELTA:
        code->delta = false;
        break;
    case OPTION_BASE:
        code->base = fatelf_level_parse(value, strlen(value));
        return code->base ? 0 : command_bad_value(command, letter, value);
    case 'j':
        options->jobs_given = true;
        return command_jobs(command, value, &code->compress.threads);
    case OPTION_GO_ENV:
        options->go_env = true;
        break;
    case OPTION_ALLOW_DIFFERENT:
        options->different = true;
        break;
    case OPTION_IGNORE_APPENDED:
        options->ignore_appended = true;
        break;
    case OPTION_NO_STRINGS:
        options->no_strings = true;
        break;
    case OPTION_PACKAGE_METADATA:
        options->package_metadata = value;
        return package_problem(value) ? command_misused(command, "--package-metadata: %s", package_problem(value)) : 0;
    case OPTION_DEBUG_DIR:
        options->debug_directory = value;
        return *value ? 0 : command_misused(command, "--debug-dir: the name of a directory is missing");
    case OPTION_STUB:
        options->stub = value;
        break;
    case OPTION_FORCE:
        options->force = true;
        break;
    case OPTION_KEEP:
        options->keep = true;
        break;
    case OPTION_IN_PLACE:
        options->in_place = true;
        break;
    case 'l':
        options->levels = parse_levels(value);
        options->levels_given = true;
        return options->levels ? 0 : command_misused(command, "-l %s: not levels, as in v1,v3", value);
    case OPTION_ARTIFACT:
        options->artifact = value;
        break;
    case 'q':
        code->quiet = true;
        break;
    case 'v':
        options->verbose = true;
        break;
    }
    return 0;
}

int create_options_parse(const struct command *command, int argc, char **argv, struct create_options *options)
{
    int letter;

    *options = (struct create_options){
        .output = "",
        .levels = (2u << FATELF_LEVEL_MAX) - (1u << FATELF_LEVEL_MIN),
        .launch = &fatelf_launch_rows[0],
        .align = LAYOUT_PAGE,
        .code = {.delta = true, .compress = {.level = ENCODE_LEVEL_DEFAULT, .threads = command_processors()}},
    };
    while ((letter = command_option(command, argc, argv)) != -1) {
        int status = parse(command, letter, optarg, options);
        if (status)
            return status;
    }
    if (!options->code.compress.encoding) /* no --compress */
        options->code.compress.encoding = options->launch->default_encoding;
    return check(command, options);
}

int create_options(const struct command *command, int argc, char **argv, struct create_options *options)
{
    int status = create_options_parse(command, argc, argv, options), operands = argc - optind;

    if (status)
        return status;
    if (options->output[0] == 0)
        return command_misused(command, "no output; name it with -o FILE");
    if (operands == 0)
        return command_misused(command, "no builds to join; give one to four");
    if (operands > (int)FATELF_VARIANTS_MAX)
        return command_misused(command, "%d builds given; there are only four levels", operands);
    return 0;
}

int build_check_base(const struct command *command, const struct create_options *options)
{
    if (options->code.base && !(options->levels >> options->code.base & 1))
        return command_misused(command, "--base v%u: not among the levels", options->code.base);
    return 0;
}

int build_options(const struct command *command, int argc, char **argv, struct create_options *options)
{
    int status = create_options_parse(command, argc, argv, options);

    if (!status && options->output[0] == 0)
        return command_misused(command, "no output; name it with -o FILE");
    if (!status && optind == argc)
        return command_misused(command, "no command to run; write it after --");
    return status ? status : build_check_base(command, options);
}

int join_options(const struct command *command, int argc, char **argv, struct create_options *options)
{
    int status = create_options_parse(command, argc, argv, options);

    return !status && optind == argc ? command_misused(command, "no directory to look for builds in") : status;
}
