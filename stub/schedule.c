/* SPDX-License-Identifier: MIT */
#include "schedule.h"

/*
 * The first frame of the variant (`step` is SCHEDULE_VARIANT) or of the base (SCHEDULE_BASE) that is not decoded yet.
 * `next`: the first one that no thread has taken.
 */
static uint32_t first_not_done(const struct schedule *schedule, enum schedule_step step, uint32_t next)
{
    for (unsigned i = 0; i < SCHEDULE_THREADS_MAX; i++)
        if (schedule->tasks[i].step == step && schedule->tasks[i].frame < next)
            next = schedule->tasks[i].frame;
    return next;
}

static void wake_waiting(struct schedule *schedule)
{
    schedule->wake |= schedule->waiting;
    schedule->waiting = false;
}

static struct schedule_task take(struct schedule *schedule)
{
    uint32_t frame = schedule->variant_next;

    if (schedule->failed || frame == schedule->variant_frames)
        return (struct schedule_task){.step = SCHEDULE_END};
    if (schedule->base_frames > 0) {
        /* Nobody needs the frames below any more. Those that are being decoded have all that they need. */
        if (schedule->base_next < schedule->keep[frame])
            schedule->base_next = schedule->keep[frame];
        uint32_t ready = first_not_done(schedule, SCHEDULE_BASE, schedule->base_next);
        if (schedule->needed[frame] > ready) {
            uint32_t kept = schedule->keep[first_not_done(schedule, SCHEDULE_VARIANT, frame)];
            if (kept > ready) /* nobody needs the frame `ready` any more, but a thread still writes it to the ring */
                kept = ready;
            if (schedule->base_next < schedule->base_frames && schedule->base_next - kept < schedule->window)
                return (struct schedule_task){SCHEDULE_BASE, schedule->base_next++};
            schedule->waiting = true;
            return (struct schedule_task){.step = SCHEDULE_WAIT};
        }
    }
    schedule->variant_next++;
    return (struct schedule_task){SCHEDULE_VARIANT, frame};
}

struct schedule_task schedule_next(struct schedule *schedule, uint32_t thread)
{
    struct schedule_task *task = &schedule->tasks[thread];

    if (task->step == SCHEDULE_VARIANT || task->step == SCHEDULE_BASE)
        wake_waiting(schedule);
    *task = (struct schedule_task){.step = SCHEDULE_NONE};
    *task = take(schedule);
    return *task;
}

void schedule_fail(struct schedule *schedule, uint32_t thread)
{
    if (!schedule->failed)
        schedule->failed_thread = thread;
    schedule->failed = true;
    wake_waiting(schedule);
}
