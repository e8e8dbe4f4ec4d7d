/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread control blocks: 2^11 bytes of untyped memory, the thread's slots first.
 *
 * Links are physical addresses, 0 is none. Fields are grouped by who changes
 * them. Vector state lies outside (kernel_vector_area).
 *
 * Invariants (kernel_check: "threads"): a thread is in a ready queue exactly if
 * is_queued; it is in the queue of blocking_object exactly if its state is one of
 * the blocked-on-endpoint or blocked-on-notification states.
 *
 * Manual: chapter "Threads and Execution".
 */
#ifndef SELKIE_KERNEL_TCB_H
#define SELKIE_KERNEL_TCB_H

#include "kernel/benchmark.h"
#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/slot.h"

enum { TCB_FLAG_FPU_DISABLED = 1 }; /* seL4_TCBFlag_fpuDisabled */

enum tcb_slot {
    TCB_CSPACE,
    TCB_VSPACE,
    TCB_REPLY,  /* the master reply capability: whoever answers this thread holds its child */
    TCB_CALLER, /* the reply capability to whoever called this thread */
    TCB_IPC_BUFFER,
    TCB_SLOTS,
    TCB_FAULT_HANDLER = TCB_REPLY,    /* MCS, which has no such reply capabilities: where faults go */
    TCB_TIMEOUT_HANDLER = TCB_CALLER, /* MCS: where the end of a budget is told */
    TCB_SLOT_RADIX = 4 /* slots of a thread capability as a zombie counts them, log2 */
};

enum thread_state {
    THREAD_INACTIVE,
    THREAD_RUNNING,
    THREAD_RESTART, /* runnable; its system call starts over */
    THREAD_BLOCKED_ON_RECEIVE,
    THREAD_BLOCKED_ON_SEND,
    THREAD_BLOCKED_ON_REPLY,
    THREAD_BLOCKED_ON_NOTIFICATION,
    THREAD_IDLE /* never stored: the idle thread has no TCB */
};

enum fault_type {
    FAULT_NONE,
    FAULT_CAP,
    FAULT_UNKNOWN_SYSCALL,
    FAULT_USER_EXCEPTION,
    FAULT_VM,
    FAULT_DEBUG,
    FAULT_TIMEOUT /* MCS */
};

struct fault {
    enum fault_type type;
    bool is_receive_phase; /* cap fault */
    bool is_instruction;   /* VM fault */
    uint8_t breakpoint;    /* debug exception: which, if it was one */
    uint64_t address;      /* VM fault: address; cap fault: cptr; unknown syscall: number; user exception: vector;
                            * debug exception: where the breakpoint is; timeout: the scheduling context's badge */
    uint64_t status;       /* VM fault: error code; user exception: error code; debug exception: reason */
    struct lookup_failure lookup; /* cap fault */
};

/* Of a kernel with the hardware debug API (x86_64/breakpoint.c). */
struct tcb_debug {
    bool is_used;     /* by anything below */
    bool is_stepping; /* with the trap flag on */
    uint64_t steps;   /* until the next fault for a step, that one included; 0 and 1: the very next */
    struct breakpoints breakpoints;
};

enum { TCB_NAME_SIZE = 848 }; /* the room a debug build of seL4 has */

struct tcb {
    struct slot slots[TCB_SLOTS];
    struct context context;

    /* scheduling */
    enum thread_state state;
    bool is_queued;
    bool is_special; /* something in flags or debug: the engine must be told */
    bool has_time; /* always, without MCS; else it has a configured scheduling context, and is not postponed */
    bool is_postponed; /* MCS: in the release queue; sched_prev and sched_next are its links then */
    uint8_t priority;
    uint8_t mcp; /* maximum controlled priority */
    uint8_t domain;
    bool has_syscall_range; /* end is not 0 (TCB_SYSCALL_RANGE, abi/host_io.h) */
    uint32_t time_slice; /* ticks left */
    uint64_t sched_prev, sched_next;

    /* what the thread waits for */
    uint64_t blocking_object; /* endpoint or notification */
    uint64_t blocking_badge;
    bool blocking_can_grant;
    bool blocking_can_grant_reply;
    bool blocking_is_call;
    uint64_t queue_prev, queue_next;

    /* what it is attached to */
    uint64_t bound_notification;
    uint64_t fault_handler; /* cptr in its own CSpace */
    uint64_t ipc_buffer;    /* vaddr */
    uint64_t flags;         /* seL4_TCBFlag */
    uint64_t syscall_start, syscall_end; /* a syscall instruction outside is a fault */
    struct tcb_debug debug;
    struct benchmark_counters benchmark;

    /* MCS; paddrs */
    uint64_t sched_context; /* that it runs on */
    uint64_t reply;         /* the reply object with which it waits: to receive a call, or for an answer */
    uint64_t yield_to;      /* the scheduling context whose thread it let run */

    struct fault fault; /* what its next message tells, as long as that is not FAULT_NONE; a reply clears it */

    /* every thread there is, the newest first (state->threads) */
    uint64_t all_prev, all_next;
    char name[TCB_NAME_SIZE];
};

_Static_assert(sizeof(struct tcb) <= 2048, "a TCB is 2^11 bytes");

/* To be called when flags or debug change. */
static inline void tcb_refresh(struct tcb *tcb)
{
    tcb->is_special = tcb->flags != 0 || tcb->debug.is_used;
}

/* The thread, which has a range, is at a syscall instruction: may it not make system calls from there? */
bool tcb_is_outside_range(const struct tcb *tcb);

static inline struct tcb *tcb_at(const struct kernel *k, uint64_t paddr) /* NULL for 0 */
{
    return paddr ? (struct tcb *)(void *)(k->arena + paddr) : NULL;
}

/* Make a thread out of zeroed memory: registers, vector state, domain, time slice, a name after its creator. */
void tcb_init(struct kernel *k, struct tcb *tcb);

/* The thread's memory is about to become something else: forget it. Called once, when its last capability goes. */
void tcb_retire(struct kernel *k, struct tcb *tcb);

/* Copy a terminated name, cut to what fits. */
void tcb_set_name(struct tcb *tcb, const char *name);

/* Invocations of a thread capability; the registers and the rest each in a file of its own. */
struct invocation;
MUST_USE struct result tcb_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result tcb_registers_decode(struct kernel *k, struct invocation *in);

#endif
