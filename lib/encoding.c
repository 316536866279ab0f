/* SPDX-License-Identifier: MIT */
#include "encoding.h"

#include "zstd_frame.h"

static const struct fatelf_encoding_row rows[] = {
    {
        .name = "stored",
        .number = FATELF_ENCODING_STORED,
    },
    {
        .name = "zstd",
        .number = FATELF_ENCODING_ZSTD,
        .seek_table = true,
        .is_base = true,
        .decode = fatelf_zstd_decode,
    },
    {
        .name = "zstd-delta",
        .number = FATELF_ENCODING_ZSTD_DELTA,
        .incompatible = FATELF_INCOMPATIBLE_DELTA,
        .seek_table = true,
        .base = true,
        .decode = fatelf_zstd_delta_decode,
        .scratch_size = fatelf_zstd_delta_scratch_size,
    },
};

const struct fatelf_encoding_row *fatelf_encoding_by_number(unsigned number)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}
