/* SPDX-License-Identifier: MIT */
#include "error.h"

const char *fatelf_error_text(int error)
{
    static const char *const texts[] = {
#define X(name, text) [FATELF_ERROR_##name] = text,
        FATELF_ERRORS(X)
#undef X
    };

    if (error < 0 || error >= FATELF_ERROR_COUNT)
        return "unknown error";
    return texts[error];
}
