/* SPDX-License-Identifier: MIT */
/* Decodes the chosen variant (launch->payload, launch->base), with several threads where that saves time. */
#ifndef STUB_FRAMES_H
#define STUB_FRAMES_H

#include "image.h"
#include "launcher.h"
#include "outcome.h"

/*
 * All three map memory to decode with. It stays mapped until frames_release(), the next call of one of them, or exec,
 * which frees it without the interrupts to other processors that munmap() costs.
 */

/* To the file `fd`, each frame at its own offset. */
struct outcome frames_write(struct launch *launch, int fd);

/* To the pipe or file `fd`, in order. */
struct outcome frames_stream(struct launch *launch, int fd);

/* To the segments of `image`, which image_make() has mapped; what is in no segment is not decoded. */
struct outcome frames_place(struct launch *launch, const struct image *image);

void frames_release(struct launch *launch);

#endif
