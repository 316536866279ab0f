/* SPDX-License-Identifier: MIT */
/* Codes single frames of a build. There is one table row for each encoding: the counterpart of lib/encoding.h. */
#ifndef BUNDLER_CODING_ENCODE_H
#define BUNDLER_CODING_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../lib/format.h"
#include "../input/build.h"
#include "locate.h"

/*
 * The level that "zstd" without a number means: zstd's level 12, but with uncompressed literals if there is no base.
 * The result is a few percent larger and takes a fifth less time to decode. Above level 12, zstd takes many times as
 * long to save a few percent.
 */
enum { ENCODE_LEVEL_DEFAULT = 0, ENCODE_LEVEL_OF_DEFAULT = 12 };

struct encoder;

/* One frame on its way from a build to a payload. The caller of encoder_code() owns the memory. Sizes are in bytes. */
struct encode_frame {
    unsigned char *raw;   /* room for a frame and ALIGN_SLACK bytes */
    unsigned char *coded; /* room for encode_bound() bytes. NULL: the encoding stores frames as they are */
    size_t raw_size;
    size_t coded_size;
    struct place prefix; /* size 0: the frame has none */
};

struct encode_row {
    enum fatelf_encoding encoding;
    const char *option;           /* the value of --compress that asks for it. NULL: `create` chooses it itself */
    const char *help;             /* of that value */
    bool levels;                  /* the value may be followed by ":LEVEL", a level of zstd */
    enum fatelf_encoding against; /* the encoding for a build that is coded against a base. 0: there is none */
    /* Codes frame->raw to frame->coded. Returns NULL, or what went wrong. NULL: frames are stored as they are. */
    const char *(*code)(struct encoder *encoder, struct encode_frame *frame);
};

/* Static storage. */
extern const struct encode_row encode_rows[];
enum { ENCODE_ROWS = 3 };

/* The row of a known encoding. */
const struct encode_row *encode_by_encoding(enum fatelf_encoding encoding);

/* What a build is coded against. */
struct encode_base {
    const struct build *build;
    const struct locator *locator; /* of its bytes */
};

/* What all threads that code one build have in common. */
struct encode_job {
    const struct encode_row *row;
    const struct build *build;
    const struct encode_base *base; /* NULL: none */
    uint32_t frame_size;
    int level; /* of zstd, with zstd's own parameters, or ENCODE_LEVEL_DEFAULT */
};

/* The tools of one thread. NULL: out of memory. encoder_free() accepts NULL. */
struct encoder *encoder_make(const struct encode_job *job);
void encoder_free(struct encoder *encoder);

/*
 * Reads frame `index` of the build and codes it. Returns NULL, or what went wrong; *path is then the path of the build
 * that could not be read or coded.
 */
const char *encoder_code(struct encoder *encoder, uint32_t index, struct encode_frame *frame, const char **path);

/* The room that a coded frame needs at most, in bytes. */
size_t encode_bound(uint32_t frame_size);

#endif
