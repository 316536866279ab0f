/* SPDX-License-Identifier: MIT */
/*
 * Finds the cheapest way to write a frame as literals and copies from a piece of the base.
 *
 * Two builds of a function have the same instructions except for some bytes: changed addresses, and instructions with
 * another encoding. With the right shift, frame and piece differ in few places. But these places are often less than
 * eight bytes apart, and so few equal bytes do not show which shift is right; the bytes before and after them do.
 *
 * The search is therefore a Viterbi search for the cheapest path. It goes through the bytes of the frame once, with up
 * to LANES candidate shifts, the lanes. The state after a byte is the lane with which the byte is copied, or "literal".
 * The price of a lane is that of the cheapest path so far that ends in it. To reach the next byte, a path
 *   - stays in its lane: it pays for an equal byte, or for the change of a field that differs;
 *   - or enters a lane from the cheapest of all states: it pays for a new copy as well;
 *   - or writes a literal, from the cheapest of all states.
 * For each byte, the search records the cheapest state and which lanes were entered. trace_back() follows these records
 * from the cheapest state after the last byte to the first byte.
 *
 * Unless the next bytes match in the cheapest lane, the search looks them up in an index of the piece. The shifts that
 * it finds become lanes and replace the most expensive ones.
 */
#include "align.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifndef ALIGN_HASH_BITS
#define ALIGN_HASH_BITS 20 /* the fuzzer has fewer: its frames are small, and it shall see windows with the same hash */
#endif
enum {
    LANES = 8,
    NO_LANE = LANES,
    HASH_BITS = ALIGN_HASH_BITS,
    LONG_WINDOW = 8,  /* bytes; a match is accepted anywhere in the piece */
    SHORT_WINDOW = 5, /* bytes; chance matches are frequent, so only those within CLOSE are accepted */
    CLOSE = 2048,
    INDEXED_MAX = 1 << 22, /* windows; of a longer piece, only every second one is indexed, or every third .. */
    GOOD = 4,              /* if this many next bytes match in the cheapest lane, no other lanes are looked for */
    REBASE = 1 << 12,      /* bytes between two calls of rebase() */
};

/*
 * Estimated prices, in hundredths of a byte of the coded frame. The prices of entering a lane (BACK to FAR) are a third
 * above the estimate, because many short copies take longer to decode than few long ones.
 */
enum {
    PRICE_EQUAL = 4,
    PRICE_LITERAL = 95,
    PRICE_BACK = 320,  /* the shift is the same as before the literals */
    PRICE_NEAR = 340,  /* the shift changes by less than NEAR bytes */
    PRICE_CLOSE = 420, /* by less than FAR */
    PRICE_FAR = 500,
    PRICE_CHANGE_8 = 130, /* the number to add has up to 8 bits */
    PRICE_CHANGE_16 = 180,
    PRICE_CHANGE_24 = 240,
    PRICE_CHANGE_32 = 550,
    PRICE_NEVER = 1 << 30, /* of a lane that no path has entered */
    NEAR = 64,
    FAR = 4096,
};

/* Where in the piece the windows of one length are. */
struct index {
    size_t window;
    uint32_t *starts; /* for each hash, where its places start; they end where those of the next hash start */
    uint32_t *places; /* offsets in the piece, sorted by hash, then by offset */
    size_t room;      /* number of places allocated */
};

struct lane {
    bool used;
    int32_t shift;
    uint32_t price; /* of the cheapest path that ends in this lane */
    size_t changed; /* where the last changed field of that path ends */
};

struct aligner {
    struct index index[2];
    int32_t *shifts;   /* at each byte, the shift of the cheapest lane so far; after trace_back(), the result */
    uint8_t *cheapest; /* at each byte, the cheapest state: a lane, or NO_LANE for a literal */
    uint8_t *entered;  /* at each byte, a bit for each lane that was entered there */
    struct lane lanes[LANES];
};

/* Multiplicative hashing, by 2^64 divided by the golden ratio. Always reads eight bytes. */
static uint32_t hash(const unsigned char *bytes, size_t window)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    value <<= 64 - 8 * window;
    return (uint32_t)(value * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_BITS));
}

struct aligner *aligner_make(size_t size)
{
    struct aligner *aligner = calloc(1, sizeof *aligner);

    if (!aligner)
        return NULL;
    aligner->index[0].window = LONG_WINDOW;
    aligner->index[1].window = SHORT_WINDOW;
    aligner->shifts = malloc(size * sizeof *aligner->shifts);
    aligner->cheapest = malloc(size);
    aligner->entered = malloc(size);
    for (size_t i = 0; i < 2; i++)
        aligner->index[i].starts = malloc(((1 << HASH_BITS) + 2) * sizeof(uint32_t));
    if (aligner->shifts && aligner->cheapest && aligner->entered && aligner->index[0].starts &&
        aligner->index[1].starts)
        return aligner;
    aligner_free(aligner);
    return NULL;
}

void aligner_free(struct aligner *aligner)
{
    if (!aligner)
        return;
    for (size_t i = 0; i < 2; i++) {
        free(aligner->index[i].starts);
        free(aligner->index[i].places);
    }
    free(aligner->shifts);
    free(aligner->cheapest);
    free(aligner->entered);
    free(aligner);
}

/*
 * Fills the index by a counting sort. The counts are in starts[hash + 2], so that starts[hash] is right after the last
 * loop, which advances starts[hash + 1] for each place. False: out of memory.
 */
static bool fill_index(struct index *index, const unsigned char *piece, size_t size)
{
    size_t end = size < LONG_WINDOW ? 0 : size - LONG_WINDOW + 1, step = size / INDEXED_MAX + 1;
    uint32_t *starts = index->starts;

    if (end / step + 1 > index->room) {
        free(index->places);
        index->room = end / step + 1;
        index->places = malloc(index->room * sizeof *index->places);
    }
    if (!index->places) {
        index->room = 0;
        return false;
    }
    memset(starts, 0, ((1 << HASH_BITS) + 2) * sizeof *starts);
    for (size_t i = 0; i < end; i += step)
        starts[hash(piece + i, index->window) + 2]++;
    for (size_t i = 2; i < (1 << HASH_BITS) + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < end; i += step)
        index->places[starts[hash(piece + i, index->window) + 1]++] = (uint32_t)i;
    return true;
}

/* Gives `shift` a lane unless it has one: an unused lane, or else the most expensive one. */
static void add_lane(struct aligner *aligner, int32_t shift)
{
    struct lane *worst = &aligner->lanes[0];

    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &aligner->lanes[i];
        if (lane->used && lane->shift == shift)
            return;
        if (!lane->used || (worst->used && lane->price > worst->price))
            worst = lane;
    }
    *worst = (struct lane){.used = true, .shift = shift, .price = PRICE_NEVER};
}

/*
 * Looks up the window at bytes[at], and gives lanes to the nearest places before and after `expected` that match and
 * are not further away than `distance`.
 */
static void look_up(struct aligner *aligner, const struct index *index, const unsigned char *piece,
                    const unsigned char *bytes, size_t at, int64_t expected, int64_t distance)
{
    uint32_t key = hash(bytes + at, index->window);
    size_t first = index->starts[key], last = index->starts[key + 1], low = first, high = last;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->places[middle] < expected)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low > first ? low - 1 : low; i <= low && i < last; i++) {
        int64_t place = index->places[i];
        if (place - expected <= distance && expected - place <= distance &&
            memcmp(piece + place, bytes + at, index->window) == 0)
            add_lane(aligner, (int32_t)(place - (int64_t)at));
    }
}

static uint32_t price_of_entering(int32_t shift, int32_t current)
{
    int64_t move = (int64_t)shift - current;

    move = move < 0 ? -move : move;
    if (move == 0)
        return PRICE_BACK;
    return move < NEAR ? PRICE_NEAR : move < FAR ? PRICE_CLOSE : PRICE_FAR;
}

static uint32_t price_of_change(const unsigned char *from, const unsigned char *to)
{
    uint32_t before, after;

    memcpy(&before, from, sizeof before);
    memcpy(&after, to, sizeof after);
    int64_t difference = (int32_t)(after - before);
    difference = difference < 0 ? -difference : difference;
    if (difference < 1 << 15)
        return difference < 1 << 7 ? PRICE_CHANGE_8 : PRICE_CHANGE_16;
    return difference < 1 << 23 ? PRICE_CHANGE_24 : PRICE_CHANGE_32;
}

/*
 * Extends the paths by byte `at`. *price is the price of the cheapest state before it, then of that after it.
 * `current`: the shift of the cheapest lane so far. Returns the cheapest state.
 */
static size_t advance(struct aligner *aligner, const unsigned char *piece, size_t piece_size,
                      const unsigned char *bytes, size_t at, int32_t current, uint32_t *price)
{
    uint32_t least = *price + PRICE_LITERAL;
    size_t cheapest = NO_LANE;
    unsigned entered = 0;

    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &aligner->lanes[i];
        if (!lane->used)
            continue;
        int64_t place = (int64_t)at + lane->shift;
        if (place < 0 || (uint64_t)place >= piece_size) {
            lane->used = false;
            continue;
        }
        uint32_t entry_price = *price + price_of_entering(lane->shift, current);
        if (entry_price < lane->price) {
            lane->price = entry_price;
            lane->changed = 0;
            entered |= 1u << i;
        }
        if (piece[place] == bytes[at] || at < lane->changed) {
            lane->price += PRICE_EQUAL;
        } else {
            lane->price += price_of_change(piece + place, bytes + at);
            lane->changed = at + sizeof(uint32_t);
        }
        if (lane->price < least) {
            least = lane->price;
            cheapest = i;
        }
    }
    aligner->entered[at] = (uint8_t)entered;
    *price = least;
    return cheapest;
}

/* Only differences of prices matter. Subtracting the lowest price from all of them prevents an overflow. */
static void rebase(struct aligner *aligner, uint32_t *price)
{
    for (size_t i = 0; i < LANES; i++)
        aligner->lanes[i].price -= *price;
    *price = 0;
}

/* Sets shifts[] to the result: the cheapest path, from the last byte to the first. */
static void trace_back(struct aligner *aligner, size_t size)
{
    for (size_t i = size; i > 0;) {
        size_t lane = aligner->cheapest[--i];
        if (lane == NO_LANE) {
            aligner->shifts[i] = ALIGN_LITERAL;
            continue;
        }
        int32_t shift = aligner->shifts[i];
        while (!(aligner->entered[i] >> lane & 1))
            aligner->shifts[--i] = shift;
    }
}

/* True if the next GOOD bytes of the frame are equal to those of the piece at this shift. */
static bool is_match(const unsigned char *piece, size_t piece_size, const unsigned char *bytes, size_t size, size_t at,
                     int32_t shift)
{
    int64_t place = (int64_t)at + shift;

    return place >= 0 && (uint64_t)place + GOOD <= piece_size && at + GOOD <= size &&
           memcmp(piece + place, bytes + at, GOOD) == 0;
}

const int32_t *align(struct aligner *aligner, const unsigned char *piece, size_t piece_size, const unsigned char *bytes,
                     size_t size)
{
    int32_t current = (int32_t)((piece_size - (piece_size < size ? piece_size : size)) / 2);
    size_t lane = NO_LANE;
    uint32_t price = 0;

    memset(aligner->lanes, 0, sizeof aligner->lanes);
    if (!fill_index(&aligner->index[0], piece, piece_size) || !fill_index(&aligner->index[1], piece, piece_size))
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (i + LONG_WINDOW <= size && (lane == NO_LANE || !is_match(piece, piece_size, bytes, size, i, current))) {
            look_up(aligner, &aligner->index[0], piece, bytes, i, (int64_t)i + current, INT64_MAX);
            look_up(aligner, &aligner->index[1], piece, bytes, i, (int64_t)i + current, CLOSE);
        }
        lane = advance(aligner, piece, piece_size, bytes, i, current, &price);
        if (lane != NO_LANE)
            current = aligner->lanes[lane].shift;
        aligner->cheapest[i] = (uint8_t)lane;
        aligner->shifts[i] = current;
        if (i % REBASE == 0)
            rebase(aligner, &price);
    }
    trace_back(aligner, size);
    return aligner->shifts;
}
