/* SPDX-License-Identifier: MIT */
#include "isa_advice.h"

#include <stdio.h>
#include <stdlib.h>

#include "../base/say.h"

static unsigned long long above(const struct isa_subject *subject, unsigned level)
{
    return isa_above(subject->isa.counts.instructions, level);
}

static bool looks_higher(const struct isa_subject *subject)
{
    return subject->level && isa_lowest_level(&subject->isa) > subject->level;
}

/*
 * Whether each of two builds looks made for the level of the other one. Functions for higher levels that a program
 * chooses at run time are in both builds, so the difference is what the compiler did with the rest. Some static programs
 * are found only in this way: they contain thousands of such instructions from the C library.
 */
static bool look_swapped(const struct isa_subject *low, const struct isa_subject *high)
{
    enum { MORE_MIN = 4, MORE_PART = 64 };
    uint64_t in_low = isa_above(low->isa.counts.certain, low->level);
    uint64_t in_high = isa_above(high->isa.counts.certain, low->level);

    if (!low->level || low->level >= high->level || in_low < in_high + MORE_MIN ||
        isa_lowest_level(&high->isa) > low->level)
        return false;
    if (looks_higher(low))
        return true;
    /* A build for v3 may lack functions that it would choose at run time otherwise. It also lacks SSE instructions. */
    return high->level >= 3 && in_low >= in_high + in_high / MORE_PART && low->isa.counts.sse < high->isa.counts.sse;
}

/* "VPBROADCASTD in main", or with its address where there is no symbol. */
static void describe_example(const struct isa *isa, unsigned level, char *text, size_t size)
{
    const struct isa_sample *sample = isa_example(isa, level);
    char mnemonic[32] = "", name[128] = "";

    text[0] = 0;
    if (!sample)
        return;
    instruction_name(sample->mnemonic, mnemonic);
    const struct function *function = functions_at(&isa->functions, sample->address);
    if (function)
        function_name(&isa->functions, function, name, sizeof name);
    if (name[0])
        snprintf(text, size, ", for instance %s in %s", mnemonic, name);
    else
        snprintf(text, size, ", for instance %s at 0x%llx", mnemonic, (unsigned long long)sample->address);
}

static void warn_higher(const struct isa_subject *subject)
{
    const struct isa *isa = &subject->isa;
    char example[192];
    unsigned level = subject->level, lowest = isa_lowest_level(isa);
    unsigned long long found = above(subject, level), pages = isa_above(isa->counts.pages, level);

    describe_example(isa, level, example, sizeof example);
    warn("%s: is given as v%u, but looks made for v%u: %llu instructions above v%u on %llu %% of its code pages%s; "
         "build it for v%u, or give it as v%u",
         subject->path, level, lowest, found, level, (pages * 100 + isa_pages(isa) / 2) / isa_pages(isa), example,
         level, lowest);
}

unsigned isa_advise(const struct isa_subject *subjects, unsigned count)
{
    unsigned lines = 0;

    for (unsigned i = 0; i < count; i++) {
        bool swapped = false;
        for (unsigned other = 0; other < count && !swapped; other++) {
            const struct isa_subject *low = &subjects[i], *high = &subjects[other];
            swapped = look_swapped(low, high);
            if (swapped)
                warn("%s and %s: look swapped: the build for v%u has %llu instructions above v%u, the one for v%u has "
                     "%llu; give each the level of the other",
                     low->path, high->path, low->level, above(low, low->level), low->level, high->level,
                     above(high, low->level));
        }
        if (!swapped && looks_higher(&subjects[i])) {
            warn_higher(&subjects[i]);
            swapped = true;
        }
        lines += swapped;
    }
    return lines;
}

int isa_advise_builds(const struct build *builds, unsigned count, unsigned threads)
{
    int status = 0;

    if (!decoder_exists())
        return 0;
    struct isa_subject *subjects = calloc(count, sizeof *subjects);
    if (!subjects)
        return fail("out of memory");
    for (unsigned i = 0; !status && i < count; i++) {
        const struct build *build = &builds[i];
        struct elf_file elf = {0};
        subjects[i].path = build->path;
        subjects[i].level = build->level;
        status = elf_file_open(&elf, build->fd, build->size, build->path);
        if (!status)
            status = isa_read(&subjects[i].isa, &elf, build->fd, build->size, threads, build->path);
        elf_file_close(&elf);
    }
    if (!status)
        isa_advise(subjects, count);
    for (unsigned i = 0; i < count; i++)
        isa_free(&subjects[i].isa);
    free(subjects);
    return status;
}
