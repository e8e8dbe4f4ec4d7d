/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex(2). The personality runs above the program's threads, so a look at the word and the decision to wait are one
 * step. Waiters are found by walking the threads; they wake in the order in which they began to wait.
 * Not here: priority inheritance.
 */
#include "container/linux/futex.h"

#include "container/linux/clock.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

enum {
    FUTEX_WAIT,
    FUTEX_WAKE,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE,
    FUTEX_WAKE_OP,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET,
    FUTEX_PRIVATE_FLAG = 128,
    FUTEX_CLOCK_REALTIME = 256,

    ROBUST_LIMIT = 2048,
    FUTEX_OWNER_DIED = 0x40000000,
    FUTEX_WAITERS = (int)0x80000000,
    FUTEX_TID_MASK = 0x3fffffff
};

static uint64_t wait_order;

/* The thread that has waited longest at the address. */
static struct thread *futex_waiter(uint64_t address, uint32_t mask)
{
    struct thread *first = NULL;
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        if (thread->id && thread->wait == WAIT_FUTEX && thread->futex == address &&
            (thread->futex_mask & mask) && (!first || thread->wait_events < first->wait_events)) {
            first = thread;
        }
    }
    return first;
}

long futex_wake(uint64_t address, long count, uint32_t mask)
{
    long woken = 0;
    for (struct thread *thread; woken < count && (thread = futex_waiter(address, mask)); woken++) {
        thread_answer(thread, 0);
    }
    return woken;
}

static long futex_requeue(uint64_t from, uint64_t to, long count)
{
    long moved = 0;
    for (struct thread *thread; moved < count && (thread = futex_waiter(from, ~0u)); moved++) {
        thread->futex = to;
    }
    return moved;
}

/* Is it in memory that other processes have, too? Their threads are woken by way of the server, all that wait for any
 * such futex, and find out for themselves. */
static bool futex_is_common(const struct linux_call *call)
{
    const struct region *region = call->argument[1] & FUTEX_PRIVATE_FLAG ? NULL : space_region(call->argument[0]);
    return region && region->is_shared;
}

void futex_look_again(void)
{
    for (unsigned i = 0; i < thread_end; i++) {
        const struct region *region =
            threads[i].id && threads[i].wait == WAIT_FUTEX ? space_region(threads[i].futex) : NULL;
        if (region && region->is_shared) {
            thread_answer(&threads[i], 0);
        }
    }
}

static long futex_wait(struct thread *thread, const struct linux_call *call, uint32_t mask, bool is_absolute,
                       unsigned clock)
{
    uint32_t value;
    int64_t deadline = NO_DEADLINE;
    if (thread->is_expired) {
        return -ETIMEDOUT;
    }
    if (thread->is_repeated) { /* nobody has woken it */
        return thread_wait(thread, WAIT_FUTEX, NO_DEADLINE);
    }
    if (futex_is_common(call)) { /* before the look, so that no change after it is missed */
        (void)SERVER(SERVER_FUTEX_WAIT, 0);
    }
    long error = user_read(&value, call->argument[0], sizeof value);
    if (!error) {
        error = clock_deadline_read(call->argument[3], clock, is_absolute, &deadline);
    }
    if (error) {
        return error;
    }
    if (value != (uint32_t)call->argument[2]) {
        return -EAGAIN;
    }
    thread->futex = call->argument[0];
    thread->futex_mask = mask;
    thread->wait_events = wait_order++;
    return thread_wait(thread, WAIT_FUTEX, deadline);
}

static uint32_t futex_operate(unsigned operation, uint32_t old, uint32_t operand)
{
    switch (operation) {
    case 0:
        return operand;
    case 1:
        return old + operand;
    case 2:
        return old | operand;
    case 3:
        return old & ~operand;
    default:
        return old ^ operand;
    }
}

static bool futex_compare(unsigned comparison, int32_t old, int32_t operand)
{
    switch (comparison) {
    case 0:
        return old == operand;
    case 1:
        return old != operand;
    case 2:
        return old < operand;
    case 3:
        return old <= operand;
    case 4:
        return old > operand;
    default:
        return old >= operand;
    }
}

static long futex_wake_op(const struct linux_call *call)
{
    uint32_t code = (uint32_t)call->argument[5], old;
    unsigned operation = code >> 28 & 7, comparison = code >> 24 & 15;
    uint32_t operand = (uint32_t)((int32_t)(code << 8) >> 20);
    operand = code >> 31 ? 1u << (operand & 31) : operand;
    long error = user_read(&old, call->argument[4], sizeof old);
    uint32_t new = futex_operate(operation, old, operand);
    if (!error) {
        error = user_write(call->argument[4], &new, sizeof new);
    }
    if (error) {
        return error;
    }
    long woken = futex_wake(call->argument[0], (long)(int)call->argument[2], ~0u);
    if (futex_compare(comparison, (int32_t)old, (int32_t)(code << 20) >> 20)) {
        woken += futex_wake(call->argument[4], (long)(int)call->argument[3], ~0u);
    }
    return woken;
}

static long futex_cmp_requeue(const struct linux_call *call, bool must_compare)
{
    uint32_t value;
    long error = user_read(&value, call->argument[0], sizeof value);
    if (error) {
        return error;
    }
    if (must_compare && value != (uint32_t)call->argument[5]) {
        return -EAGAIN;
    }
    long woken = futex_wake(call->argument[0], (long)(int)call->argument[2], ~0u);
    return woken + futex_requeue(call->argument[0], call->argument[4], (long)(int)call->argument[3]);
}

static bool futex_wakes(uint64_t operation)
{
    return operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET;
}

static long futex_operation(struct thread *thread, const struct linux_call *call, uint64_t operation)
{
    unsigned clock = call->argument[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    if (call->argument[0] & 3) {
        return -EINVAL;
    }
    switch (operation) {
    case FUTEX_WAIT:
        return futex_wait(thread, call, ~0u, false, clock);
    case FUTEX_WAIT_BITSET:
        return (uint32_t)call->argument[5]
                   ? futex_wait(thread, call, (uint32_t)call->argument[5], true, clock)
                   : -EINVAL;
    case FUTEX_WAKE:
        return futex_wake(call->argument[0], (long)(int)call->argument[2], ~0u);
    case FUTEX_WAKE_BITSET:
        return !(uint32_t)call->argument[5] ? -EINVAL
                                            : futex_wake(call->argument[0], (long)(int)call->argument[2],
                                                         (uint32_t)call->argument[5]);
    case FUTEX_REQUEUE:
        return futex_cmp_requeue(call, false);
    case FUTEX_CMP_REQUEUE:
        return futex_cmp_requeue(call, true);
    case FUTEX_WAKE_OP:
        return futex_wake_op(call);
    default:
        return -ENOSYS;
    }
}

long futex_call(struct thread *thread, const struct linux_call *call)
{
    uint64_t operation = call->argument[1] & ~(uint64_t)(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    long result = futex_operation(thread, call, operation);
    if (result >= 0 && futex_wakes(operation) && futex_is_common(call)) {
        (void)SERVER(SERVER_FUTEX_WAKE, 0);
    }
    return result;
}

/* A robust mutex of a thread that ended: mark it, wake one. */
static void robust_release(const struct thread *thread, uint64_t address)
{
    uint32_t word;
    if (user_read(&word, address, sizeof word) || (int)(word & FUTEX_TID_MASK) != thread->id) {
        return;
    }
    uint32_t dead = (word & (uint32_t)FUTEX_WAITERS) | FUTEX_OWNER_DIED;
    if (!user_write(address, &dead, sizeof dead) && (word & (uint32_t)FUTEX_WAITERS)) {
        futex_wake(address, 1, ~0u);
    }
}

/* get_robust_list(2): a ring of entries that ends at the head, and one that was being worked on. */
static void robust_list_walk(const struct thread *thread)
{
    uint64_t head[3], entry;
    if (!thread->robust_list || user_read(head, thread->robust_list, sizeof head)) {
        return;
    }
    entry = head[0];
    for (unsigned i = 0; i < ROBUST_LIMIT && (entry & ~1ul) != thread->robust_list; i++) {
        uint64_t address = entry & ~1ul, next;
        if (user_read(&next, address, sizeof next)) {
            break;
        }
        if (address != (head[2] & ~1ul)) {
            robust_release(thread, address + head[1]);
        }
        entry = next;
    }
    if (head[2] & ~1ul) {
        robust_release(thread, (head[2] & ~1ul) + head[1]);
    }
}

void futex_thread_end(struct thread *thread)
{
    robust_list_walk(thread);
    int zero = 0;
    if (thread->clear_child_tid && !user_write(thread->clear_child_tid, &zero, sizeof zero)) {
        futex_wake(thread->clear_child_tid, 1, ~0u);
    }
}
