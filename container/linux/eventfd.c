/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that count: events that programs add, and expirations of timers. word[0] is the counter. */
#include "container/linux/eventfd.h"

#include "container/linux/clock.h"
#include "container/linux/host.h"
#include "container/linux/space.h"

enum {
    EFD_SEMAPHORE = 1,
    TFD_TIMER_ABSTIME = 1,
    COUNTER = 0,
    IS_SEMAPHORE = 1,
    DEADLINE = 1, /* of a timer: CLOCK_MONOTONIC, 0 when it stands */
    INTERVAL = 2,
    CLOCK = 3
};

struct interval {
    struct timespec64 period, first;
};

static struct file *timers; /* linked by `data` */

static long counter_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)offset;
    if (size < sizeof(uint64_t)) {
        return -EINVAL;
    }
    if (!file->word[COUNTER]) {
        return -EAGAIN;
    }
    uint64_t value = file->word[COUNTER];
    file->word[COUNTER] = 0;
    memcpy((void *)to, &value, sizeof value);
    return sizeof value;
}

static long eventfd_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    uint64_t before = file->word[COUNTER], one = 1;
    long got = counter_read(file, to, size, offset);
    if (got > 0 && file->word[IS_SEMAPHORE]) {
        file->word[COUNTER] = before - 1;
        memcpy((void *)to, &one, sizeof one);
    }
    if (got > 0) {
        file_changed(file);
    }
    return got;
}

static long eventfd_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)offset;
    uint64_t value;
    if (size < sizeof value) {
        return -EINVAL;
    }
    memcpy(&value, (const void *)from, sizeof value);
    if (value == ~0ul) {
        return -EINVAL;
    }
    if (file->word[COUNTER] + value < value || file->word[COUNTER] + value == ~0ul) {
        return -EAGAIN;
    }
    file->word[COUNTER] += value;
    file_changed(file);
    return sizeof value;
}

static uint64_t eventfd_poll(struct file *file, uint64_t events)
{
    return events & ((file->word[COUNTER] ? POLL_IN : 0u) | (file->word[COUNTER] < ~0ul - 1 ? POLL_OUT : 0u));
}

static uint64_t timerfd_poll(struct file *file, uint64_t events)
{
    return events & (file->word[COUNTER] ? POLL_IN : 0u);
}

static void timerfd_close(struct file *file)
{
    struct file **at = &timers;
    while (*at != file) {
        at = (struct file **)&(*at)->data;
    }
    *at = file->data;
}

static const struct file_kind EVENT_KIND = {
    .name = "anon_inode:[eventfd]", .read = eventfd_read, .write = eventfd_write, .poll = eventfd_poll};
static const struct file_kind TIMER_KIND = {
    .name = "anon_inode:[timerfd]", .read = counter_read, .poll = timerfd_poll, .close = timerfd_close};

long eventfd_make(struct thread *thread, uint64_t value, uint64_t flags)
{
    if (flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE)) {
        return -EINVAL;
    }
    struct file *file = file_make(&EVENT_KIND, O_RDWR | ((unsigned)flags & O_NONBLOCK));
    if (!file) {
        return -ENOMEM;
    }
    file->word[COUNTER] = (uint32_t)value;
    file->word[IS_SEMAPHORE] = flags & EFD_SEMAPHORE;
    return descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

bool eventfd_share(struct file *file)
{
    struct object_box box;
    uint64_t value = file->word[COUNTER], flags = file->word[IS_SEMAPHORE];
    if (file->kind != &EVENT_KIND) {
        return true;
    }
    if (!host_object_make(&box)) {
        return false;
    }
    uint64_t first = value <= UINT32_MAX ? value : 0;
    long error = HOST(box.object, HOST_OBJECT_MAKE_EVENT, 0, NULL, first, flags);
    if (error >= 0 && first != value) {
        error = HOST(box.object, HOST_FILE_WRITE, 0, NULL, (uint64_t)&value, sizeof value, ~0ul, 0);
    }
    if (error < 0) {
        host_object_drop(&box);
        return false;
    }
    file_host_become(file, &box, false);
    return true;
}

long timerfd_make(struct thread *thread, uint64_t clock, uint64_t flags)
{
    if (flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK) || clock_now((unsigned)clock) < 0) {
        return -EINVAL;
    }
    struct file *file = file_make(&TIMER_KIND, O_RDWR | ((unsigned)flags & O_NONBLOCK));
    if (!file) {
        return -ENOMEM;
    }
    file->word[CLOCK] = clock;
    file->data = timers;
    timers = file;
    return descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

static struct timespec64 timespec_of(uint64_t ns)
{
    return (struct timespec64){.seconds = (int64_t)(ns / SECOND_NS),
                               .nanoseconds = (int64_t)(ns % SECOND_NS)};
}

/* When an expiration is due that nobody has read, or will be; counted so, the host's timer has as many of them. */
static uint64_t timer_first(const struct file *file)
{
    uint64_t count = file->word[COUNTER], interval = file->word[INTERVAL], deadline = file->word[DEADLINE];
    return !count ? deadline : interval ? deadline - count * interval : 1;
}

bool timerfd_share(struct file *file)
{
    struct object_box box;
    cap_address host_clock = file->kind == &TIMER_KIND ? host_find("clock") : 0;
    if (!host_clock) {
        return true;
    }
    if (!host_object_make(&box)) {
        return false;
    }
    uint64_t first = timer_first(file);
    if (HOST(host_clock, HOST_CLOCK_TIMER, box.object, NULL, CLOCK_MONOTONIC) < 0 ||
        (first && HOST(box.object, HOST_TIMER_SET, 0, NULL, first, file->word[INTERVAL], 1) < 0)) {
        host_object_drop(&box);
        return false;
    }
    timerfd_close(file);
    file->data = NULL;
    file->word[COUNTER] = 0;
    file_host_become(file, &box, true);
    return true;
}

/* NULL: the error is in `error`. */
static struct file *timer_of(const struct thread *thread, uint64_t fd, long *error)
{
    struct file *file = file_of(thread->process, fd);
    bool is_timer = file && (file->kind == &TIMER_KIND || file_host_is_timer(file));
    *error = is_timer ? 0 : file ? -EINVAL : -EBADF;
    return is_timer ? file : NULL;
}

/* Of a timer of the host's we know what we set. */
static void timer_advance(struct file *file, uint64_t now)
{
    uint64_t deadline = file->word[DEADLINE], interval = file->word[INTERVAL];
    if (file_host_is_timer(file) && deadline && deadline <= now) {
        file->word[DEADLINE] = interval ? deadline + ((now - deadline) / interval + 1) * interval : 0;
    }
}

long timerfd_get(struct thread *thread, uint64_t fd, uint64_t value)
{
    long error;
    struct file *file = timer_of(thread, fd, &error);
    if (!file) {
        return error;
    }
    uint64_t now = (uint64_t)clock_now(CLOCK_MONOTONIC);
    timer_advance(file, now);
    uint64_t deadline = file->word[DEADLINE];
    struct interval interval = {.period = timespec_of(file->word[INTERVAL]),
                                .first = timespec_of(deadline > now ? deadline - now
                                                     : deadline     ? 1
                                                                    : 0)};
    return user_write(value, &interval, sizeof interval);
}

static long timer_set(struct file *file, uint64_t deadline, uint64_t interval)
{
    file->word[COUNTER] = 0;
    file->word[INTERVAL] = interval;
    file->word[DEADLINE] = deadline;
    if (file_host_is_timer(file)) {
        return HOST(file->box.object, HOST_TIMER_SET, 0, NULL, deadline, interval, 1);
    }
    if (deadline) {
        clock_arm((int64_t)deadline);
    }
    return 0;
}

long timerfd_set(struct thread *thread, uint64_t fd, uint64_t flags, uint64_t new, uint64_t old)
{
    struct interval interval;
    int64_t deadline;
    long error;
    struct file *file = timer_of(thread, fd, &error);
    if (!file) {
        return error;
    }
    error = user_read(&interval, new, sizeof interval);
    if (!error) {
        error = clock_deadline_read(new + sizeof interval.period, (unsigned)file->word[CLOCK],
                                    flags & TFD_TIMER_ABSTIME, &deadline);
    }
    if (!error && old) {
        error = timerfd_get(thread, fd, old);
    }
    if (error) {
        return error;
    }
    bool is_set = interval.first.seconds || interval.first.nanoseconds;
    return timer_set(file, is_set ? (uint64_t)deadline : 0,
                     (uint64_t)(interval.period.seconds * SECOND_NS + interval.period.nanoseconds));
}

static void timer_expire(struct file *timer, uint64_t now)
{
    uint64_t late = now - timer->word[DEADLINE], interval = timer->word[INTERVAL];
    uint64_t count = interval ? late / interval + 1 : 1;
    timer->word[COUNTER] += count;
    timer->word[DEADLINE] = interval ? timer->word[DEADLINE] + count * interval : 0;
    file_changed(timer);
}

int64_t timerfds_expire(int64_t now)
{
    int64_t next = NO_DEADLINE;
    for (struct file *timer = timers; timer; timer = timer->data) {
        if (timer->word[DEADLINE] && timer->word[DEADLINE] <= (uint64_t)now) {
            timer_expire(timer, (uint64_t)now);
        }
        int64_t deadline = (int64_t)timer->word[DEADLINE];
        if (deadline && (next == NO_DEADLINE || deadline < next)) {
            next = deadline;
        }
    }
    return next;
}
