/* SPDX-License-Identifier: MIT */
/*
 * The code of a build as `check` reads it: where it is, the functions in it, and the level of every instruction. The
 * input is the file. What is counted must be what a second, simple counter finds. One thread and three must count the
 * same, which is slow, so that it is tried for some inputs only.
 */
#include "../../bundler/input/isa_advice.h"
#include "../../lib/checksum.h"
#include "elf_mutator.h"
#include "second_counter.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The code is in the file, and no byte of it is there twice. */
static void check_spans(const struct elf_code *code, uint64_t size)
{
    uint64_t end = 0;

    for (size_t i = 0; i < code->span_count; i++) {
        const struct code_span *span = &code->spans[i];
        if (span->size == 0 || span->offset < end || span->offset > size || span->size > size - span->offset)
            fault("a wrong range of code", "");
        end = span->offset + span->size;
    }
}

static void check_counts(const struct isa *isa, const struct elf_file *elf, const struct memory_file *file,
                         const uint8_t *data, size_t size)
{
    struct elf_code code;

    if (elf_code_read(&code, elf, file->fd, size, file->path) != 0)
        fault("the code cannot be found again", "");
    check_spans(&code, size);
    second_compare(isa, &code, data, size);
    elf_code_free(&code);
    if (isa_lowest_level(isa) < 1 || isa_lowest_level(isa) > FATELF_LEVEL_MAX)
        fault("no level", "");
}

static void check_same(const struct isa *one, const struct isa *three)
{
    if (memcmp(&one->counts, &three->counts, sizeof one->counts) != 0)
        fault("the number of threads changes the counts", "");
    for (unsigned level = 0; level < INSTRUCTION_LEVELS; level++)
        if (one->samples[level].address != three->samples[level].address)
            fault("the number of threads changes the example", "");
    bool same = one->functions.count == three->functions.count;
    for (size_t i = 0; same && i < one->functions.count; i++) {
        const struct function *a = &one->functions.list[i], *b = &three->functions.list[i];
        same = a->start == b->start && a->size == b->size && a->name == b->name &&
               memcmp(a->instructions, b->instructions, sizeof a->instructions) == 0;
    }
    if (!same)
        fault("the number of threads changes the functions", "");
}

/* The build as if it were for this level, alone and beside itself for another level. */
static void give_advice(const struct isa *isa)
{
    for (unsigned level = 1; level <= FATELF_LEVEL_MAX; level++) {
        struct isa_subject subjects[] = {{"one", level, *isa}, {"other", FATELF_LEVEL_MAX + 1 - level, *isa}};
        messages_begin();
        isa_advise(subjects, 1);
        isa_advise(subjects, 2);
        messages_end(0, "advice");
    }
}

static void look_at(const struct isa *isa)
{
    char name[64], mnemonic[32];

    for (size_t i = 0; i < isa->functions.count && i < 20; i++)
        function_name(&isa->functions, &isa->functions.list[i], name, sizeof name);
    for (unsigned level = 1; level <= FATELF_LEVEL_MAX; level++) {
        const struct isa_sample *sample = isa_example(isa, level);
        isa_above(isa->counts.pages, level);
        if (sample)
            instruction_name(sample->mnemonic, mnemonic);
    }
}

static void read_with_threads(const struct isa *one, const struct elf_file *elf, const struct memory_file *file,
                              size_t size)
{
    struct isa three;

    if (isa_read(&three, elf, file->fd, size, 3, file->path) != 0)
        fault("three threads fail", "");
    check_same(one, &three);
    isa_free(&three);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_file file;
    struct elf_file elf = {0};
    struct isa one;

    memory_file_write(&file, data, size);
    messages_begin();
    int status = elf_file_open(&elf, file.fd, size, file.path);
    messages_end(status, "open");
    if (!status) {
        messages_begin();
        status = isa_read(&one, &elf, file.fd, size, 1, file.path);
        messages_end(status, "read");
        if (!status) {
            check_counts(&one, &elf, &file, data, size);
            look_at(&one);
            give_advice(&one);
            if (fatelf_checksum(data, size) % 16 == 0)
                read_with_threads(&one, &elf, &file, size);
        }
        isa_free(&one);
    }
    elf_file_close(&elf);
    return 0;
}
