/* SPDX-License-Identifier: BSD-2-Clause */
/* poll(2), select(2), epoll(7) and their variants. */
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/epoll.h"
#include "container/linux/heap.h"
#include "container/linux/space.h"

enum {
    POLLNVAL = 32,
    POLL_MAX = 4096,
    FEW_WORDS = 16 /* of a set that fits on the stack */
};

struct poll_entry {
    int32_t fd;
    int16_t events, revents;
};

static struct poll_entry entries[POLL_MAX] SCRATCH;

/* Milliseconds to nanoseconds; negative: for ever. */
static int64_t timeout_of(int64_t milliseconds)
{
    return milliseconds < 0 ? -1 : milliseconds * 1000000;
}

/* Wait for any file, if there is time left. */
static long wait_any(struct thread *thread, int64_t timeout_ns)
{
    return thread_wait(thread, WAIT_ANY,
                       timeout_ns < 0 || thread->is_repeated ? NO_DEADLINE : clock_deadline(timeout_ns));
}

static bool entry_look(const struct process *process, struct poll_entry *entry)
{
    entry->revents = 0;
    if (entry->fd < 0) {
        return false;
    }
    struct file *file = file_of(process, (uint64_t)entry->fd);
    entry->revents = (int16_t)(file && !(file->flags & O_PATH)
                                   ? file_poll(file, (uint16_t)entry->events | POLL_ERR | POLL_HUP) &
                                         ((uint16_t)entry->events | POLL_ERR | POLL_HUP)
                                   : POLLNVAL);
    return entry->revents != 0;
}

static long poll_entries(struct thread *thread, uint64_t at, uint64_t count, int64_t timeout_ns)
{
    if (count > POLL_MAX) {
        return -EINVAL;
    }
    long error = user_read(entries, at, count * sizeof *entries), ready = 0;
    if (error) {
        return error;
    }
    for (uint64_t i = 0; i < count; i++) {
        ready += entry_look(thread->process, &entries[i]);
    }
    if (!ready && timeout_ns != 0 && !thread->is_expired) {
        for (uint64_t i = 0; i < count; i++) {
            if (entries[i].fd >= 0) {
                file_watch(file_of(thread->process, (uint64_t)entries[i].fd), (uint16_t)entries[i].events);
            }
        }
        return wait_any(thread, timeout_ns);
    }
    error = user_write(at, entries, count * sizeof *entries);
    return error ? error : ready;
}

/* A timeout as timespec or timeval; 0 or an error. */
static long timeout_read(uint64_t at, int64_t unit_ns, int64_t *timeout_ns)
{
    struct timespec64 time;
    *timeout_ns = -1;
    if (!at) {
        return 0;
    }
    long error = user_read(&time, at, sizeof time);
    if (!error && (time.seconds < 0 || time.nanoseconds < 0 || (unit_ns == 1 && time.nanoseconds >= SECOND_NS))) {
        error = -EINVAL;
    }
    *timeout_ns = time.seconds > 1000000000 ? -1 : time.seconds * SECOND_NS + time.nanoseconds * unit_ns;
    return error;
}

/* These calls say how much of their time is left. */
static long with_time_left(const struct thread *thread, uint64_t at, int64_t timeout_ns, int64_t unit_ns,
                           long result)
{
    int64_t left = thread->is_repeated ? thread->deadline_ns - clock_now(CLOCK_MONOTONIC) : timeout_ns;
    if (at && timeout_ns >= 0 && result != CALL_WAITS && result != -EINVAL) {
        left = left > 0 ? left : 0;
        int64_t time[] = {left / SECOND_NS, left % SECOND_NS / unit_ns};
        (void)user_write(at, time, sizeof time);
    }
    return result;
}

HANDLER(call_poll)
{
    return poll_entries(thread, ARG(0), ARG(1), timeout_of((int)ARG(2)));
}

HANDLER(call_ppoll)
{
    int64_t timeout_ns;
    long error = timeout_read(ARG(2), 1, &timeout_ns);
    error = error ? error : signal_mask_borrow_from(thread, ARG(3), ARG(4));
    return error ? error
                 : with_time_left(thread, ARG(2), timeout_ns, 1,
                                  poll_entries(thread, ARG(0), ARG(1), timeout_ns));
}

static const uint64_t SELECT_EVENTS[] = {POLL_IN | POLL_HUP | POLL_ERR, POLL_OUT | POLL_ERR, POLL_PRI};

/* What was asked for, three sets of so many words, and behind it what was found. */
struct select {
    uint64_t words, *asked, *found;
};

static long select_look(const struct process *process, const struct select *select, bool must_watch)
{
    long ready = 0;
    for (uint64_t i = 0; i < 3 * select->words; i++) {
        uint64_t set = i / select->words, first = i % select->words * 64;
        for (uint64_t bits = select->asked[i]; bits; bits &= bits - 1) {
            struct file *file = file_of(process, first + (unsigned)__builtin_ctzl(bits));
            if (!file) {
                return -EBADF;
            }
            if (must_watch) {
                file_watch(file, SELECT_EVENTS[set]);
            } else if (file_poll(file, SELECT_EVENTS[set]) & SELECT_EVENTS[set]) {
                select->found[i] |= bits & -bits;
                ready++;
            }
        }
    }
    return ready;
}

static long select_do(struct thread *thread, const struct linux_call *call, const struct select *select,
                      uint64_t count, int64_t timeout_ns)
{
    uint64_t bytes = select->words * sizeof(uint64_t);
    for (unsigned set = 0; set < 3 && select->words; set++) {
        uint64_t *asked = select->asked + set * select->words;
        long error = ARG(set + 1) ? user_read(asked, ARG(set + 1), bytes) : 0;
        if (error) {
            return error;
        }
        if (count % 64) {
            asked[select->words - 1] &= (1ul << count % 64) - 1;
        }
    }
    long ready = select_look(thread->process, select, false);
    if (!ready && timeout_ns != 0 && !thread->is_expired) {
        (void)select_look(thread->process, select, true);
        return wait_any(thread, timeout_ns);
    }
    for (unsigned set = 0; set < 3 && ready >= 0; set++) {
        long error = ARG(set + 1) ? user_write(ARG(set + 1), select->found + set * select->words, bytes) : 0;
        ready = error ? error : ready;
    }
    return ready;
}

/* Descriptors that the table has no room for are not looked at. */
static long select_sets(struct thread *thread, const struct linux_call *call, int64_t timeout_ns)
{
    uint64_t few[2 * 3 * FEW_WORDS] = {0}, count = (uint32_t)ARG(0);
    if ((int32_t)ARG(0) < 0) {
        return -EINVAL;
    }
    count = count < thread->process->files->room ? count : thread->process->files->room;
    uint64_t words = (count + 63) / 64, size = 2 * 3 * words * sizeof *few;
    uint64_t *sets = words <= FEW_WORDS ? few : heap_alloc(size);
    if (!sets) {
        return -ENOMEM;
    }
    struct select select = {.words = words, .asked = sets, .found = sets + 3 * words};
    long result = select_do(thread, call, &select, count, timeout_ns);
    if (sets != few) {
        heap_free(sets, size);
    }
    return result;
}

HANDLER(call_select)
{
    int64_t timeout_ns;
    long error = timeout_read(ARG(4), 1000, &timeout_ns);
    return error ? error
                 : with_time_left(thread, ARG(4), timeout_ns, 1000, select_sets(thread, call, timeout_ns));
}

HANDLER(call_pselect6)
{
    int64_t timeout_ns;
    uint64_t mask[2] = {0}; /* address, size */
    long error = timeout_read(ARG(4), 1, &timeout_ns);
    error = !error && ARG(5) ? user_read(mask, ARG(5), sizeof mask) : error;
    error = error ? error : signal_mask_borrow_from(thread, mask[0], mask[1]);
    return error ? error
                 : with_time_left(thread, ARG(4), timeout_ns, 1, select_sets(thread, call, timeout_ns));
}

HANDLER(call_epoll_create)
{
    return (int)ARG(0) <= 0 ? -EINVAL : epoll_create(thread, 0);
}

HANDLER(call_epoll_create1)
{
    return epoll_create(thread, ARG(0));
}

HANDLER(call_epoll_ctl)
{
    return epoll_control(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

HANDLER(call_epoll_wait)
{
    return epoll_wait(thread, ARG(0), ARG(1), (int)ARG(2), timeout_of((int)ARG(3)));
}

HANDLER(call_epoll_pwait)
{
    long error = signal_mask_borrow_from(thread, ARG(4), ARG(5));
    return error ? error : epoll_wait(thread, ARG(0), ARG(1), (int)ARG(2), timeout_of((int)ARG(3)));
}

HANDLER(call_epoll_pwait2)
{
    int64_t timeout_ns;
    long error = timeout_read(ARG(3), 1, &timeout_ns);
    error = error ? error : signal_mask_borrow_from(thread, ARG(4), ARG(5));
    return error ? error : epoll_wait(thread, ARG(0), ARG(1), (int)ARG(2), timeout_ns);
}
