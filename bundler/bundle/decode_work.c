/* SPDX-License-Identifier: MIT */
#include "decode_work.h"

#include <errno.h>

#include "../base/file.h"

/* Decodes a frame of the variant or of the base to `to`. */
static uint8_t decode_frame(const struct tools *tools, const struct fatelf_payload *payload, uint32_t frame,
                            unsigned char *to)
{
    struct job *job = tools->job;
    struct fatelf_frame entry = fatelf_payload_frame(payload, frame);
    unsigned char *coded = payload->encoding->decode ? tools->coded : to;
    const unsigned char *bytes;

    if (!file_read(job->file->fd, coded, entry.size,
                   job->file->bundle.file_offset + payload->variant->payload_offset + entry.offset)) {
        int error = errno;
        pthread_mutex_lock(&job->lock);
        job->read_error = error;
        pthread_mutex_unlock(&job->lock);
        return NOT_READ;
    }
    return (uint8_t)fatelf_payload_decode(payload, frame, coded, tools->context, &job->window, tools->scratch, to,
                                          &bytes);
}

static void decode_base(struct tools *tools, uint32_t frame)
{
    struct job *job = tools->job;
    uint64_t offset = (uint64_t)frame * job->base->variant->frame_size;
    uint8_t problem = decode_frame(tools, job->base, frame, fatelf_window_place(&job->window, offset));

    pthread_mutex_lock(&job->lock);
    job->base_problems[frame] = problem;
    pthread_mutex_unlock(&job->lock);
}

/* Waits until the frame's slot is free. NULL: the calling thread has given up. The lock is held. */
static struct slot *wait_for_slot(struct job *job, uint32_t frame)
{
    while (!job->schedule.failed && frame >= job->taken + job->slot_count)
        pthread_cond_wait(&job->changed, &job->lock);
    return job->schedule.failed ? NULL : &job->slots[frame % job->slot_count];
}

/* The failure of the first frame of the base that this frame of the variant needs. The lock is held. */
static struct failure failure_of_base(const struct job *job, uint32_t frame)
{
    struct fatelf_base_frames needed = fatelf_payload_base_frames(job->payload, frame);

    for (uint32_t i = needed.first; i < needed.end; i++)
        if (job->base_problems[i])
            return (struct failure){job->base_problems[i], true, i};
    return (struct failure){.frame = frame};
}

static void decode_own(struct tools *tools, uint32_t frame)
{
    struct job *job = tools->job;
    struct failure failure = {.frame = frame};

    pthread_mutex_lock(&job->lock);
    struct slot *slot = wait_for_slot(job, frame);
    if (slot && job->base)
        failure = failure_of_base(job, frame);
    pthread_mutex_unlock(&job->lock);
    if (!slot)
        return;
    if (!failure.problem)
        failure.problem = decode_frame(tools, job->payload, frame, slot->raw);
    pthread_mutex_lock(&job->lock);
    slot->failure = failure;
    slot->ready = true;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

static struct fatelf_schedule_task next_task(struct tools *tools)
{
    struct job *job = tools->job;
    struct fatelf_schedule_task task;

    pthread_mutex_lock(&job->lock);
    for (;;) {
        task = fatelf_schedule_next(&job->schedule, tools->number);
        if (job->schedule.wake)
            pthread_cond_broadcast(&job->changed);
        job->schedule.wake = false;
        if (task.step != FATELF_SCHEDULE_WAIT)
            break;
        pthread_cond_wait(&job->changed, &job->lock);
    }
    pthread_mutex_unlock(&job->lock);
    return task;
}

void *decode_work(void *argument)
{
    struct tools *tools = argument;
    struct fatelf_schedule_task task;

    while ((task = next_task(tools)).step != FATELF_SCHEDULE_END) {
        if (task.step == FATELF_SCHEDULE_BASE)
            decode_base(tools, task.frame);
        else
            decode_own(tools, task.frame);
    }
    return NULL;
}
