/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "threads" and "replies": each TCB by itself, and who waits for whose answer.
 */
#include <string.h>

#include "check/heap.h"
#include "kernel/ipc.h"
#include "kernel/thread.h"

static const char INVARIANT[] = "threads";
static const char REPLIES[] = "replies";

static void slot_type_check(const struct tcb *tcb, uint64_t paddr, enum tcb_slot which, enum cap_type allowed)
{
    enum cap_type type = (enum cap_type)tcb->slots[which].cap.type;
    bool is_dying_cspace = which == TCB_CSPACE && type == CAP_ZOMBIE;
    CHECK_THAT(INVARIANT, type == CAP_NULL || type == allowed || is_dying_cspace,
               "slot %u of thread 0x%lx holds a capability of type %u", which, paddr, (unsigned)type);
}

static void state_check(const struct heap *heap, const struct tcb *tcb, uint64_t paddr)
{
    const struct abi_config *config = &heap->k->abi->config;
    CHECK_THAT(INVARIANT, (unsigned)tcb->state < THREAD_IDLE, "thread 0x%lx has state %u", paddr,
               (unsigned)tcb->state);
    CHECK_THAT(INVARIANT, tcb->domain < config->domains, "thread 0x%lx is in domain %u", paddr,
               (unsigned)tcb->domain);
    CHECK_THAT(INVARIANT, tcb->time_slice >= 1 && tcb->time_slice <= config->time_slice_ticks,
               "thread 0x%lx has %u ticks left", paddr, (unsigned)tcb->time_slice);
    CHECK_THAT(INVARIANT, memchr(tcb->name, 0, TCB_NAME_SIZE), "the name of thread 0x%lx does not end",
               paddr);
    bool is_blocked = tcb->state >= THREAD_BLOCKED_ON_RECEIVE && tcb->state != THREAD_BLOCKED_ON_REPLY;
    CHECK_THAT(INVARIANT, is_blocked || (tcb->queue_prev == 0 && tcb->queue_next == 0),
               "thread 0x%lx waits for nothing but has neighbours", paddr);
    CHECK_THAT(INVARIANT, tcb->is_queued || tcb->is_postponed || (tcb->sched_prev == 0 && tcb->sched_next == 0),
               "thread 0x%lx is not ready but has neighbours", paddr);
    CHECK_THAT(INVARIANT, !tcb->is_queued || thread_is_schedulable(tcb), "thread 0x%lx is queued in state %u",
               paddr, (unsigned)tcb->state);
}

static void bound_check(struct heap *heap, const struct tcb *tcb, uint64_t paddr)
{
    if (!tcb->bound_notification)
        return;
    CHECK_NAMED(INVARIANT, heap, tcb->bound_notification,
                heap_has_object(heap, CAP_NOTIFICATION, tcb->bound_notification),
                "thread 0x%lx is bound to 0x%lx, no notification", paddr, tcb->bound_notification);
    const struct notification *notification = arena_at(heap->k, tcb->bound_notification);
    CHECK_THAT(INVARIANT, notification->bound == paddr, "notification 0x%lx is not bound to thread 0x%lx",
               tcb->bound_notification, paddr);
}

static void thread_check(struct heap *heap, uint64_t paddr)
{
    const struct tcb *tcb = tcb_at(heap->k, paddr);
    slot_type_check(tcb, paddr, TCB_CSPACE, CAP_CNODE);
    slot_type_check(tcb, paddr, TCB_VSPACE, CAP_PML4);
    enum cap_type answering = heap->k->abi->config.is_mcs ? CAP_ENDPOINT : CAP_REPLY;
    slot_type_check(tcb, paddr, TCB_REPLY, answering);
    slot_type_check(tcb, paddr, TCB_CALLER, answering);
    slot_type_check(tcb, paddr, TCB_IPC_BUFFER, CAP_FRAME);
    CHECK_THAT(INVARIANT, tcb->has_syscall_range == (tcb->syscall_end != 0),
               "thread 0x%lx has a range for system calls up to 0x%lx (%u)", paddr, tcb->syscall_end,
               tcb->has_syscall_range);
    state_check(heap, tcb, paddr);
    bound_check(heap, tcb, paddr);
}

/* The kernel's list of threads names those that have capabilities, no others. */
static void thread_list_check(struct heap *heap)
{
    const struct kernel *k = heap->k;
    uint32_t count = 0;
    uint64_t prev = 0;
    for (uint64_t at = k->state->threads; at; at = tcb_at(k, at)->all_next) {
        CHECK_NAMED(INVARIANT, heap, at, paddr_map_get(&heap->thread_of, at) != NOT_FOUND,
                    "0x%lx is listed as a thread, but no capability names it", at);
        CHECK_THAT(INVARIANT, tcb_at(k, at)->all_prev == prev,
                   "thread 0x%lx does not know what it is listed behind", at);
        prev = at;
        count++;
    }
    CHECK_THAT(INVARIANT, count == heap->thread_count || !heap->is_whole, "%u threads are listed, %u exist",
               count, heap->thread_count);
}

void check_threads(struct heap *heap)
{
    for (uint32_t i = 0; i < heap->thread_count; i++)
        thread_check(heap, heap->slots[heap->threads[i]].slot->cap.paddr);
    thread_list_check(heap);
    uint64_t fallen = heap->k->state->unhandled_fault;
    CHECK_NAMED(INVARIANT, heap, fallen, fallen == 0 || paddr_map_get(&heap->thread_of, fallen) != NOT_FOUND,
                "the last unhandled fault is of 0x%lx, no thread", fallen);
}

/* A thread that is about to end may hold a master reply capability in any order of its slots going. */
static void master_check(const struct heap_slot *at)
{
    uint64_t tcb = at->slot->cap.paddr;
    CHECK_THAT(REPLIES, at->place == PLACE_TCB && at->owner == tcb && at->index == TCB_REPLY,
               "the master reply capability of thread 0x%lx is in slot 0x%lx", tcb, at->paddr);
    CHECK_THAT(REPLIES, at->slot->prev == 0,
               "the master reply capability in 0x%lx was derived from something", at->paddr);
    CHECK_THAT(REPLIES, at->slot->is_revocable, "the master reply capability in 0x%lx is not revocable",
               at->paddr);
    CHECK_THAT(REPLIES, at->end - at->position <= 2, "thread 0x%lx can be answered %u times", tcb,
               at->end - at->position - 1);
}

static void reply_check(struct heap *heap, const struct heap_slot *at)
{
    uint64_t caller = at->slot->cap.paddr;
    CHECK_NAMED(REPLIES, heap, caller, paddr_map_get(&heap->thread_of, caller) != NOT_FOUND,
                "slot 0x%lx can answer 0x%lx, no thread", at->paddr, caller);
    CHECK_THAT(REPLIES, tcb_at(heap->k, caller)->state == THREAD_BLOCKED_ON_REPLY,
               "slot 0x%lx can answer thread 0x%lx, which waits for no reply", at->paddr, caller);
    CHECK_THAT(REPLIES,
               at->depth == 1 &&
                   at->slot->prev == arena_paddr(heap->k, &tcb_at(heap->k, caller)->slots[TCB_REPLY]),
               "the reply capability in 0x%lx is no child of its thread's master", at->paddr);
    CHECK_THAT(REPLIES, at->place != PLACE_TCB || at->index == TCB_CALLER,
               "a reply capability is in slot %u of thread 0x%lx", at->index, at->owner);
}

void check_replies(struct heap *heap)
{
    if (heap->k->abi->config.is_mcs)
        return;
    for (uint32_t i = 0; i < heap->count; i++) {
        const struct heap_slot *at = &heap->slots[i];
        if (at->slot->cap.type != CAP_REPLY)
            continue;
        if (at->slot->cap.is_master)
            master_check(at);
        else
            reply_check(heap, at);
    }
    for (uint32_t i = 0; i < heap->thread_count; i++) {
        uint64_t paddr = heap->slots[heap->threads[i]].slot->cap.paddr;
        const struct tcb *tcb = tcb_at(heap->k, paddr);
        CHECK_THAT(REPLIES, tcb->state != THREAD_BLOCKED_ON_REPLY || !slot_is_empty(&tcb->slots[TCB_REPLY]),
                   "thread 0x%lx waits for a reply without a master reply capability", paddr);
        CHECK_THAT(REPLIES,
                   tcb->slots[TCB_REPLY].cap.type != CAP_REPLY || tcb->slots[TCB_REPLY].cap.is_master,
                   "a reply capability is where the master of thread 0x%lx belongs", paddr);
        CHECK_THAT(REPLIES,
                   tcb->slots[TCB_CALLER].cap.type != CAP_REPLY || !tcb->slots[TCB_CALLER].cap.is_master,
                   "a master reply capability is in the caller slot of thread 0x%lx", paddr);
    }
}
