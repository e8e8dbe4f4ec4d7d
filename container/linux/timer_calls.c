/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers that send signals: alarm(2), setitimer(2), timer_create(2). Clocks of processor time run with real time.
 *
 * A timer's signal is pending once: expirations meanwhile are counted and told as its overrun.
 */
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/signal_parts.h"
#include "container/linux/space.h"

enum {
    INTERVAL_TIMERS = 3,
    TIMERS = 256,
    SIGEV_SIGNAL = 0,
    SIGEV_NONE = 1,
    SIGEV_THREAD_ID = 4,
    TIMER_ABSTIME = 1,
    OVERRUN_MAX = 0x7fffffff,
    MICROSECOND_NS = 1000,
    FAST_NS = 4000000 /* intervals that may be too short for their signals */
};

struct timer {
    bool is_used;
    int notify, signal, thread_id;
    unsigned clock;
    struct process *owner;
    uint64_t value;
    int64_t deadline_ns; /* CLOCK_MONOTONIC; 0: it stands */
    int64_t interval_ns;
    int64_t overrun, last_overrun;
};

struct time_pair { /* struct itimerval and struct itimerspec */
    struct timespec64 interval, first;
};

struct event { /* struct sigevent */
    uint64_t value;
    int32_t signal, notify, thread_id;
    int32_t rest[11];
};

static struct timer interval_timers[INTERVAL_TIMERS], timers[TIMERS];

void timers_drop(const struct process *process, bool with_intervals)
{
    for (unsigned i = 0; i < TIMERS; i++) {
        if (timers[i].owner == process) {
            timers[i] = (struct timer){0};
        }
    }
    for (unsigned i = 0; with_intervals && i < INTERVAL_TIMERS; i++) {
        if (interval_timers[i].owner == process) {
            interval_timers[i] = (struct timer){0};
        }
    }
}

/* How often it expired until now; on to its next deadline. */
static int64_t timer_advance(struct timer *timer, int64_t now)
{
    int64_t count = timer->interval_ns ? (now - timer->deadline_ns) / timer->interval_ns + 1 : 1;
    timer->deadline_ns = timer->interval_ns ? timer->deadline_ns + count * timer->interval_ns : 0;
    return count;
}

static void timer_send(struct timer *timer, int64_t count)
{
    int id = (int)(timer - timers);
    struct thread *thread = timer->notify == SIGEV_THREAD_ID ? thread_find(timer->thread_id) : NULL;
    struct siginfo info = {
        .signal = timer->signal, .code = SI_TIMER, .timer = {.id = id, .value = timer->value}};
    if (timer->notify == SIGEV_NONE || (timer->notify == SIGEV_THREAD_ID && !thread)) {
        return;
    }
    const struct signal_set *set = thread ? &thread->pending : &timer->owner->pending;
    if (signal_timer_is_pending(set, id)) {
        timer->overrun += count;
        return;
    }
    timer->overrun = count - 1;
    if (thread) {
        signal_post_thread(thread, &info);
    } else {
        signal_post(timer->owner, &info);
    }
}

int timer_overrun_take(int id)
{
    struct timer *timer = &timers[(unsigned)id % TIMERS];
    timer->last_overrun = timer->overrun < OVERRUN_MAX ? timer->overrun : OVERRUN_MAX;
    timer->overrun = 0;
    return (int)timer->last_overrun;
}

/* A timer may be faster than its signals can be delivered: then the program would do nothing but enter handlers. So
 * those of fast timers are this far apart, twice the time that the last one took from being sent to its handler's
 * return. What expires meanwhile counts as overrun. */
static int64_t sent_ns, delivery_ns, quiet_until_ns;

static bool is_fast(const struct timer *timer)
{
    return timer->interval_ns && timer->interval_ns < FAST_NS;
}

static int64_t timer_due(const struct timer *timer)
{
    return is_fast(timer) && timer->deadline_ns < quiet_until_ns ? quiet_until_ns : timer->deadline_ns;
}

void timers_delivered(void)
{
    if (sent_ns) {
        int64_t passed = clock_now(CLOCK_MONOTONIC) - sent_ns;
        delivery_ns = passed < FAST_NS / 4 ? passed : FAST_NS / 4;
        sent_ns = 0;
    }
}

static int64_t earlier(int64_t next, const struct timer *timer)
{
    return timer->deadline_ns && (next == NO_DEADLINE || timer_due(timer) < next) ? timer_due(timer) : next;
}

int64_t timers_expire(int64_t now)
{
    static const int SIGNAL[INTERVAL_TIMERS] = {SIGALRM, SIGVTALRM, SIGPROF};
    int64_t next = NO_DEADLINE;
    bool was_fast = false;
    for (unsigned i = 0; i < INTERVAL_TIMERS; i++) {
        struct timer *timer = &interval_timers[i];
        if (timer->deadline_ns && timer_due(timer) <= now) {
            was_fast |= is_fast(timer);
            timer_advance(timer, now);
            signal_send(timer->owner, SIGNAL[i], SI_KERNEL, 0);
        }
    }
    for (unsigned i = 0; i < TIMERS; i++) {
        struct timer *timer = &timers[i];
        if (timer->is_used && timer->deadline_ns && timer_due(timer) <= now) {
            was_fast |= is_fast(timer);
            timer_send(timer, timer_advance(timer, now));
        }
    }
    if (was_fast) {
        sent_ns = sent_ns ? sent_ns : now;
        quiet_until_ns = now + 2 * delivery_ns;
    }
    for (unsigned i = 0; i < INTERVAL_TIMERS; i++) {
        next = earlier(next, &interval_timers[i]);
    }
    for (unsigned i = 0; i < TIMERS; i++) {
        next = earlier(next, &timers[i]);
    }
    return next;
}

static int64_t time_ns(struct timespec64 time, int64_t unit_ns)
{
    return time.seconds > INT64_MAX / SECOND_NS - 1 ? INT64_MAX / 2
                                                    : time.seconds * SECOND_NS + time.nanoseconds * unit_ns;
}

static bool time_is_valid(struct timespec64 time, int64_t unit_ns)
{
    return time.seconds >= 0 && time.nanoseconds >= 0 && time.nanoseconds < SECOND_NS / unit_ns;
}

static struct timespec64 time_of(int64_t ns, int64_t unit_ns)
{
    return (struct timespec64){.seconds = ns / SECOND_NS, .nanoseconds = ns % SECOND_NS / unit_ns};
}

/* What is left, as getitimer(2) and timer_gettime(2) tell: not 0 while it runs. */
static struct time_pair timer_state(const struct timer *timer, int64_t unit_ns)
{
    int64_t left = timer->deadline_ns ? timer->deadline_ns - clock_now(CLOCK_MONOTONIC) : 0;
    left = timer->deadline_ns && left < unit_ns ? unit_ns : left;
    return (struct time_pair){.interval = time_of(timer->interval_ns, unit_ns),
                              .first = time_of(left, unit_ns)};
}

static void timer_set(struct thread *thread, struct timer *timer, int64_t deadline_ns, int64_t interval_ns)
{
    timer->owner = thread->process;
    timer->deadline_ns = deadline_ns;
    timer->interval_ns = interval_ns;
    if (deadline_ns) {
        clock_arm(deadline_ns);
    }
}

HANDLER(call_getitimer)
{
    if (ARG(0) >= INTERVAL_TIMERS) {
        return -EINVAL;
    }
    struct time_pair state = timer_state(&interval_timers[ARG(0)], MICROSECOND_NS);
    (void)thread;
    return user_write(ARG(1), &state, sizeof state);
}

HANDLER(call_setitimer)
{
    struct time_pair new = {0};
    if (ARG(0) >= INTERVAL_TIMERS) {
        return -EINVAL;
    }
    struct timer *timer = &interval_timers[ARG(0)];
    struct time_pair old = timer_state(timer, MICROSECOND_NS);
    long error = ARG(1) ? user_read(&new, ARG(1), sizeof new) : 0;
    if (!error &&
        !(time_is_valid(new.first, MICROSECOND_NS) && time_is_valid(new.interval, MICROSECOND_NS))) {
        error = -EINVAL;
    }
    if (error) {
        return error;
    }
    int64_t first = time_ns(new.first, MICROSECOND_NS);
    timer_set(thread, timer, first ? clock_deadline(first) : 0, time_ns(new.interval, MICROSECOND_NS));
    return ARG(2) ? user_write(ARG(2), &old, sizeof old) : 0;
}

HANDLER(call_alarm)
{
    struct timer *timer = &interval_timers[0];
    struct time_pair old = timer_state(timer, 1);
    int64_t first = (int64_t)(uint32_t)ARG(0) * SECOND_NS;
    timer_set(thread, timer, first ? clock_deadline(first) : 0, 0);
    bool rounds_up = old.first.nanoseconds >= SECOND_NS / 2 || (!old.first.seconds && old.first.nanoseconds);
    return old.first.seconds + rounds_up;
}

HANDLER(call_timer_create)
{
    struct event event = {.notify = SIGEV_SIGNAL, .signal = SIGALRM};
    unsigned id = 0;
    long error = ARG(1) ? user_read(&event, ARG(1), sizeof event) : 0;
    bool is_valid =
        event.notify == SIGEV_NONE || ((event.notify == SIGEV_SIGNAL || event.notify == SIGEV_THREAD_ID) &&
                                       event.signal > 0 && event.signal < SIGNALS);
    if (error || !is_valid || clock_now((unsigned)ARG(0)) < 0 ||
        (event.notify == SIGEV_THREAD_ID && !thread_find(event.thread_id))) {
        return error ? error : -EINVAL;
    }
    while (id < TIMERS && timers[id].is_used) {
        id++;
    }
    if (id == TIMERS) {
        return -EAGAIN;
    }
    int32_t number = (int32_t)id;
    error = user_write(ARG(2), &number, sizeof number);
    if (error) {
        return error;
    }
    timers[id] = (struct timer){.is_used = true,
                                .notify = event.notify,
                                .signal = event.signal,
                                .thread_id = event.thread_id,
                                .clock = (unsigned)ARG(0),
                                .owner = thread->process,
                                .value = ARG(1) ? event.value : id};
    return 0;
}

static struct timer *timer_of(uint64_t id)
{
    return (uint32_t)id < TIMERS && timers[(uint32_t)id].is_used ? &timers[(uint32_t)id] : NULL;
}

HANDLER(call_timer_settime)
{
    struct timer *timer = timer_of(ARG(0));
    struct time_pair new;
    int64_t deadline;
    long error = timer && ARG(2) ? user_read(&new, ARG(2), sizeof new) : -EINVAL;
    if (!error && !time_is_valid(new.interval, 1)) {
        error = -EINVAL;
    }
    if (!error) {
        error = clock_deadline_read(ARG(2) + sizeof new.interval, timer->clock, ARG(1) & TIMER_ABSTIME,
                                    &deadline);
    }
    if (error) {
        return error;
    }
    struct time_pair old = timer_state(timer, 1);
    bool is_set = new.first.seconds || new.first.nanoseconds;
    timer->overrun = timer->last_overrun = 0;
    timer_set(thread, timer, is_set ? deadline : 0, time_ns(new.interval, 1));
    return ARG(3) ? user_write(ARG(3), &old, sizeof old) : 0;
}

HANDLER(call_timer_gettime)
{
    const struct timer *timer = timer_of(ARG(0));
    (void)thread;
    if (!timer) {
        return -EINVAL;
    }
    struct time_pair state = timer_state(timer, 1);
    return user_write(ARG(1), &state, sizeof state);
}

HANDLER(call_timer_getoverrun)
{
    const struct timer *timer = timer_of(ARG(0));
    (void)thread;
    return timer ? timer->last_overrun : -EINVAL;
}

HANDLER(call_timer_delete)
{
    struct timer *timer = timer_of(ARG(0));
    (void)thread;
    if (!timer) {
        return -EINVAL;
    }
    *timer = (struct timer){0};
    return 0;
}
