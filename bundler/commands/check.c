/* SPDX-License-Identifier: MIT */
/* check: shows which instructions builds contain, and whether these fit their levels. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/json.h"
#include "../base/say.h"
#include "../input/isa_advice.h"
#include "../input/level.h"
#include "../input/sections.h"
#include "commands.h"

enum { OPTION_JSON = 256, FUNCTIONS_SHOWN = 10 };

static const struct option_row option_rows[] = {
    {OPTION_JSON, "json", NULL, "print JSON"},
    COMMAND_JOBS("decode on N processors"),
    {'q', "quiet", NULL, "print only warnings"},
    {0},
};

struct check {
    struct isa_subject *subjects; /* `count` of them */
    const char **sources;         /* what gave each one its level; NULL: nothing */
    int *fds;                     /* for the names of functions */
    unsigned count, threads;
};

static int find_level(struct isa_subject *subject, unsigned given, const char **source)
{
    bfd *abfd = elf_file_bfd(subject->path);

    if (!abfd)
        return fail("%s: damaged ELF file: %s", subject->path, bfd_errmsg(bfd_get_error()));
    unsigned recorded = level_recorded(abfd, source);
    if (given)
        *source = "command line";
    else if (!recorded && level_from_name(subject->path))
        *source = "file name";
    int status = *source ? level_determine(abfd, subject->path, given, &subject->level) : 0;
    bfd_close(abfd);
    return status;
}

/* libbfd would read whatever the section headers describe. */
static int check_holes(const struct elf_file *elf, int fd, const struct stat *stat, const char *path)
{
    struct sections sections;
    int status = sections_open(&sections, fd, (uint64_t)stat->st_size, &elf->header, path);

    return status ? status : sections_check_holes(&sections, stat, elf->program_headers, elf->count);
}

static int open_file(const char *path, int *fd, struct stat *stat)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would block otherwise */
    if (*fd < 0 || fstat(*fd, stat) != 0)
        return fail("%s: %s", path, strerror(errno));
    return S_ISREG(stat->st_mode) ? 0 : fail("%s: not a regular file", path);
}

/* Reads one operand into the element `index`. */
static int read_build(struct check *check, unsigned index, const char *operand)
{
    struct isa_subject *subject = &check->subjects[index];
    struct elf_file elf = {0};
    struct stat stat = {0};
    unsigned given;
    int status = build_split(operand, &given, &subject->path);

    if (!status)
        status = open_file(subject->path, &check->fds[index], &stat);
    if (status)
        return status;
    status = elf_file_open(&elf, check->fds[index], (uint64_t)stat.st_size, subject->path);
    if (!status && elf.bundle)
        status = fail("%s: a bundle; take its variants with 'fatelf-amd64 extract' and check those", subject->path);
    if (!status)
        status = check_holes(&elf, check->fds[index], &stat, subject->path);
    if (!status)
        status = find_level(subject, given, &check->sources[index]);
    if (!status)
        status = isa_read(&subject->isa, &elf, check->fds[index], (uint64_t)stat.st_size, check->threads,
                          subject->path);
    if (!status && isa_pages(&subject->isa) == 0)
        status = fail("%s: contains no code", subject->path);
    elf_file_close(&elf);
    return status;
}

/* The level above which functions are listed. */
static unsigned listed_above(const struct isa_subject *subject)
{
    return subject->level ? subject->level : FATELF_LEVEL_MIN;
}

static uint64_t instructions_above(const struct function *function, unsigned level)
{
    uint64_t sum = 0;

    while (++level < INSTRUCTION_LEVELS)
        sum += function->instructions[level];
    return sum;
}

/* The functions with most instructions above the level, in descending order. Returns how many there are. */
static unsigned find_top(const struct functions *functions, unsigned level, const struct function *top[FUNCTIONS_SHOWN])
{
    unsigned count = 0;

    for (size_t i = 0; i < functions->count; i++) {
        const struct function *function = &functions->list[i];
        uint64_t found = instructions_above(function, level);
        unsigned place = count;
        if (found == 0)
            continue;
        while (place > 0 && instructions_above(top[place - 1], level) < found)
            place--;
        if (place == FUNCTIONS_SHOWN)
            continue;
        count += count < FUNCTIONS_SHOWN;
        memmove(&top[place + 1], &top[place], (count - place - 1) * sizeof(struct function *));
        top[place] = function;
    }
    return count;
}

static void print_row(const char *level, uint64_t instructions, uint64_t pages, uint64_t all)
{
    printf("%-5s  %12llu", level, (unsigned long long)instructions);
    if (all)
        printf("  %8llu  %5.1f%%", (unsigned long long)pages, (double)pages * 100 / (double)all);
    putchar('\n');
}

static void print_text(const struct isa_subject *subject, const char *source)
{
    const struct isa *isa = &subject->isa;
    const struct function *top[FUNCTIONS_SHOWN];
    unsigned above = listed_above(subject), count = find_top(&isa->functions, above, top);
    unsigned lowest = isa_lowest_level(isa);

    say_text(stdout, subject->path);
    if (subject->level)
        printf(": v%u (%s)", subject->level, source);
    else
        printf(": level unknown");
    printf("; looks made for v%u%s\nLEVEL  INSTRUCTIONS     PAGES   SHARE\n", lowest,
           lowest < FATELF_LEVEL_MAX ? " or higher" : "");
    for (unsigned level = FATELF_LEVEL_MIN; level <= FATELF_LEVEL_MAX; level++) {
        char name[8];
        snprintf(name, sizeof name, "v%u", level);
        print_row(name, isa->counts.instructions[level], isa->counts.pages[level], isa_pages(isa));
    }
    print_row("other", isa->counts.instructions[INSTRUCTION_OTHER], 0, 0);
    for (unsigned i = 0; i < count; i++) {
        char name[256];
        function_name(&isa->functions, top[i], name, sizeof name);
        if (i == 0)
            printf("ABOVE v%u      FUNCTION\n", above);
        printf("%12llu  %s\n", (unsigned long long)instructions_above(top[i], above), name);
    }
}

static struct json_object *json_count(uint64_t value)
{
    return json_object_new_int64((int64_t)value);
}

static struct json_object *json_levels(const uint64_t counts[INSTRUCTION_LEVELS], bool other)
{
    struct json_object *object = json_object_new_object();
    char name[8];

    for (unsigned level = FATELF_LEVEL_MIN; level <= FATELF_LEVEL_MAX; level++) {
        snprintf(name, sizeof name, "v%u", level);
        json_object_object_add(object, name, json_count(counts[level]));
    }
    if (other)
        json_object_object_add(object, "other", json_count(counts[INSTRUCTION_OTHER]));
    return object;
}

static struct json_object *json_functions(const struct isa_subject *subject)
{
    struct json_object *list = json_object_new_array();
    const struct function *top[FUNCTIONS_SHOWN];
    unsigned above = listed_above(subject), count = find_top(&subject->isa.functions, above, top);

    for (unsigned i = 0; i < count; i++) {
        struct json_object *row = json_object_new_object();
        char name[256];
        function_name(&subject->isa.functions, top[i], name, sizeof name);
        json_object_object_add(row, "name", json_object_new_string(name));
        json_object_object_add(row, "instructions", json_count(instructions_above(top[i], above)));
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *json_build(const struct isa_subject *subject, const char *source)
{
    const struct isa_counts *counts = &subject->isa.counts;
    struct json_object *object = json_object_new_object();
    char level[8], lowest[8];

    snprintf(level, sizeof level, "v%u", subject->level);
    snprintf(lowest, sizeof lowest, "v%u", isa_lowest_level(&subject->isa));
    json_object_object_add(object, "file", json_text(subject->path));
    json_object_object_add(object, "level", subject->level ? json_object_new_string(level) : NULL);
    json_object_object_add(object, "level_from", source ? json_object_new_string(source) : NULL);
    json_object_object_add(object, "lowest_level", json_object_new_string(lowest));
    json_object_object_add(object, "instructions", json_levels(counts->instructions, true));
    json_object_object_add(object, "pages", json_levels(counts->pages, false));
    json_object_object_add(object, "undecodable_bytes", json_count(counts->undecodable));
    json_object_object_add(object, "can_ask_processor", json_object_new_boolean(subject->isa.can_ask));
    json_object_object_add(object, "functions", json_functions(subject));
    return object;
}

static void print_json(const struct check *check)
{
    struct json_object *root = json_object_new_array();

    for (unsigned i = 0; i < check->count; i++)
        json_object_array_add(root, json_build(&check->subjects[i], check->sources[i]));
    json_print(root);
}

static int check_builds(struct check *check, char **operands, bool json, bool quiet)
{
    for (unsigned i = 0; i < check->count; i++) {
        int status = read_build(check, i, operands[i]);
        if (status)
            return status;
    }
    for (unsigned i = 0; !json && !quiet && i < check->count; i++)
        print_text(&check->subjects[i], check->sources[i]);
    if (json && !quiet)
        print_json(check);
    int status = command_finish();
    return isa_advise(check->subjects, check->count) > 0 ? STATUS_FAILED : status;
}

static int run_check(const struct command *command, int argc, char **argv)
{
    bool json = false, quiet = false;
    unsigned threads = command_processors();
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1) {
        if (letter == 'j' && command_jobs(command, optarg, &threads) != 0)
            return STATUS_USAGE;
        json |= letter == OPTION_JSON;
        quiet |= letter == 'q';
    }
    if (argc == optind)
        return command_misused(command, "no build to check");
    if (!decoder_exists())
        return fail("check: this fatelf-amd64 has no instruction decoder; install Zydis and build it again");
    size_t count = (size_t)(argc - optind);
    struct check check = {
        .subjects = calloc(count, sizeof *check.subjects),
        .sources = calloc(count, sizeof *check.sources),
        .fds = calloc(count, sizeof *check.fds),
        .count = (unsigned)count,
        .threads = threads,
    };
    bool good = check.subjects && check.sources && check.fds;
    for (size_t i = 0; good && i < count; i++)
        check.fds[i] = -1;
    int status = good ? check_builds(&check, argv + optind, json, quiet) : fail("out of memory");
    for (size_t i = 0; good && i < count; i++) {
        isa_free(&check.subjects[i].isa);
        if (check.fds[i] >= 0)
            close(check.fds[i]);
    }
    free(check.subjects);
    free(check.sources);
    free(check.fds);
    return status;
}

const struct command command_check = {
    .name = "check",
    .synopsis = "[--json] [-j N] [-q] [LEVEL=]BUILD...",
    .summary = "show which instructions builds contain, and whether they fit their levels",
    .options = option_rows,
    .operands = {&argument_builds},
    .run = run_check,
};
