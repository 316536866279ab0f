/* SPDX-License-Identifier: MIT */
/* Decodes the chosen variant (launch->payload, launch->base), with several threads if that saves time. */
#ifndef STUB_FRAMES_H
#define STUB_FRAMES_H

#include "image.h"
#include "launcher.h"
#include "outcome.h"

/*
 * These three functions return OUTCOME_OK, OUTCOME_DAMAGED or OUTCOME_REFUSED. They map memory to decode with, which
 * stays mapped until frames_release(), the next call of one of them, or exec. exec frees it without the interrupts to
 * other processors that munmap() causes.
 */

/* Decodes to the file `fd`, each frame at its own offset. */
struct outcome frames_write(struct launch *launch, int fd);

/* Decodes to the pipe or file `fd`, in order. */
struct outcome frames_stream(struct launch *launch, int fd);

/* Decodes to the segments of `image`, which image_make() has mapped. Frames outside of all segments are not decoded. */
struct outcome frames_place(struct launch *launch, const struct image *image);

/* Unmaps that memory, if there is any. */
void frames_release(struct launch *launch);

#endif
