/* SPDX-License-Identifier: MIT */
#include "schedule.h"

/* Frames of the base that may be decoded before they are needed: one for each thread, but no more than this. */
enum { AHEAD_MAX = 3 };

uint32_t fatelf_schedule_window(const struct fatelf_payload *payload, uint32_t threads)
{
    uint32_t frames = payload->reach + (threads < AHEAD_MAX ? threads : AHEAD_MAX);

    if (payload->reach == 0)
        return 0;
    return frames < payload->base->frame_count ? frames : payload->base->frame_count;
}

struct fatelf_schedule fatelf_schedule_make(const struct fatelf_payload *payload, uint32_t threads, uint32_t window,
                                            uint32_t *tables, bool (*is_wanted)(const void *owner, uint32_t frame),
                                            const void *owner)
{
    uint32_t count = payload->variant->frame_count;
    struct fatelf_schedule schedule = {.threads = threads, .variant_frames = count};

    if (!payload->base) /* `tables` may be NULL */
        return schedule;
    uint32_t *needed = tables, *keep = tables + count;
    for (uint32_t i = 0; i < count; i++) {
        needed[i] = !is_wanted || is_wanted(owner, i) ? fatelf_payload_base_frames(payload, i).end : 0;
        if (needed[i] > schedule.base_frames)
            schedule.base_frames = needed[i];
    }
    uint32_t lowest = schedule.base_frames;
    for (uint32_t i = count; i-- > 0;) {
        uint32_t first = fatelf_payload_base_frames(payload, i).first;
        if (needed[i] > 0 && first < lowest)
            lowest = first;
        keep[i] = lowest;
    }
    schedule.window = window;
    schedule.needed = needed;
    schedule.keep = keep;
    return schedule;
}

/*
 * The first frame of the variant (`step` is FATELF_SCHEDULE_VARIANT) or of the base (FATELF_SCHEDULE_BASE) that is not
 * decoded yet. `next`: the first one that no thread has taken.
 */
static uint32_t first_not_done(const struct fatelf_schedule *schedule, enum fatelf_schedule_step step, uint32_t next)
{
    for (uint32_t i = 0; i < schedule->threads; i++)
        if (schedule->tasks[i].step == step && schedule->tasks[i].frame < next)
            next = schedule->tasks[i].frame;
    return next;
}

static void wake_waiting(struct fatelf_schedule *schedule)
{
    schedule->wake |= schedule->waiting;
    schedule->waiting = false;
}

static struct fatelf_schedule_task take(struct fatelf_schedule *schedule)
{
    uint32_t frame = schedule->variant_next;

    if (schedule->failed || frame == schedule->variant_frames)
        return (struct fatelf_schedule_task){.step = FATELF_SCHEDULE_END};
    if (schedule->base_frames > 0) {
        /* Nobody needs the frames below any more. Those that are being decoded have all that they need. */
        if (schedule->base_next < schedule->keep[frame])
            schedule->base_next = schedule->keep[frame];
        uint32_t ready = first_not_done(schedule, FATELF_SCHEDULE_BASE, schedule->base_next);
        if (schedule->needed[frame] > ready) {
            uint32_t kept = schedule->keep[first_not_done(schedule, FATELF_SCHEDULE_VARIANT, frame)];
            if (kept > ready) /* nobody needs the frame `ready` any more, but a thread still writes it to the ring */
                kept = ready;
            if (schedule->base_next < schedule->base_frames && schedule->base_next - kept < schedule->window)
                return (struct fatelf_schedule_task){FATELF_SCHEDULE_BASE, schedule->base_next++};
            schedule->waiting = true;
            return (struct fatelf_schedule_task){.step = FATELF_SCHEDULE_WAIT};
        }
    }
    schedule->variant_next++;
    return (struct fatelf_schedule_task){FATELF_SCHEDULE_VARIANT, frame};
}

struct fatelf_schedule_task fatelf_schedule_next(struct fatelf_schedule *schedule, uint32_t thread)
{
    struct fatelf_schedule_task *task = &schedule->tasks[thread];

    if (task->step == FATELF_SCHEDULE_VARIANT || task->step == FATELF_SCHEDULE_BASE)
        wake_waiting(schedule);
    *task = (struct fatelf_schedule_task){.step = FATELF_SCHEDULE_NONE};
    *task = take(schedule);
    return *task;
}

void fatelf_schedule_fail(struct fatelf_schedule *schedule, uint32_t thread)
{
    if (!schedule->failed)
        schedule->failed_thread = thread;
    schedule->failed = true;
    wake_waiting(schedule);
}
