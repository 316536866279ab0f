/* SPDX-License-Identifier: MIT */
/*
 * Where decoded frames go. Several threads may use one sink at the same time: the sink_ functions do not touch errno.
 */
#ifndef STUB_SINKS_H
#define STUB_SINKS_H

#include "image.h"
#include "outcome.h"

#include <sys/resource.h>

enum sink_kind {
    SINK_FILE,  /* pwrite() to `fd`, each frame at its own offset, in any order */
    SINK_PIPE,  /* write() to `fd`; frames must come in order, from one thread */
    SINK_IMAGE, /* copied to the segments of `image`, which image_make() has mapped */
};

/* The sink does not own what it refers to. */
struct sink {
    enum sink_kind kind;
    int fd;                    /* SINK_FILE, SINK_PIPE */
    const struct image *image; /* SINK_IMAGE */
};

/* Offsets and sizes are in bytes of the variant's file. */

/* Whether any of these bytes are needed at all. An image does not need bytes outside of its segments. */
bool sink_wants(const struct sink *sink, uint64_t offset, uint64_t size);

/* Memory that the bytes can be decoded to directly; NULL: decode them anywhere else and call sink_put(). */
unsigned char *sink_place(const struct sink *sink, uint64_t offset, uint64_t size);

/* Writes or copies the bytes. */
struct outcome sink_put(const struct sink *sink, const unsigned char *bytes, uint64_t offset, uint64_t size);

/*
 * A write beyond RLIMIT_FSIZE kills the process with SIGXFSZ, and the limit applies to memfds too. But it is meant for
 * the program, not for the launcher. So file_size_limit_raise() raises it if it is below `size` bytes, and returns
 * OUTCOME_REFUSED if the hard limit forbids that. file_size_limit_restore() sets it back before the program starts.
 */
struct file_size_limit {
    struct rlimit before;
    bool raised;
};
struct outcome file_size_limit_raise(struct file_size_limit *limit, uint64_t size);
void file_size_limit_restore(const struct file_size_limit *limit);

#endif
