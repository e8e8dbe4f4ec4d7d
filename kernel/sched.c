/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: strict priorities within the current domain, round robin among
 * equals.
 *
 * Invariant ("run queues"): a schedulable thread is current, the candidate, or in
 * the queue of its domain and priority; the bitmap has a bit per filled queue.
 *
 * Manual: section "Scheduling".
 */
#include "kernel/thread.h"

#include "kernel/domain.h"
#include "kernel/state.h"

static struct ready_queues *ready_of(struct kernel *k, const struct tcb *tcb)
{
    return &k->state->ready[tcb->domain];
}

static void ready_mark(struct ready_queues *ready, unsigned priority, bool is_filled)
{
    uint64_t bit = 1ull << (priority % 64);
    if (is_filled)
        ready->bitmap[priority / 64] |= bit;
    else
        ready->bitmap[priority / 64] &= ~bit;
}

/* The highest priority with a ready thread, or -1. */
static int ready_highest(const struct ready_queues *ready)
{
    for (int word = ABI_PRIORITIES / 64 - 1; word >= 0; word--) {
        if (ready->bitmap[word])
            return word * 64 + 63 - __builtin_clzll(ready->bitmap[word]);
    }
    return -1;
}

void sched_prepend(struct kernel *k, struct tcb *tcb)
{
    if (tcb->is_queued)
        return;
    struct ready_queues *ready = ready_of(k, tcb);
    struct queue *queue = &ready->queue[tcb->priority];
    uint64_t self = arena_paddr(k, tcb);
    tcb->sched_prev = 0;
    tcb->sched_next = queue->head;
    if (queue->head)
        tcb_at(k, queue->head)->sched_prev = self;
    else
        queue->tail = self;
    queue->head = self;
    tcb->is_queued = true;
    ready_mark(ready, tcb->priority, true);
}

void sched_append(struct kernel *k, struct tcb *tcb)
{
    if (tcb->is_queued)
        return;
    struct ready_queues *ready = ready_of(k, tcb);
    struct queue *queue = &ready->queue[tcb->priority];
    uint64_t self = arena_paddr(k, tcb);
    tcb->sched_prev = queue->tail;
    tcb->sched_next = 0;
    if (queue->tail)
        tcb_at(k, queue->tail)->sched_next = self;
    else
        queue->head = self;
    queue->tail = self;
    tcb->is_queued = true;
    ready_mark(ready, tcb->priority, true);
}

void sched_dequeue(struct kernel *k, struct tcb *tcb)
{
    if (!tcb->is_queued)
        return;
    struct ready_queues *ready = ready_of(k, tcb);
    struct queue *queue = &ready->queue[tcb->priority];
    if (tcb->sched_prev)
        tcb_at(k, tcb->sched_prev)->sched_next = tcb->sched_next;
    else
        queue->head = tcb->sched_next;
    if (tcb->sched_next)
        tcb_at(k, tcb->sched_next)->sched_prev = tcb->sched_prev;
    else
        queue->tail = tcb->sched_prev;
    tcb->sched_prev = tcb->sched_next = 0;
    tcb->is_queued = false;
    ready_mark(ready, tcb->priority, queue->head != 0);
}

void sched_choose_new(struct kernel *k)
{
    struct kernel_state *s = k->state;
    struct tcb *candidate = tcb_at(k, s->sched_candidate);
    if (candidate && thread_is_schedulable(candidate))
        sched_prepend(k, candidate);
    s->sched_candidate = 0;
    s->sched_action = SCHED_CHOOSE_NEW;
}

void sched_possible_switch_to(struct kernel *k, struct tcb *tcb)
{
    struct kernel_state *s = k->state;
    if (UNLIKELY(!tcb->has_time))
        return;
    if (tcb->domain != s->current_domain) {
        sched_prepend(k, tcb);
    } else if (s->sched_action != SCHED_RESUME_CURRENT) {
        sched_choose_new(k);
        sched_prepend(k, tcb);
    } else {
        s->sched_action = SCHED_SWITCH_TO;
        s->sched_candidate = arena_paddr(k, tcb);
    }
}

void sched_rotate(struct kernel *k)
{
    struct tcb *current = current_tcb(k);
    if (ready_highest(ready_of(k, current)) < current->priority)
        return; /* it would be its own successor */
    sched_dequeue(k, current);
    sched_append(k, current);
    sched_choose_new(k);
}

void sched_tick(struct kernel *k)
{
    struct kernel_state *s = k->state;
    struct tcb *current = current_tcb(k);
    if (current && current->state == THREAD_RUNNING) {
        if (current->time_slice > 1) {
            current->time_slice--;
        } else {
            current->time_slice = k->abi->config.time_slice_ticks;
            sched_append(k, current);
            sched_choose_new(k);
        }
    }
    if (k->abi->config.domains > 1) {
        s->domain_time--;
        if (s->domain_time == 0)
            sched_choose_new(k);
    }
}

bool sched_is_anybody_ready(const struct kernel *k)
{
    for (unsigned domain = 0; domain < k->abi->config.domains; domain++)
        if (ready_highest(&k->state->ready[domain]) >= 0)
            return true;
    return false;
}

static void sched_switch_to(struct kernel *k, struct tcb *tcb)
{
    sched_dequeue(k, tcb);
    k->state->current = arena_paddr(k, tcb);
}

/* The first of this priority becomes current; there is one. */
static void sched_take_first(struct kernel *k, struct ready_queues *ready, unsigned priority)
{
    struct queue *queue = &ready->queue[priority];
    uint64_t first = queue->head;
    struct tcb *tcb = tcb_at(k, first);
    k->state->current = first;
    queue->head = tcb->sched_next;
    if (queue->head) {
        tcb_at(k, queue->head)->sched_prev = 0;
    } else {
        queue->tail = 0;
        ready_mark(ready, priority, false);
    }
    tcb->sched_next = 0;
    tcb->is_queued = false;
}

/* `going_on`: the current thread if it can go on and is in no queue, or NULL. It comes before its equals. */
static void sched_choose(struct kernel *k, struct tcb *going_on)
{
    struct kernel_state *s = k->state;
    if (k->abi->config.domains > 1 && s->domain_time == 0)
        domain_schedule_advance(k);
    struct ready_queues *ready = &s->ready[s->current_domain];
    int priority = ready_highest(ready);
    if (going_on && going_on->domain == s->current_domain && priority <= going_on->priority)
        return;
    if (going_on)
        sched_prepend(k, going_on);
    if (priority < 0)
        s->current = 0;
    else
        sched_take_first(k, ready, (unsigned)priority);
}

/* The candidate runs unless somebody better is ready, or the current thread is its equal and can go on. */
static void sched_consider_candidate(struct kernel *k, const struct tcb *current, bool was_runnable,
                                     struct tcb *going_on)
{
    struct kernel_state *s = k->state;
    struct tcb *candidate = tcb_at(k, s->sched_candidate);
    if (was_runnable && candidate->priority == current->priority) {
        if (candidate != current)
            sched_append(k, candidate);
        sched_choose(k, going_on);
        return;
    }
    if (going_on)
        sched_prepend(k, going_on);
    bool is_worse_than_current = !current || candidate->priority < current->priority;
    if (is_worse_than_current && candidate->priority < ready_highest(&s->ready[s->current_domain])) {
        sched_prepend(k, candidate);
        sched_choose(k, NULL);
    } else {
        sched_switch_to(k, candidate);
    }
}

void sched_run(struct kernel *k)
{
    struct kernel_state *s = k->state;
    s->benchmark.runs++;
    struct tcb *current = current_tcb(k);
    bool was_runnable = current && thread_is_schedulable(current);
    struct tcb *going_on = was_runnable && !current->is_queued ? current : NULL;
    if (s->sched_action == SCHED_CHOOSE_NEW)
        sched_choose(k, going_on);
    else
        sched_consider_candidate(k, current, was_runnable, going_on);
    s->sched_action = SCHED_RESUME_CURRENT;
    s->sched_candidate = 0;
}
