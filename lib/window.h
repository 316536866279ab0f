/* SPDX-License-Identifier: MIT */
/* The decoded bytes of a base variant, or those of them that are still needed. */
#ifndef FATELF_WINDOW_H
#define FATELF_WINDOW_H

#include <stdint.h>

/*
 * Byte o of the base is at bytes[o % size]. So a window smaller than the base is a ring, in which the base's frames
 * replace those before them. A window of the base's size or more has room for the whole base. The size is a multiple of
 * the base's frame size, so that no frame of the base crosses the end of the window.
 */
struct fatelf_window {
    unsigned char *bytes;
    uint64_t size;
};

/* Where byte `offset` of the base is. */
static inline unsigned char *fatelf_window_place(const struct fatelf_window *window, uint64_t offset)
{
    return window->bytes + offset % window->size;
}

#endif
