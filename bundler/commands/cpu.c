/* SPDX-License-Identifier: MIT */
/* cpu: shows this machine's level, and what it lacks for the next one. */
#include <getopt.h>
#include <libcpuid.h>
#include <stdbool.h>
#include <stdio.h>

#include "../../lib/cpu.h"
#include "../../lib/format.h"
#include "../base/json.h"
#include "commands.h"

enum { OPTION_JSON = 256 };

static const struct option_row option_rows[] = {
    {OPTION_JSON, "json", NULL, "print JSON"},
    {0},
};

static bool is_missing(const struct fatelf_feature *feature, unsigned level, const struct fatelf_cpu *cpu)
{
    return feature->level == level && !fatelf_feature_present(feature, cpu);
}

/* Whether the processor has the feature, which is missing only because the kernel does not save its registers. */
static bool is_switched_off(const struct fatelf_feature *feature, const struct fatelf_cpu *cpu)
{
    struct fatelf_cpu willing = *cpu;

    willing.xcr0 = UINT64_MAX;
    return fatelf_feature_present(feature, &willing);
}

static void print_text(const char *name, unsigned level, const struct fatelf_cpu *cpu)
{
    const char *separator = " ";

    printf("processor: %s\nlevel: x86-64-v%u\n", name, level);
    if (level == FATELF_LEVEL_MAX)
        return;
    printf("missing for x86-64-v%u:", level + 1);
    for (size_t i = 0; i < fatelf_feature_count; i++) {
        if (!is_missing(&fatelf_features[i], level + 1, cpu))
            continue;
        printf("%s%s%s", separator, fatelf_features[i].name,
               is_switched_off(&fatelf_features[i], cpu) ? " (switched off by the kernel)" : "");
        separator = ", ";
    }
    putchar('\n');
}

static void print_json(const char *name, unsigned level, const struct fatelf_cpu *cpu)
{
    struct json_object *root = json_object_new_object();
    struct json_object *missing = json_object_new_array();
    char text[8];

    snprintf(text, sizeof text, "v%u", level);
    json_object_object_add(root, "processor", json_text(name));
    json_object_object_add(root, "level", json_object_new_string(text));
    json_object_object_add(root, "missing_for_next", missing);
    for (size_t i = 0; i < fatelf_feature_count; i++)
        if (is_missing(&fatelf_features[i], level + 1, cpu))
            json_object_array_add(missing, json_object_new_string(fatelf_features[i].name));
    json_print(root);
}

static int run_cpu(const struct command *command, int argc, char **argv)
{
    struct cpu_raw_data_t raw;
    struct cpu_id_t id;
    struct fatelf_cpu cpu;
    bool json = false;
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1)
        json |= letter == OPTION_JSON;
    if (optind != argc)
        return command_misused(command, "takes no argument");
    fatelf_cpu_read(&cpu);
    bool known = cpuid_get_raw_data(&raw) == 0 && cpu_identify(&raw, &id) == 0 && id.brand_str[0];
    (json ? print_json : print_text)(known ? id.brand_str : "unknown", fatelf_level(&cpu), &cpu);
    return command_finish();
}

const struct command command_cpu = {
    .name = "cpu",
    .synopsis = "[--json]",
    .summary = "show this machine's level, and the features that it lacks for the next level",
    .options = option_rows,
    .run = run_cpu,
};
