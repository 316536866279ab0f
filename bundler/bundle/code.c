/* SPDX-License-Identifier: MIT */
#include "code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/encoding.h"
#include "../base/file.h"
#include "../base/output.h"
#include "../base/progress.h"
#include "../base/say.h"

/*
 * Delta coding that saves fewer bytes does not justify decoding the base at every start. It costs a program of 1 to 3 MB
 * 0.4 to 0.8 ms of a start and saves nine tenths of a variant's size (docs/performance.md, Small starts).
 */
#define DELTA_SAVES_MIN (64.0 * 1024)

bool code_uses_delta(const struct assembly *assembly, const struct code_options *options)
{
    return options->delta && assembly->payload_count > 1 &&
           encode_by_encoding(options->compress.encoding)->against != 0;
}

const struct assembled_variant *code_base(const struct assembly *assembly, const struct code_options *options)
{
    unsigned wanted = assembly->base ? assembly->base : options->base ? options->base : CODE_BASE_DEFAULT;
    unsigned base = 0;

    for (unsigned i = 1; i < assembly->variant_count && assembly->variants[i].level <= wanted; i++)
        base = i;
    return &assembly->variants[base];
}

/* The expected size of the build's payload without delta coding, if it compresses as well as the base. */
static double plain_size(const struct build *build, const struct coded *base)
{
    return (double)build->size * (double)base->payload_size / (double)base->size;
}

static bool is_worth_trying(const struct build *build, const struct coded *base)
{
    return plain_size(build, base) >= DELTA_SAVES_MIN && base->size / 2 <= build->size;
}

/* Delta coding has to save at least a quarter, because the variant starts more slowly. */
static bool pays(const struct build *build, const struct coded *base, const struct coded *coded)
{
    double plain = plain_size(build, base);
    double saved = plain - (double)coded->payload_size;

    return saved >= plain / 4 && saved >= DELTA_SAVES_MIN;
}

/* What the other payloads are coded against. */
struct base {
    const struct payload *payload;
    unsigned level;
    struct encode_base encode;
};

/* Codes a payload to the end of the spool. `base`: what to code it against, or NULL. */
static int code_one(struct assembly *assembly, const struct code_options *options, struct payload *payload,
                    const struct base *base)
{
    payload->spool_offset = (uint64_t)lseek(assembly->spool, 0, SEEK_CUR);
    payload->base = base ? base->level : 0;
    return compress_build(payload->build, base ? &base->encode : NULL, &options->compress, assembly->spool,
                          &payload->coded);
}

/* Removes the last payload from the spool. */
static int take_back(struct assembly *assembly, struct payload *payload)
{
    off_t end = (off_t)payload->spool_offset;

    progress_take_back(payload->coded.size, payload->coded.payload_size);
    free(payload->coded.frames);
    payload->coded = (struct coded){0};
    if (ftruncate(assembly->spool, end) == 0 && lseek(assembly->spool, end, SEEK_SET) == end)
        return 0;
    return fail("%s: its temporary file cannot be truncated: %s", assembly->output, strerror(errno));
}

/* Codes a payload against the base, or without it if that saves too little. */
static int code_against(struct assembly *assembly, const struct code_options *options, struct payload *payload,
                        const struct base *base)
{
    bool always = options->base != 0;

    if (!always && !is_worth_trying(payload->build, &base->payload->coded))
        return code_one(assembly, options, payload, NULL);
    int status = code_one(assembly, options, payload, base);
    if (status || always || pays(payload->build, &base->payload->coded, &payload->coded))
        return status;
    status = take_back(assembly, payload);
    return status ? status : code_one(assembly, options, payload, NULL);
}

/* Whether others can be coded against this payload. */
static bool can_be_base(const struct payload *payload)
{
    return payload->build && fatelf_encoding_by_number(payload->coded.encoding)->is_base;
}

/* Codes the base, unless it is carried over, then all other payloads that are not. */
static int code_all(struct assembly *assembly, const struct code_options *options)
{
    const struct assembled_variant *chosen = code_base(assembly, options);
    struct payload *first = &assembly->payloads[chosen->payload];
    struct base base = {.payload = first, .level = chosen->level, .encode = {.build = first->build}};
    struct locator *locator = NULL;
    int status = first->source == PAYLOAD_CODE ? code_one(assembly, options, first, NULL) : 0;

    if (!status && code_uses_delta(assembly, options) && can_be_base(first)) {
        locator = locator_make(first->build->fd, first->build->size);
        if (!locator)
            return file_fail_read(first->build->path);
        base.encode.locator = locator;
    }
    for (unsigned i = 0; !status && i < assembly->payload_count; i++) {
        struct payload *payload = &assembly->payloads[i];
        if (payload != first && payload->source == PAYLOAD_CODE)
            status = locator ? code_against(assembly, options, payload, &base)
                             : code_one(assembly, options, payload, NULL);
    }
    locator_free(locator);
    return status;
}

int code_payloads(struct assembly *assembly, const struct code_options *options)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < assembly->payload_count; i++)
        if (assembly->payloads[i].source == PAYLOAD_CODE)
            total += assembly->payloads[i].build->size;
    assembly->spool = output_spool(assembly->output);
    if (assembly->spool < 0)
        return fail("%s: no temporary file can be created beside it: %s", assembly->output, strerror(errno));
    progress_start("compressing", total, options->quiet);
    int status = code_all(assembly, options);
    progress_clear();
    /* Delta coding reads the base several times. If the base changes meanwhile, the variants cannot be decoded. */
    for (unsigned i = 0; !status && i < assembly->payload_count; i++)
        if (assembly->payloads[i].build)
            status = build_check_unchanged(assembly->payloads[i].build);
    return status;
}
