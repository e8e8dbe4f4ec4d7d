/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks and deadlines over HOST_CLOCK and HOST_TIMER. clock_gettime(2), nanosleep(2). */
#include "container/linux/clock.h"

#include "container/linux/eventfd.h"
#include "container/linux/host.h"
#include "container/linux/space.h"
#include "container/linux/thread.h"
#include "container/linux/usage.h"
#include "container/linux/vdso_data.h"

enum {
    EPOLLIN = 1,
    CLOCK_NONE = 255 /* a number that no clock has any more */
};

static cap_address host_clock;
static struct object_box timer;
static bool has_timer;
static int64_t armed_ns = NO_DEADLINE;

static int64_t host_now(unsigned clock)
{
    uint64_t nanoseconds = 0;
    long seconds = host_clock ? HOST(host_clock, HOST_CLOCK_READ, 0, &nanoseconds, clock) : 0;
    return seconds < 0 ? seconds : seconds * SECOND_NS + (int64_t)nanoseconds;
}

void clock_init(void)
{
    host_clock = host_find("clock");
    has_timer = host_clock && host_object_make(&timer) &&
                HOST(host_clock, HOST_CLOCK_TIMER, timer.object, NULL, CLOCK_MONOTONIC) == 0;
    if (host_clock) {
        vdso_init(host_now);
    }
    if (!has_timer) {
        log_line("no clock: timeouts never end");
    }
}

void clock_fork(void)
{
    has_timer = host_clock && host_object_make(&timer) &&
                HOST(host_clock, HOST_CLOCK_TIMER, timer.object, NULL, CLOCK_MONOTONIC) == 0;
    armed_ns = NO_DEADLINE;
    clock_arm(0); /* which finds what is really due, and when */
}

int64_t clock_now(unsigned clock)
{
    if (usage_is_clock(clock)) {
        return usage_clock(clock);
    }
    /* TAI as hosts without leap seconds have it. */
    static const unsigned char CLOCKS[] = {0, 1, 1, 1, 1, 0, 1, 7, 0, 7, CLOCK_NONE, 0};
    if (clock >= sizeof CLOCKS || CLOCKS[clock] == CLOCK_NONE) {
        return -EINVAL;
    }
    int64_t now = CLOCKS[clock] <= 1 ? vdso_now(CLOCKS[clock]) : -1;
    return now >= 0 ? now : host_now(CLOCKS[clock]);
}

int64_t clock_deadline(int64_t after_ns)
{
    int64_t now = clock_now(CLOCK_MONOTONIC);
    return after_ns > INT64_MAX - now ? INT64_MAX : now + after_ns;
}

long clock_deadline_read(uint64_t address, unsigned clock, bool is_absolute, int64_t *deadline_ns)
{
    struct timespec64 time;
    *deadline_ns = NO_DEADLINE;
    if (!address) {
        return 0;
    }
    long error = user_read(&time, address, sizeof time);
    if (error) {
        return error;
    }
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= SECOND_NS) {
        return -EINVAL;
    }
    int64_t ns =
        time.seconds > INT64_MAX / SECOND_NS - 1 ? INT64_MAX : time.seconds * SECOND_NS + time.nanoseconds;
    if (is_absolute) {
        int64_t now = clock_now(clock);
        ns = ns > now ? ns - now : 0;
    }
    *deadline_ns = clock_deadline(ns);
    return 0;
}

void clock_arm(int64_t deadline_ns)
{
    if (!has_timer || deadline_ns == NO_DEADLINE || (armed_ns != NO_DEADLINE && armed_ns <= deadline_ns)) {
        return;
    }
    armed_ns = deadline_ns;
    HOST(timer.object, HOST_TIMER_SET, 0, NULL, (uint64_t)(deadline_ns > 0 ? deadline_ns : 1), 0, 1);
    host_watch(timer.object, EPOLLIN, CLOCK_TOKEN);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == NO_DEADLINE || (b != NO_DEADLINE && b < a) ? b : a;
}

void clock_expire(void)
{
    static uint64_t expirations;
    HOST(timer.object, HOST_FILE_READ, 0, NULL, (uint64_t)&expirations, sizeof expirations, ~0ul, 0);
    armed_ns = NO_DEADLINE;
    int64_t now = clock_now(CLOCK_MONOTONIC), next = earlier(timerfds_expire(now), timers_expire(now));
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        if (!thread->id || thread->wait == WAIT_NOTHING || thread->deadline_ns == NO_DEADLINE) {
            continue;
        }
        if (thread->deadline_ns <= now) {
            thread->is_expired = true;
            thread_retry(thread);
        } else if (next == NO_DEADLINE || thread->deadline_ns < next) {
            next = thread->deadline_ns;
        }
    }
    clock_arm(next);
}
