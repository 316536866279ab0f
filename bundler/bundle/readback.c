/* SPDX-License-Identifier: MIT */
#include "readback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "decode.h"

/* What the decoded bytes are compared with. */
struct original {
    const struct assembly *assembly;
    const struct build *build;
    unsigned char *bytes; /* room for FATELF_FRAME_SIZE_MAX bytes; owned */
};

static int differs(const struct original *original)
{
    const struct build *build = original->build;
    int status = build_check_unchanged(build);

    return status ? status
                  : fail("%s: v%u: the written variant differs from %s; check the disk and the memory of this machine",
                         original->assembly->output, build->level, build->path);
}

static int compare(void *owner, const unsigned char *bytes, size_t size, uint64_t offset)
{
    const struct original *original = owner;
    const struct build *build = original->build;

    if (!file_read(build->fd, original->bytes, size, offset))
        return file_fail_read(build->path);
    return memcmp(bytes, original->bytes, size) == 0 ? 0 : differs(original);
}

static int check_variant(const struct bundle_file *file, unsigned index, struct original *original, unsigned threads)
{
    const struct assembly *assembly = original->assembly;
    const struct payload *payload = &assembly->payloads[assembly->variants[index].payload];
    const struct fatelf_variant *written = &file->bundle.manifest.variants[index];
    struct decode_sink sink = {.put = NULL};

    if (payload->source == PAYLOAD_CODE) {
        original->build = payload->build;
        if (written->size != payload->build->size ||
            memcmp(written->sha256, payload->coded.sha256, sizeof written->sha256) != 0)
            return differs(original);
        sink = (struct decode_sink){.put = compare, .owner = original, .already_known = true};
    }
    return decode_variant(file, index, threads, &sink);
}

int readback(const struct assembly *assembly, const char *temporary, unsigned threads, bool quiet)
{
    struct original original = {.assembly = assembly, .bytes = malloc(FATELF_FRAME_SIZE_MAX)};
    struct bundle_file file;
    uint64_t total = 0;

    if (!original.bytes)
        return fail("out of memory");
    int status = bundle_file_open(&file, temporary, assembly->output);
    for (unsigned i = 0; i < assembly->payload_count; i++)
        total += assembly->payloads[i].coded.size;
    progress_start("checking", total, quiet);
    for (unsigned i = 0; !status && i < assembly->variant_count; i++)
        if (!bundle_file_same_as(&file, i)) /* a payload can be shared by variants with different records */
            status = check_variant(&file, i, &original, threads);
    if (!status)
        status = appended_verify(&file);
    progress_clear();
    bundle_file_close(&file);
    free(original.bytes);
    return status;
}
