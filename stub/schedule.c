/* SPDX-License-Identifier: MIT */
#include "schedule.h"

/*
 * The order matters in two places:
 *   - schedule_base_done() sets its frame's flag before it looks at the others. Of two threads that finish neighbouring
 *     frames at the same time, at least one sees the other's flag, so no frame stays uncounted.
 *   - A waiting thread announces itself in the same word that it waits for. Whoever changes the word learns in the same
 *     step whether somebody waits, so no wake-up is lost.
 */

enum schedule_next schedule_take(struct schedule *schedule, uint32_t *number)
{
    for (;;) {
        uint32_t ready = atomic_load(&schedule->ready);
        if (ready & SCHEDULE_FAILED)
            return SCHEDULE_END;
        uint32_t next = atomic_load(&schedule->variant_next);
        if (next == schedule->variant_frames)
            return SCHEDULE_END;
        if (schedule->base_frames == 0 || schedule->needed[next] <= (ready & SCHEDULE_NUMBER)) {
            *number = next;
            if (atomic_compare_exchange_strong(&schedule->variant_next, &next, next + 1))
                return SCHEDULE_VARIANT;
            continue;
        }
        next = atomic_load(&schedule->base_next);
        if (next < schedule->base_frames) {
            *number = next;
            if (atomic_compare_exchange_strong(&schedule->base_next, &next, next + 1))
                return SCHEDULE_BASE;
            continue;
        }
        /* Other threads are at work on the base frames that are missing. */
        *number = ready | SCHEDULE_WAITERS;
        if (atomic_compare_exchange_strong(&schedule->ready, &ready, *number))
            return SCHEDULE_WAIT;
    }
}

bool schedule_base_done(struct schedule *schedule, uint32_t frame)
{
    bool wake = false;

    atomic_store(&schedule->decoded[frame], 1);
    uint32_t ready = atomic_load(&schedule->ready);
    while (!(ready & SCHEDULE_FAILED)) {
        uint32_t count = ready & SCHEDULE_NUMBER;
        if (count == schedule->base_frames || !atomic_load(&schedule->decoded[count]))
            break;
        if (atomic_compare_exchange_strong(&schedule->ready, &ready, count + 1)) {
            wake |= ready & SCHEDULE_WAITERS;
            ready = count + 1;
        }
    }
    return wake;
}

bool schedule_fail(struct schedule *schedule, uint32_t thread)
{
    uint32_t ready = atomic_load(&schedule->ready);

    while (!(ready & SCHEDULE_FAILED))
        if (atomic_compare_exchange_strong(&schedule->ready, &ready, SCHEDULE_FAILED | thread))
            return ready & SCHEDULE_WAITERS;
    return false;
}

bool schedule_failed(struct schedule *schedule, uint32_t *thread)
{
    uint32_t ready = atomic_load(&schedule->ready);

    *thread = ready & SCHEDULE_NUMBER;
    return ready & SCHEDULE_FAILED;
}
