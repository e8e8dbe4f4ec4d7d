/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched(7), getpriority(2), membarrier(2): what threads say of their scheduling is remembered and told. It changes
 * nothing: threads take turns, on one processor.
 */
#include "container/linux/calls.h"
#include "container/linux/identity.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

enum {
    SCHED_OTHER = 0,
    SCHED_FIFO = 1,
    SCHED_RR = 2,
    SCHED_BATCH = 3,
    SCHED_IDLE = 5,
    SCHED_RESET_ON_FORK = 0x40000000,
    FLAG_RESET_ON_FORK = 1,
    FLAGS = 0x7f,
    PRIORITY_MOST = 99,
    NICE_LEAST = -20,
    NICE_MOST = 19,
    ATTRIBUTES_FIRST = 48, /* bytes of the first version of struct attributes */
    SLICE_NS = 100000000,  /* of round robin, as Linux tells it */
    SLICE_OTHER_NS = 4000000,
    BARRIER_EXPEDITED = 8,
    BARRIER_REGISTER = 16,
    BARRIERS = 0x7f
};

struct attributes { /* struct sched_attr */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t clamp_least, clamp_most;
};

/* The thread of that id, if it is one of the caller's. Else NULL and 0 if there is such a process, or an error. */
static struct thread *thread_named(struct thread *thread, uint64_t id, long *error)
{
    *error = (int)id < 0 ? -EINVAL : 0;
    struct thread *named = (int)id == 0 ? thread : thread_find((int)id);
    if (!named && !*error) {
        uint64_t words[] = {(uint64_t)thread->process->id, (uint32_t)id}, answer[2];
        long group = server_call(SERVER_GET_GROUP, words, 2, answer, 2);
        *error = group < 0 ? group : 0;
    }
    return named;
}

static bool is_real_time(unsigned policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static long schedule_check(unsigned policy, uint32_t priority)
{
    bool is_known =
        is_real_time(policy) || policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
    bool is_right = is_real_time(policy) ? priority >= 1 && priority <= PRIORITY_MOST : priority == 0;
    return !is_known || !is_right ? -EINVAL : is_real_time(policy) && identity_user() != 0 ? -EPERM : 0;
}

/* Policy -1 stays as it is. */
static long schedule_set(struct thread *thread, uint64_t id, int policy, uint64_t at)
{
    long error;
    int priority;
    struct thread *named = thread_named(thread, id, &error);
    if (!at || error == -EINVAL || policy < -1) {
        return -EINVAL;
    }
    long fault = user_read(&priority, at, sizeof priority);
    if (fault || error) {
        return fault ? fault : error;
    }
    struct schedule schedule = named ? named->schedule : (struct schedule){0};
    if (policy >= 0) {
        schedule.policy = (uint8_t)(policy & ~SCHED_RESET_ON_FORK);
        schedule.is_reset_on_fork = policy & SCHED_RESET_ON_FORK;
    }
    error = policy > 0 && (policy & ~SCHED_RESET_ON_FORK) > SCHED_IDLE
                ? -EINVAL
                : schedule_check(schedule.policy, (uint32_t)priority);
    if (!error && named) {
        schedule.priority = (uint8_t)priority;
        named->schedule = schedule;
    }
    return error;
}

HANDLER(call_sched_setscheduler)
{
    return (int)ARG(1) < 0 ? -EINVAL : schedule_set(thread, ARG(0), (int)ARG(1), ARG(2));
}

HANDLER(call_sched_setparam)
{
    return schedule_set(thread, ARG(0), -1, ARG(1));
}

HANDLER(call_sched_getscheduler)
{
    long error;
    const struct thread *named = thread_named(thread, ARG(0), &error);
    return error || !named
               ? error
               : named->schedule.policy | (named->schedule.is_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

HANDLER(call_sched_getparam)
{
    long error;
    const struct thread *named = thread_named(thread, ARG(0), &error);
    int priority = named ? named->schedule.priority : 0;
    return !ARG(1) ? -EINVAL : error ? error : user_write(ARG(1), &priority, sizeof priority);
}

HANDLER(call_sched_rr_get_interval)
{
    long error;
    const struct thread *named = thread_named(thread, ARG(0), &error);
    unsigned policy = named ? named->schedule.policy : SCHED_OTHER;
    int64_t time[2] = {0, policy == SCHED_RR ? SLICE_NS : policy == SCHED_FIFO ? 0 : SLICE_OTHER_NS};
    return error ? error : user_write(ARG(1), time, sizeof time);
}

HANDLER(call_sched_setattr)
{
    struct attributes wish = {0};
    long error;
    uint32_t size = 0;
    if (!ARG(1) || (int)ARG(0) < 0 || ARG(2)) {
        return -EINVAL;
    }
    error = user_read(&size, ARG(1), sizeof size);
    size = size ? size : ATTRIBUTES_FIRST;
    if (error) {
        return error;
    }
    if (size < ATTRIBUTES_FIRST || size > PAGE_SIZE) {
        uint32_t known = sizeof wish;
        (void)user_write(ARG(1), &known, sizeof known);
        return -E2BIG;
    }
    error = user_read(&wish, ARG(1), size < sizeof wish ? size : sizeof wish);
    if (error) {
        return error;
    }
    if ((int)wish.policy < 0 || wish.flags & ~(uint64_t)FLAGS) {
        return -EINVAL;
    }
    struct thread *named = thread_named(thread, ARG(0), &error);
    error = error ? error : schedule_check(wish.policy, wish.priority);
    if (!error && named) {
        int nice = wish.nice < NICE_LEAST ? NICE_LEAST : wish.nice > NICE_MOST ? NICE_MOST : wish.nice;
        named->schedule =
            (struct schedule){.policy = (uint8_t)wish.policy,
                              .priority = (uint8_t)wish.priority,
                              .nice = is_real_time(wish.policy) ? named->schedule.nice : (int8_t)nice,
                              .is_reset_on_fork = wish.flags & FLAG_RESET_ON_FORK};
    }
    return error;
}

HANDLER(call_sched_getattr)
{
    long error;
    if (!ARG(1) || (int)ARG(0) < 0 || ARG(2) < ATTRIBUTES_FIRST || ARG(2) > PAGE_SIZE || ARG(3)) {
        return -EINVAL;
    }
    const struct thread *named = thread_named(thread, ARG(0), &error);
    struct schedule schedule = named ? named->schedule : (struct schedule){0};
    uint32_t size = ARG(2) < sizeof(struct attributes) ? (uint32_t)ARG(2) : sizeof(struct attributes);
    struct attributes attributes = {.size = size,
                                    .policy = schedule.policy,
                                    .flags = schedule.is_reset_on_fork,
                                    .nice = is_real_time(schedule.policy) ? 0 : schedule.nice,
                                    .priority = schedule.priority,
                                    .clamp_most = 1024};
    return error ? error : user_write(ARG(1), &attributes, size);
}

HANDLER(call_sched_setaffinity)
{
    uint64_t mask = 0, size = ARG(1) < sizeof mask ? ARG(1) : sizeof mask;
    long error;
    (void)thread_named(thread, ARG(0), &error);
    long fault = user_read(&mask, ARG(2), size);
    return fault ? fault : error ? -ESRCH : mask & 1 ? 0 : -EINVAL;
}

/* Of groups and users, the caller stands for all. */
static struct thread *priority_of(struct thread *thread, const struct linux_call *call, long *error)
{
    enum {
        PRIO_USER = 2
    };
    *error = (uint32_t)ARG(0) > PRIO_USER ? -EINVAL : 0;
    struct thread *named = (uint32_t)ARG(0) ? thread : *error ? NULL : thread_named(thread, ARG(1), error);
    *error = *error && (uint32_t)ARG(0) <= PRIO_USER ? -ESRCH : *error;
    return named;
}

HANDLER(call_getpriority)
{
    long error;
    const struct thread *named = priority_of(thread, call, &error);
    return error ? error : NICE_MOST + 1 - (named ? named->schedule.nice : 0);
}

HANDLER(call_setpriority)
{
    long error;
    struct thread *named = priority_of(thread, call, &error);
    int nice = (int)ARG(2) < NICE_LEAST ? NICE_LEAST : (int)ARG(2) > NICE_MOST ? NICE_MOST : (int)ARG(2);
    if (error || !named) {
        return error;
    }
    if (nice < named->schedule.nice && identity_user() != 0) {
        return -EACCES;
    }
    named->schedule.nice = (int8_t)nice;
    return 0;
}

/* On one processor, changing threads is a barrier. */
HANDLER(call_membarrier)
{
    static int registered;
    int command = (int)ARG(0);
    if (ARG(1) || command < 0 || command & ~BARRIERS || command & (command - 1)) {
        return -EINVAL;
    }
    if (!command) {
        return BARRIERS;
    }
    if (command == BARRIER_EXPEDITED && registered != thread->process->id) {
        return -EPERM;
    }
    registered = command == BARRIER_REGISTER ? thread->process->id : registered;
    return 0;
}
