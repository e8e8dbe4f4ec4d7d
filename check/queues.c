/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "run queues", "current", "endpoint queues", "notification queues": every thread
 * is exactly where its state says.
 */
#include "check/heap.h"
#include "kernel/ipc.h"
#include "kernel/thread.h"

static const char RUN[] = "run queues";
static const char CURRENT[] = "current";

static const struct tcb *thread_at(struct heap *heap, const char *invariant, uint64_t paddr)
{
    CHECK_NAMED(invariant, heap, paddr, paddr_map_get(&heap->thread_of, paddr) != NOT_FOUND,
                "0x%lx is queued, but is no thread", paddr);
    return tcb_at(heap->k, paddr);
}

static uint32_t run_queue_check(struct heap *heap, struct queue queue, unsigned domain, unsigned priority)
{
    uint32_t count = 0;
    uint64_t prev = 0;
    for (uint64_t at = queue.head; at; at = tcb_at(heap->k, at)->sched_next) {
        const struct tcb *tcb = thread_at(heap, RUN, at);
        CHECK_THAT(RUN, count++ < heap->thread_count || !heap->is_whole,
                   "the queue of priority %u does not end", priority);
        CHECK_THAT(
            RUN, tcb->is_queued && tcb->domain == domain && tcb->priority == priority,
            "thread 0x%lx (domain %u, priority %u, queued %u) is in the queue of domain %u, priority %u", at,
            (unsigned)tcb->domain, (unsigned)tcb->priority, tcb->is_queued, domain, priority);
        CHECK_THAT(RUN, tcb->sched_prev == prev, "thread 0x%lx does not know what it is queued behind", at);
        prev = at;
    }
    CHECK_THAT(RUN, queue.tail == prev, "the queue of priority %u ends at 0x%lx, not at 0x%lx", priority,
               prev, queue.tail);
    return count;
}

static uint32_t run_queues_check(struct heap *heap, unsigned domain)
{
    const struct ready_queues *ready = &heap->k->state->ready[domain];
    uint32_t queued = 0;
    for (unsigned priority = 0; priority < ABI_PRIORITIES; priority++) {
        bool is_marked = ready->bitmap[priority / 64] >> (priority % 64) & 1;
        struct queue queue = ready->queue[priority];
        CHECK_THAT(RUN, is_marked == (queue.head != 0), "domain %u, priority %u: marked %u, head 0x%lx",
                   domain, priority, is_marked, queue.head);
        queued += run_queue_check(heap, queue, domain, priority);
    }
    return queued;
}

static void runnable_check(struct heap *heap)
{
    uint32_t queued = 0;
    uint32_t flagged = 0;
    for (unsigned domain = 0; domain < heap->k->abi->config.domains; domain++)
        queued += run_queues_check(heap, domain);
    for (uint32_t i = 0; i < heap->thread_count; i++) {
        uint64_t paddr = heap->slots[heap->threads[i]].slot->cap.paddr;
        const struct tcb *tcb = tcb_at(heap->k, paddr);
        bool is_runnable = thread_is_schedulable(tcb);
        flagged += tcb->is_queued;
        CHECK_THAT(RUN, !is_runnable || tcb->is_queued || paddr == heap->k->state->current,
                   "thread 0x%lx can run, but does not and is in no queue", paddr);
    }
    CHECK_THAT(RUN, flagged == queued || !heap->is_whole, "%u threads say they are queued, %u are", flagged,
               queued);
}

static void current_check(struct heap *heap)
{
    const struct kernel_state *s = heap->k->state;
    const struct ready_queues *ready = &s->ready[s->current_domain];

    CHECK_THAT(CURRENT, s->current_domain < heap->k->abi->config.domains, "the current domain is %u",
               s->current_domain);
    CHECK_THAT(CURRENT, s->sched_action == SCHED_RESUME_CURRENT && s->sched_candidate == 0,
               "the scheduler has not finished");
    const struct tcb *tcb = NULL;
    if (s->current) {
        tcb = thread_at(heap, CURRENT, s->current);
        CHECK_THAT(CURRENT,
                   tcb->state == THREAD_RUNNING && !tcb->is_queued && tcb->domain == s->current_domain,
                   "the current thread 0x%lx has state %u, domain %u, queued %u", s->current,
                   (unsigned)tcb->state, (unsigned)tcb->domain, tcb->is_queued);
    }
    if (heap->k->abi->config.domains > 1)
        return; /* a thread that is moved into the current domain does not preempt, on seL4 neither */
    for (int priority = ABI_PRIORITIES - 1; priority > (tcb ? tcb->priority : -1); priority--)
        CHECK_THAT(CURRENT, ready->queue[priority].head == 0,
                   "thread 0x%lx runs, but 0x%lx is ready at priority %d", s->current,
                   ready->queue[priority].head, priority);
}

/* Walk the threads that wait for an object. */
static void waiters_check(struct heap *heap, const char *invariant, uint64_t object, struct queue queue,
                          enum thread_state state)
{
    uint32_t count = 0;
    uint64_t prev = 0;
    for (uint64_t at = queue.head; at; at = tcb_at(heap->k, at)->queue_next) {
        const struct tcb *tcb = thread_at(heap, invariant, at);
        CHECK_THAT(invariant, count++ < heap->thread_count || !heap->is_whole,
                   "the queue of 0x%lx does not end", object);
        CHECK_THAT(invariant, tcb->state == state && tcb->blocking_object == object,
                   "thread 0x%lx is in the queue of 0x%lx, but in state %u for 0x%lx", at, object,
                   (unsigned)tcb->state, tcb->blocking_object);
        CHECK_THAT(invariant, tcb->queue_prev == prev, "thread 0x%lx does not know what it waits behind", at);
        prev = at;
    }
    CHECK_THAT(invariant, queue.tail == prev, "the queue of 0x%lx ends at 0x%lx, not at 0x%lx", object, prev,
               queue.tail);
}

static void endpoint_check(struct heap *heap, uint64_t paddr)
{
    static const char invariant[] = "endpoint queues";
    const struct endpoint *endpoint = arena_at(heap->k, paddr);
    struct queue queue = {endpoint->head, endpoint->tail};
    CHECK_THAT(invariant, (unsigned)endpoint->state <= ENDPOINT_RECEIVE, "endpoint 0x%lx has state %u", paddr,
               (unsigned)endpoint->state);
    CHECK_THAT(invariant, (endpoint->state == ENDPOINT_IDLE) == (endpoint->head == 0),
               "endpoint 0x%lx has state %u, but its first thread is 0x%lx", paddr, (unsigned)endpoint->state,
               endpoint->head);
    waiters_check(heap, invariant, paddr, queue,
                  endpoint->state == ENDPOINT_SEND ? THREAD_BLOCKED_ON_SEND : THREAD_BLOCKED_ON_RECEIVE);
}

static void notification_check(struct heap *heap, uint64_t paddr)
{
    static const char invariant[] = "notification queues";
    const struct notification *notification = arena_at(heap->k, paddr);
    struct queue queue = {notification->head, notification->tail};
    CHECK_THAT(invariant, (unsigned)notification->state <= NOTIFICATION_ACTIVE,
               "notification 0x%lx has state %u", paddr, (unsigned)notification->state);
    CHECK_THAT(invariant, (notification->state == NOTIFICATION_WAITING) == (notification->head != 0),
               "notification 0x%lx has state %u, but its first thread is 0x%lx", paddr,
               (unsigned)notification->state, notification->head);
    waiters_check(heap, invariant, paddr, queue, THREAD_BLOCKED_ON_NOTIFICATION);
    if (!notification->bound)
        return;
    const struct tcb *tcb = thread_at(heap, invariant, notification->bound);
    CHECK_THAT(invariant, tcb->bound_notification == paddr, "thread 0x%lx is not bound to notification 0x%lx",
               notification->bound, paddr);
}

/* Is a thread that waits really in the queue of what it waits for? */
static void blocked_check(struct heap *heap, uint64_t paddr)
{
    const struct tcb *tcb = tcb_at(heap->k, paddr);
    bool is_for_notification = tcb->state == THREAD_BLOCKED_ON_NOTIFICATION;
    const char *invariant = is_for_notification ? "notification queues" : "endpoint queues";
    if (!is_for_notification && tcb->state != THREAD_BLOCKED_ON_SEND &&
        tcb->state != THREAD_BLOCKED_ON_RECEIVE)
        return;
    CHECK_NAMED(
        invariant, heap, tcb->blocking_object,
        heap_has_object(heap, is_for_notification ? CAP_NOTIFICATION : CAP_ENDPOINT, tcb->blocking_object),
        "thread 0x%lx waits for 0x%lx, which does not exist", paddr, tcb->blocking_object);
    uint64_t at = is_for_notification
                      ? ((const struct notification *)arena_at(heap->k, tcb->blocking_object))->head
                      : ((const struct endpoint *)arena_at(heap->k, tcb->blocking_object))->head;
    while (at && at != paddr)
        at = tcb_at(heap->k, at)->queue_next;
    CHECK_THAT(invariant, at == paddr, "thread 0x%lx is not in the queue of 0x%lx", paddr,
               tcb->blocking_object);
}

void check_queues(struct heap *heap)
{
    uint64_t last = 0;
    runnable_check(heap);
    current_check(heap);
    for (uint32_t i = 0; i < heap->physical_count; i++) {
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (cap.paddr == last)
            continue; /* checked through the first capability to it */
        if (cap.type == CAP_ENDPOINT)
            endpoint_check(heap, cap.paddr);
        else if (cap.type == CAP_NOTIFICATION)
            notification_check(heap, cap.paddr);
        else
            continue;
        last = cap.paddr;
    }
    for (uint32_t i = 0; i < heap->thread_count; i++)
        blocked_check(heap, heap->slots[heap->threads[i]].slot->cap.paddr);
}
