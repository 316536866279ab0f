/* SPDX-License-Identifier: MIT */
#include "schedule.h"

/*
 * The order matters in two places:
 *   - schedule_base_done() sets its frame's flag before it looks at the others. Of two threads that finish neighbouring
 *     frames at the same time, at least one sees the other's flag, so no frame stays uncounted.
 *   - A waiting thread sets SCHEDULE_WAITERS in the word that it waits for. The thread that changes the word learns in
 *     the same atomic step whether another one waits, so no wake-up is lost.
 */

enum schedule_next schedule_take(struct schedule *schedule, uint32_t *number)
{
    uint32_t ready = atomic_load(&schedule->ready);
    if (ready & SCHEDULE_FAILED)
        return SCHEDULE_END;
    *number = atomic_load(&schedule->variant_next);
    if (*number == schedule->variant_frames)
        return SCHEDULE_END;
    if (schedule->base_frames == 0 || schedule->needed[*number] <= (ready & SCHEDULE_NUMBER)) {
        bool taken = atomic_compare_exchange_strong(&schedule->variant_next, number, *number + 1);
        return taken ? SCHEDULE_VARIANT : SCHEDULE_AGAIN;
    }
    *number = atomic_load(&schedule->base_next);
    if (*number < schedule->base_frames) {
        bool taken = atomic_compare_exchange_strong(&schedule->base_next, number, *number + 1);
        return taken ? SCHEDULE_BASE : SCHEDULE_AGAIN;
    }
    /* Other threads are decoding the base frames that are missing. */
    *number = ready | SCHEDULE_WAITERS;
    bool announced = atomic_compare_exchange_strong(&schedule->ready, &ready, *number);
    return announced ? SCHEDULE_WAIT : SCHEDULE_AGAIN;
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
