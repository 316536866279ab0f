/* SPDX-License-Identifier: MIT */
#include "create_options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/level.h"
#include "../../lib/manifest.h"
#include "../bundle/layout.h"

enum {
    OPTION_LAUNCH = 256,
    OPTION_COMPRESS,
    OPTION_ALIGN,
    OPTION_NO_DELTA,
    OPTION_BASE,
    OPTION_GO_ENV,
    OPTION_STUB,
    OPTION_FORCE,
};

const struct option_row create_option_rows[] = {
    {'o', "output", "FILE", "write the bundle to FILE"},
    {OPTION_LAUNCH, "launch", "METHOD", "how the bundle starts its variant: memfd (default) or inplace"},
    {OPTION_COMPRESS, "compress", "HOW",
     "zstd (default, tuned to start fast), zstd:1 to zstd:22, or none (with inplace)"},
    {OPTION_ALIGN, "align", "SIZE", "put builds at multiples of SIZE in the file: 4K (default) to 1G"},
    {OPTION_NO_DELTA, "no-delta", NULL, "code every build by itself, not as its difference to another one"},
    {OPTION_BASE, "base", "LEVEL", "code the other builds against this one, even where it saves little (default: v3)"},
    {'j', "jobs", "N", "compress on N processors (default: all there are)"},
    {OPTION_GO_ENV, "go-env", NULL, "the bundle also honours GOAMD64 and MGODEBUG"},
    {OPTION_STUB, "stub", "FILE", "use this launcher stub"},
    {OPTION_FORCE, "force", NULL, "replace FILE if it exists"},
    {'q', "quiet", NULL, "no progress line, no warnings"},
    {'v', "verbose", NULL, "say what was written"},
    {0},
};

/* A whole number from `low` to `high`; -1: it is not. */
static long parse_number(const char *text, long low, long high)
{
    char *end;

    if (text[0] < '0' || text[0] > '9') /* strtol takes spaces and signs */
        return -1;
    errno = 0;
    long number = strtol(text, &end, 10);
    return errno || *end || number < low || number > high ? -1 : number;
}

static bool parse_compress(const char *value, struct compress_settings *settings)
{
    if (strcmp(value, "none") == 0) {
        settings->encoding = FATELF_ENCODING_STORED;
        return true;
    }
    settings->encoding = FATELF_ENCODING_ZSTD;
    settings->level = COMPRESS_LEVEL_DEFAULT;
    if (strcmp(value, "zstd") == 0)
        return true;
    if (strncmp(value, "zstd:", 5) != 0)
        return false;
    settings->level = (int)parse_number(value + 5, 1, ZSTD_maxCLevel());
    return settings->level > 0;
}

#define ALIGN_MAX (UINT64_C(1) << 30)

/* "2M" to bytes; 0: not a power of two from a page to 1 GiB. */
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

static unsigned processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

int create_options(const struct command *command, int argc, char **argv, struct create_options *options)
{
    int letter;

    *options = (struct create_options){
        .output = "",
        .delta = true,
        .launch = FATELF_LAUNCH_MEMFD,
        .align = LAYOUT_PAGE,
        .compress = {.level = COMPRESS_LEVEL_DEFAULT, .threads = processors()},
    };
    while ((letter = command_option(command, argc, argv)) != -1) {
        switch (letter) {
        case 'o':
            options->output = optarg;
            break;
        case OPTION_LAUNCH:
            options->launch = fatelf_launch_parse(optarg);
            if (options->launch == 0)
                return command_misused(command, "--launch %s: not memfd or inplace", optarg);
            break;
        case OPTION_ALIGN:
            options->align = parse_align(optarg);
            if (options->align == 0)
                return command_misused(command, "--align %s: not a power of two from 4K to 1G", optarg);
            break;
        case OPTION_COMPRESS:
            if (!parse_compress(optarg, &options->compress))
                return command_misused(command, "--compress %s: not zstd, zstd:1 to zstd:%d or none", optarg,
                                       ZSTD_maxCLevel());
            break;
        case OPTION_NO_DELTA:
            options->delta = false;
            break;
        case OPTION_BASE:
            options->base = fatelf_level_parse(optarg, strlen(optarg));
            if (options->base == 0)
                return command_misused(command, "--base %s: not v1, v2, v3 or v4", optarg);
            break;
        case 'j': {
            long number = parse_number(optarg, 1, 1024);
            if (number < 0)
                return command_misused(command, "-j %s: not a number from 1 to 1024", optarg);
            options->compress.threads = (unsigned)number;
            break;
        }
        case OPTION_GO_ENV:
            options->go_env = true;
            break;
        case OPTION_STUB:
            options->stub = optarg;
            break;
        case OPTION_FORCE:
            options->force = true;
            break;
        case 'q':
            options->quiet = true;
            break;
        case 'v':
            options->verbose = true;
            break;
        }
    }
    if (!options->compress.encoding) /* what is mapped as it lies in the file must not be compressed */
        options->compress.encoding = options->launch == FATELF_LAUNCH_INPLACE ? FATELF_ENCODING_STORED
                                                                              : FATELF_ENCODING_ZSTD;
    if (options->base && !options->delta)
        return command_misused(command, "--base and --no-delta exclude each other");
    if (options->base && options->compress.encoding == FATELF_ENCODING_STORED)
        return command_misused(command, "--base needs --compress zstd");
    if (options->output[0] == 0)
        return command_misused(command, "no output; name it with -o FILE");
    if (optind == argc)
        return command_misused(command, "no builds to join; give one to four");
    if (argc - optind > (int)FATELF_VARIANTS_MAX)
        return command_misused(command, "%d builds given; there are only four levels", argc - optind);
    return 0;
}
