/* SPDX-License-Identifier: MIT */
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_c_literalCompressionMode */
#include <zstd.h>

#include "../base/file.h"
#include "delta.h"

struct encoder {
    const struct encode_job *job;
    ZSTD_CCtx *context;
    struct delta_coder *delta; /* NULL: there is no base */
    unsigned char *prefix;     /* the piece of the base that resembles the frame */
    size_t prefix_room;        /* allocated bytes, without ALIGN_SLACK */
};

static const char *code_zstd(struct encoder *encoder, struct encode_frame *frame)
{
    frame->prefix = (struct place){0};
    frame->coded_size = ZSTD_compress2(encoder->context, frame->coded, encode_bound(encoder->job->frame_size),
                                       frame->raw, frame->raw_size);
    return ZSTD_isError(frame->coded_size) ? ZSTD_getErrorName(frame->coded_size) : NULL;
}

/* A frame that has little in common with its prefix becomes an ordinary zstd frame. */
static const char *code_delta(struct encoder *encoder, struct encode_frame *frame)
{
    size_t size;

    if (!delta_code(encoder->delta, encoder->context, encoder->prefix, frame->prefix.size, frame->raw, frame->raw_size,
                    frame->coded, encode_bound(encoder->job->frame_size), &size))
        return "out of memory";
    if (size == 0)
        return code_zstd(encoder, frame);
    frame->coded_size = size;
    return NULL;
}

const struct encode_row encode_rows[] = {
    {
        .encoding = FATELF_ENCODING_STORED,
        .option = "none",
        .help = "as they are (default with inplace)",
    },
    {
        .encoding = FATELF_ENCODING_ZSTD,
        .option = "zstd",
        .help = "compressed, tuned to start fast (default with memfd)",
        .levels = true,
        .against = FATELF_ENCODING_ZSTD_DELTA,
        .code = code_zstd,
    },
    {.encoding = FATELF_ENCODING_ZSTD_DELTA, .code = code_delta},
};

_Static_assert(sizeof encode_rows / sizeof *encode_rows == ENCODE_ROWS, "encodings");

const struct encode_row *encode_by_encoding(enum fatelf_encoding encoding)
{
    const struct encode_row *row = encode_rows;

    while (row->encoding != encoding)
        row++;
    return row;
}

size_t encode_bound(uint32_t frame_size)
{
    return ZSTD_compressBound(frame_size);
}

static bool set(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value));
}

static bool set_parameters(ZSTD_CCtx *context, const struct encode_job *job)
{
    bool tuned = job->level == ENCODE_LEVEL_DEFAULT;

    return set(context, ZSTD_c_checksumFlag, 1) &&
           set(context, ZSTD_c_compressionLevel, tuned ? ENCODE_LEVEL_OF_DEFAULT : job->level) &&
           (!tuned || job->base || set(context, ZSTD_c_literalCompressionMode, ZSTD_ps_disable));
}

struct encoder *encoder_make(const struct encode_job *job)
{
    struct encoder *encoder = calloc(1, sizeof *encoder);

    if (!encoder)
        return NULL;
    encoder->job = job;
    encoder->context = ZSTD_createCCtx();
    encoder->delta = job->base ? delta_coder_make(job->frame_size) : NULL;
    if (encoder->context && set_parameters(encoder->context, job) && (encoder->delta || !job->base))
        return encoder;
    encoder_free(encoder);
    return NULL;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    ZSTD_freeCCtx(encoder->context);
    delta_coder_free(encoder->delta);
    free(encoder->prefix);
    free(encoder);
}

/* Returns NULL or what went wrong. */
static const char *read_bytes(const struct build *build, unsigned char *bytes, size_t size, uint64_t offset)
{
    if (file_read(build->fd, bytes, size, offset))
        return NULL;
    return errno ? strerror(errno) : "changed while it was read";
}

/* Reads the piece of the base that the frame resembles most. Returns NULL or what went wrong. */
static const char *read_prefix(struct encoder *encoder, struct encode_frame *frame, uint64_t offset)
{
    const struct encode_base *base = encoder->job->base;
    double middle = (double)offset + (double)frame->raw_size / 2;

    locator_find(base->locator, frame->raw, frame->raw_size, middle / (double)encoder->job->build->size,
                 &frame->prefix);
    if (!encoder->prefix || frame->prefix.size > encoder->prefix_room) {
        free(encoder->prefix);
        encoder->prefix = malloc((size_t)frame->prefix.size + ALIGN_SLACK);
        encoder->prefix_room = encoder->prefix ? frame->prefix.size : 0;
        if (!encoder->prefix)
            return "out of memory";
    }
    memset(frame->raw + frame->raw_size, 0, ALIGN_SLACK);
    memset(encoder->prefix + frame->prefix.size, 0, ALIGN_SLACK);
    return read_bytes(base->build, encoder->prefix, frame->prefix.size, frame->prefix.offset);
}

const char *encoder_code(struct encoder *encoder, uint32_t index, struct encode_frame *frame, const char **path)
{
    const struct encode_job *job = encoder->job;
    uint64_t offset = (uint64_t)index * job->frame_size;
    uint64_t left = job->build->size - offset;

    *path = job->build->path;
    frame->raw_size = left < job->frame_size ? (size_t)left : job->frame_size;
    const char *error = read_bytes(job->build, frame->raw, frame->raw_size, offset);
    if (!error && job->base) {
        error = read_prefix(encoder, frame, offset);
        if (error)
            *path = job->base->build->path;
    }
    return error || !job->row->code ? error : job->row->code(encoder, frame);
}
