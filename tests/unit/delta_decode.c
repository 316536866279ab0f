/* SPDX-License-Identifier: MIT */
/* lib/delta.c: deltas are decoded, and refused if they reach outside the prefix, the frame or the delta. */
#include "delta.h"

enum { PREFIX_SIZE = 64, RAW_SIZE = 40 };

/* The bytes of a stream. */
struct bytes {
    size_t size;
    const char *bytes;
};

#define BYTES(text) ((struct bytes){sizeof(text) - 1, text})

/*
 * Three literals; 20 bytes copied from 8 on, in which the 4-byte field at 6 is 1 higher; two literals; 10 bytes copied
 * from 16 on, in which the field at 0, which is 10 bytes of copies after the previous field, is 7 lower; five literals.
 */
static const struct bytes good[FATELF_DELTA_STREAMS] = {
    {2, "\3\2"}, {2, "\24\12"}, {2, "\12\x1b"}, {2, "\6\12"}, {2, "\2\xd"}, {10, "abcdefghij"},
};

static void make_prefix(unsigned char *prefix, size_t size)
{
    for (size_t i = 0; i < size; i++)
        prefix[i] = (unsigned char)(i * 37 + (i >> 8) * 11);
}

static size_t put_together(unsigned char *to, const struct bytes *streams)
{
    struct fatelf_delta header;
    size_t size = sizeof header;

    for (size_t i = 0; i < FATELF_DELTA_STREAMS; i++) {
        header.sizes[i] = (uint32_t)streams[i].size;
        memcpy(to + size, streams[i].bytes, streams[i].size);
        size += streams[i].size;
    }
    memcpy(to, &header, sizeof header);
    return size;
}

static bool decode_streams(const struct bytes *streams, unsigned char *raw, uint32_t raw_size)
{
    unsigned char delta[256], *prefix = malloc(PREFIX_SIZE);

    make_prefix(prefix, PREFIX_SIZE);
    bool result = decode(delta, put_together(delta, streams), prefix, PREFIX_SIZE, raw, raw_size);
    free(prefix);
    return result;
}

/* Decodes the good delta with one stream replaced. */
static bool decode_with(enum fatelf_delta_stream which, struct bytes stream)
{
    struct bytes streams[FATELF_DELTA_STREAMS];
    unsigned char raw[RAW_SIZE];

    memcpy(streams, good, sizeof streams);
    streams[which] = stream;
    return decode_streams(streams, raw, RAW_SIZE);
}

static void literals_copies_and_changes_make_a_frame(void **state)
{
    unsigned char prefix[PREFIX_SIZE], raw[RAW_SIZE], wanted[RAW_SIZE];
    (void)state;

    make_prefix(prefix, sizeof prefix);
    memcpy(wanted, "abc", 3);
    memcpy(wanted + 3, prefix + 8, 20);
    add(wanted + 9, 1);
    memcpy(wanted + 23, "de", 2);
    memcpy(wanted + 25, prefix + 16, 10);
    add(wanted + 25, (uint32_t)-7);
    memcpy(wanted + 35, "fghij", 5);
    assert_true(decode_streams(good, raw, RAW_SIZE));
    assert_memory_equal(raw, wanted, RAW_SIZE);
}

/* Two calls of one function and one of its neighbour; both functions were moved by the same number of bytes. */
static void a_change_of_zero_repeats_the_regions_last_shift(void **state)
{
    unsigned char prefix[12] = {0}, raw[12];
    uint32_t fields[3] = {500, 496, 512}, got[3];
    struct bytes streams[FATELF_DELTA_STREAMS] = {
        BYTES("\0"), BYTES("\14"), BYTES("\0"), BYTES("\0\0\0"), BYTES("\x50\0\0"), BYTES(""),
    };
    unsigned char delta[64];
    (void)state;

    memcpy(prefix, fields, sizeof prefix);
    assert_true(decode(delta, put_together(delta, streams), prefix, sizeof prefix, raw, sizeof raw));
    memcpy(got, raw, sizeof got);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(got[i], fields[i] + 40);
    /* A region without a known shift has not moved. The fields themselves have: 4 literals are before them. */
    streams[FATELF_DELTA_LITERAL_SIZES] = BYTES("\4");
    streams[FATELF_DELTA_COPY_SIZES] = BYTES("\10");
    streams[FATELF_DELTA_MOVES] = BYTES("\7");
    streams[FATELF_DELTA_GAPS] = BYTES("\0\0");
    streams[FATELF_DELTA_CHANGES] = BYTES("\0\0");
    streams[FATELF_DELTA_LITERALS] = BYTES("abcd");
    assert_true(decode(delta, put_together(delta, streams), prefix, sizeof prefix, raw, sizeof raw));
    memcpy(got, raw, sizeof got);
    assert_int_equal(got[1], 496);
    assert_int_equal(got[2], 492);
}

static void a_truncated_or_inconsistent_header_is_refused(void **state)
{
    unsigned char delta[256], prefix[PREFIX_SIZE], raw[RAW_SIZE];
    size_t size = put_together(delta, good);
    struct fatelf_delta header;
    (void)state;

    make_prefix(prefix, sizeof prefix);
    assert_true(decode(delta, size, prefix, sizeof prefix, raw, sizeof raw));
    for (size_t cut = 0; cut < size; cut++)
        assert_false(decode(delta, cut, prefix, sizeof prefix, raw, sizeof raw));
    delta[size] = 0;
    assert_false(decode(delta, size + 1, prefix, sizeof prefix, raw, sizeof raw));
    memcpy(&header, delta, sizeof header);
    for (size_t i = 0; i < FATELF_DELTA_STREAMS; i++) {
        static const uint32_t more[] = {1, 0x7fffffff, 0x80000000, UINT32_MAX};
        for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
            struct fatelf_delta other = header;
            other.sizes[i] += more[k];
            memcpy(delta, &other, sizeof other);
            assert_false(decode(delta, size, prefix, sizeof prefix, raw, sizeof raw));
        }
    }
}

static void truncated_and_too_large_numbers_are_refused(void **state)
{
    static const struct bytes gaps[] = {{3, "\6\12\x80"},
                                        {2, "\6\x8a"},
                                        {6, "\6\x8a\x80\x80\x80\x10"},
                                        {7, "\6\x8a\x80\x80\x80\x80\0"},
                                        {6, "\6\x8a\x80\x80\x80\x80"}};
    (void)state;

    assert_true(decode_with(FATELF_DELTA_GAPS, BYTES("\6\x8a\x80\x80\x80\0"))); /* 10, in five bytes */
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        assert_false(decode_with(FATELF_DELTA_GAPS, gaps[i]));
    assert_false(decode_with(FATELF_DELTA_CHANGES, BYTES("\2\x8d")));
    assert_false(decode_with(FATELF_DELTA_MOVES, BYTES("\12\x9b")));
    assert_false(decode_with(FATELF_DELTA_COPY_SIZES, BYTES("\24\x8a")));
    assert_false(decode_with(FATELF_DELTA_LITERAL_SIZES, BYTES("\3\x82")));
}

static void streams_that_end_too_early_or_too_late_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < FATELF_DELTA_STREAMS; i++) {
        char longer[16] = {0};
        size_t size = good[i].size;
        assert_true(decode_with((enum fatelf_delta_stream)i, good[i]));
        assert_false(decode_with((enum fatelf_delta_stream)i, (struct bytes){size - 1, good[i].bytes}));
        memcpy(longer, good[i].bytes, size);
        assert_false(decode_with((enum fatelf_delta_stream)i, (struct bytes){size + 1, longer}));
    }
    assert_false(decode_with(FATELF_DELTA_CHANGES, BYTES("\2\xd\2")));
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\6\12\1")));
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\6\12\20"))); /* after the last copy */
}

/* The streams at the end of the delta, after which no memory may be read. */
static void nothing_is_read_after_the_delta(void **state)
{
    struct bytes streams[FATELF_DELTA_STREAMS] = {BYTES("\0"), BYTES("\4"), BYTES("\0"), BYTES("\0"), {0, ""}, {0, ""}};
    unsigned char raw[4];
    (void)state;

    assert_false(decode_streams(streams, raw, 4));
    streams[FATELF_DELTA_CHANGES] = BYTES("\x80");
    assert_false(decode_streams(streams, raw, 4));
    streams[FATELF_DELTA_CHANGES] = BYTES("\0");
    assert_true(decode_streams(streams, raw, 4));
}

static void too_many_literals_are_refused(void **state)
{
    (void)state;
    assert_false(decode_with(FATELF_DELTA_LITERAL_SIZES,
                             BYTES("\3\10"))); /* more than the frame has room for: 3 + 20 + 8 + 10 = 41 */
    assert_true(decode_with(FATELF_DELTA_LITERAL_SIZES, BYTES("\3\7")));
    assert_false(decode_with(FATELF_DELTA_LITERAL_SIZES,
                             BYTES("\13\0"))); /* more than the stream has, although the frame has room */
    assert_false(decode_with(FATELF_DELTA_LITERAL_SIZES, BYTES("\52\2")));
    assert_false(decode_with(FATELF_DELTA_LITERAL_SIZES, BYTES("\3\xff\xff\xff\xff\xf")));
    struct bytes streams[FATELF_DELTA_STREAMS] = {
        BYTES("\5"), BYTES("\0"), BYTES("\0"), {0, ""}, {0, ""}, BYTES("abcde"),
    };
    unsigned char raw[5];
    assert_true(decode_streams(streams, raw, 5));
    assert_false(decode_streams(streams, raw, 4));
}

/* Decodes a frame that consists of one copy. */
static bool decode_copy(struct bytes size, struct bytes move, uint32_t raw_size)
{
    struct bytes streams[FATELF_DELTA_STREAMS] = {BYTES("\0"), size, move, {0, ""}, {0, ""}, {0, ""}};
    unsigned char raw[PREFIX_SIZE + 1], prefix[PREFIX_SIZE];
    bool result = decode_streams(streams, raw, raw_size);

    make_prefix(prefix, sizeof prefix);
    if (result && raw_size == 4)
        assert_memory_equal(raw, prefix + (unsigned char)move.bytes[0] / 2, 4);
    return result;
}

static void copies_from_outside_the_prefix_are_refused(void **state)
{
    (void)state;
    assert_true(decode_copy(BYTES("\4"), BYTES("\0"), 4));
    assert_false(decode_copy(BYTES("\4"), BYTES("\1"), 4));  /* from -1 */
    assert_true(decode_copy(BYTES("\4"), BYTES("\x78"), 4)); /* from 60 */
    assert_false(decode_copy(BYTES("\4"), BYTES("\x7a"), 4));
    assert_false(decode_copy(BYTES("\4"), BYTES("\x80\1"), 4)); /* from 64 */
    assert_false(decode_copy(BYTES("\4"), BYTES("\xfe\xff\xff\xff\xf"), 4));
    assert_false(decode_copy(BYTES("\4"), BYTES("\xff\xff\xff\xff\xf"), 4));
    assert_true(decode_copy(BYTES("\x40"), BYTES("\0"), 64));
    assert_false(decode_copy(BYTES("\x41"), BYTES("\0"), 65)); /* one more byte than the prefix has */
    assert_false(decode_copy(BYTES("\5"), BYTES("\0"), 4));    /* than the frame has room for */
    assert_false(decode_copy(BYTES("\xff\xff\xff\xff\xf"), BYTES("\0"), 4));
    assert_false(decode_copy(BYTES("\0"), BYTES("\0"), 1)); /* too few for the frame */
}

static void changes_that_reach_beyond_their_copy_are_refused(void **state)
{
    (void)state;
    assert_true(decode_with(FATELF_DELTA_GAPS, BYTES("\20\0"))); /* the last four bytes of the first copy */
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\21\0")));
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\23\0")));
    assert_true(
        decode_with(FATELF_DELTA_GAPS, BYTES("\24\0"))); /* the first four bytes of the second copy, and others */
    assert_true(decode_with(FATELF_DELTA_GAPS, BYTES("\24\2")));
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\24\3")));
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\6\24"))); /* after the last copy */
    assert_false(decode_with(FATELF_DELTA_GAPS, BYTES("\6\xff\xff\xff\xff\xf")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_copies_and_changes_make_a_frame),
        cmocka_unit_test(a_change_of_zero_repeats_the_regions_last_shift),
        cmocka_unit_test(a_truncated_or_inconsistent_header_is_refused),
        cmocka_unit_test(truncated_and_too_large_numbers_are_refused),
        cmocka_unit_test(streams_that_end_too_early_or_too_late_are_refused),
        cmocka_unit_test(nothing_is_read_after_the_delta),
        cmocka_unit_test(too_many_literals_are_refused),
        cmocka_unit_test(copies_from_outside_the_prefix_are_refused),
        cmocka_unit_test(changes_that_reach_beyond_their_copy_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
