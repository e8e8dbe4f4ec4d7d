/* SPDX-License-Identifier: BSD-2-Clause */
/* clock_gettime(2), gettimeofday(2), nanosleep(2) and their kin. */
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/space.h"

enum {
    TIMER_ABSTIME = 1
};

static long time_write(uint64_t to, int64_t ns, int64_t unit_ns)
{
    int64_t time[2] = {ns / SECOND_NS, ns % SECOND_NS / unit_ns};
    return user_write(to, time, sizeof time);
}

HANDLER(call_clock_gettime)
{
    int64_t now = clock_now((unsigned)ARG(0));
    (void)thread;
    return now < 0 ? now : time_write(ARG(1), now, 1);
}

HANDLER(call_clock_getres)
{
    (void)thread;
    return clock_now((unsigned)ARG(0)) < 0 ? -EINVAL : ARG(1) ? time_write(ARG(1), 1, 1) : 0;
}

HANDLER(call_gettimeofday)
{
    (void)thread;
    long error = ARG(0) ? time_write(ARG(0), clock_now(CLOCK_REALTIME), 1000) : 0;
    return !error && ARG(1) ? user_zero(ARG(1), 8) : error;
}

HANDLER(call_time)
{
    int64_t seconds = clock_now(CLOCK_REALTIME) / SECOND_NS;
    (void)thread;
    long error = ARG(0) ? user_write(ARG(0), &seconds, sizeof seconds) : 0;
    return error ? error : seconds;
}

static long sleep(struct thread *thread, uint64_t time, unsigned clock, bool is_absolute)
{
    int64_t deadline;
    if (thread->is_expired) {
        return 0;
    }
    long error = time ? clock_deadline_read(time, clock, is_absolute, &deadline) : -EFAULT;
    return error ? error : thread_wait(thread, WAIT_TIME, deadline);
}

HANDLER(call_nanosleep)
{
    return sleep(thread, ARG(0), CLOCK_MONOTONIC, false);
}

HANDLER(call_clock_nanosleep)
{
    enum {
        CLOCK_THREAD = 3
    };
    bool is_wrong = clock_now((unsigned)ARG(0)) < 0 || ARG(0) == CLOCK_THREAD;
    return is_wrong ? -EINVAL : sleep(thread, ARG(2), (unsigned)ARG(0), ARG(1) & TIMER_ABSTIME);
}
