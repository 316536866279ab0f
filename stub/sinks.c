/* SPDX-License-Identifier: MIT */
#include "sinks.h"

#include <errno.h>

#include "kernel.h"

bool sink_wants(const struct sink *sink, uint64_t offset, uint64_t size)
{
    return sink->kind != SINK_IMAGE || image_wants(sink->image, offset, size);
}

unsigned char *sink_place(const struct sink *sink, uint64_t offset, uint64_t size)
{
    return sink->kind == SINK_IMAGE ? image_place(sink->image, offset, size) : NULL;
}

static struct outcome write_all(const struct sink *sink, const unsigned char *bytes, uint64_t offset, uint64_t size)
{
    const bool at_offset = sink->kind == SINK_FILE;

    while (size > 0) {
        long n = kernel_call(at_offset ? SYS_pwrite64 : SYS_write, sink->fd, (long)bytes, (long)size, (long)offset);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return outcome_refused(at_offset ? "pwrite" : "write", n < 0 ? (int)-n : EIO);
        bytes += n;
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return outcome_ok();
}

struct outcome sink_put(const struct sink *sink, const unsigned char *bytes, uint64_t offset, uint64_t size)
{
    if (sink->kind != SINK_IMAGE)
        return write_all(sink, bytes, offset, size);
    image_put(sink->image, bytes, offset, size);
    return outcome_ok();
}

struct outcome file_size_limit_raise(struct file_size_limit *limit, uint64_t size)
{
    limit->raised = false;
    if (getrlimit(RLIMIT_FSIZE, &limit->before) != 0 || limit->before.rlim_cur >= size)
        return outcome_ok();
    struct rlimit raised = limit->before;
    raised.rlim_cur = raised.rlim_max;
    if (raised.rlim_max < size || setrlimit(RLIMIT_FSIZE, &raised) != 0)
        return outcome_refused("RLIMIT_FSIZE", EFBIG);
    limit->raised = true;
    return outcome_ok();
}

void file_size_limit_restore(const struct file_size_limit *limit)
{
    if (limit->raised)
        setrlimit(RLIMIT_FSIZE, &limit->before);
}
