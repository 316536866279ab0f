/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <string.h>

const struct fatelf_launch_row fatelf_launch_rows[] = {
    {
        .name = "memfd",
        .number = FATELF_LAUNCH_MEMFD,
        .default_encoding = FATELF_ENCODING_ZSTD,
        .executable = false,
        .help = "decode the variant into a memory file and execute that",
    },
    {
        .name = "inplace",
        .number = FATELF_LAUNCH_INPLACE,
        .default_encoding = FATELF_ENCODING_STORED, /* compressed code cannot be mapped from the file */
        .executable = true,
        .help = "map the variant from the bundle, without a second exec",
    },
};

_Static_assert(sizeof fatelf_launch_rows / sizeof *fatelf_launch_rows == FATELF_LAUNCH_ROWS, "launch methods");

const struct fatelf_launch_row *fatelf_launch_by_number(unsigned number)
{
    for (size_t i = 0; i < FATELF_LAUNCH_ROWS; i++)
        if (fatelf_launch_rows[i].number == number)
            return &fatelf_launch_rows[i];
    return NULL;
}

const struct fatelf_launch_row *fatelf_launch_by_name(const char *name)
{
    for (size_t i = 0; i < FATELF_LAUNCH_ROWS; i++)
        if (strcmp(fatelf_launch_rows[i].name, name) == 0)
            return &fatelf_launch_rows[i];
    return NULL;
}
