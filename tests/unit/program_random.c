/* SPDX-License-Identifier: MIT */
/* lib/program.c: whatever ELF headers it accepts, the launcher can map. */
#include "unit.h"

#include "../../lib/program.h"

#define ADDRESSES (UINT64_C(1) << 47) /* of an x86-64 process */

/* The same sequence in every run. */
static uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A value at a limit, or near one. */
static uint64_t some_value(uint64_t *state)
{
    static const uint64_t bounds[] = {0, 0x1000, 0x2000, 0x3000, 0x5000, ADDRESSES, UINT64_C(1) << 63};
    uint64_t random = next_number(state);
    uint64_t value = bounds[random % 64 < 7 ? random % 7 : random % 5];

    return random >> 32 & 1 ? value : value + (random >> 40 & 1 ? -(random >> 48 & 0x1fff) : (random >> 48 & 0x1fff));
}

static Elf64_Phdr some_load(uint64_t *state, uint64_t *address)
{
    uint64_t random = next_number(state);
    Elf64_Phdr load = {
        .p_type = PT_LOAD,
        .p_flags = random & 7,
        .p_offset = some_value(state),
        .p_filesz = some_value(state),
        .p_memsz = some_value(state),
        .p_vaddr = some_value(state),
        .p_align = UINT64_C(1) << (random >> 8) % 64,
    };

    if (random >> 16 & 7) { /* most of them are consistent in themselves */
        load.p_filesz %= 0x3000;
        load.p_offset %= 0x5001 - load.p_filesz;
        load.p_memsz = load.p_filesz + (random >> 20 & 1 ? load.p_memsz % 0x3000 : 0);
        load.p_vaddr = *address + load.p_offset % FATELF_PAGE;
    }
    *address = fatelf_page_end(load.p_vaddr + load.p_memsz);
    return load;
}

/* What the launcher relies on without checking it when it maps a program. */
static void check_segments(const struct fatelf_program *p, uint64_t file_size)
{
    unsigned mapped[8] = {0}; /* how many segments map each page of the file directly */

    assert_in_range(p->segment_count, 1, FATELF_SEGMENTS_MAX);
    assert_true(p->alignment >= FATELF_PAGE && (p->alignment & (p->alignment - 1)) == 0);
    assert_true(p->entry >= p->segments[0].address && p->entry < p->segments[p->segment_count - 1].end);
    for (unsigned i = 0; i < p->segment_count; i++) {
        const struct fatelf_segment *s = &p->segments[i];
        assert_true(s->address % FATELF_PAGE == 0 && s->end % FATELF_PAGE == 0);
        assert_true(s->address < s->end && s->end <= ADDRESSES);
        assert_true(i == 0 || s->address >= s[-1].end);
        assert_true(s->file_offset % FATELF_PAGE == 0 && s->file_size % FATELF_PAGE == 0);
        assert_true(s->file_size <= s->end - s->address);
        if (s->file_size == 0)
            continue;
        assert_true(s->data_end > s->address && s->data_end <= s->address + s->file_size);
        assert_true(s->address + s->file_size - s->data_end < FATELF_PAGE);
        assert_true(s->file_offset + (s->data_end - s->address) <= file_size);
        assert_true(s->copied_head % FATELF_PAGE == 0 && s->copied_tail % FATELF_PAGE == 0);
        assert_true(s->copied_head <= s->file_size && s->copied_tail <= s->file_size - s->copied_head);
        assert_true(s->copied_head + s->copied_tail == 0 || !(s->flags & PF_X));
        for (uint64_t at = s->copied_head; at < s->file_size - s->copied_tail; at += FATELF_PAGE)
            mapped[(s->file_offset + at) / FATELF_PAGE]++;
    }
    for (unsigned i = 0; i < p->segment_count; i++)
        for (uint64_t at = 0; at < p->segments[i].file_size; at += FATELF_PAGE)
            assert_int_equal(mapped[(p->segments[i].file_offset + at) / FATELF_PAGE], 1);
}

static void every_accepted_program_can_be_mapped(void **state)
{
    enum { LOADS = 4, FILE_SIZE = 0x5000, TRIES = 300000 };
    uint64_t random = 20;
    unsigned good = 0;

    (void)state;
    for (unsigned i = 0; i < TRIES; i++) {
        Elf64_Phdr headers[LOADS];
        uint64_t address = some_value(&random);
        struct fatelf_elf elf = {
            .entry = address + next_number(&random) % 0x2000,
            .type = ET_EXEC,
            .header_count = (uint16_t)(1 + next_number(&random) % LOADS),
        };
        struct fatelf_program p;
        for (unsigned k = 0; k < LOADS; k++)
            headers[k] = some_load(&random, &address);
        if (fatelf_program_read(&elf, headers, FILE_SIZE, &p) != 0)
            continue;
        check_segments(&p, FILE_SIZE);
        good++;
    }
    assert_in_range(good, TRIES / 20, TRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_accepted_program_can_be_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
