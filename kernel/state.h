/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel itself remembers, in the arena at KERNEL_PADDR, and the
 * conversions between physical addresses and pointers.
 *
 * Only this header knows where kernel memory lies. Everything a capability can
 * name lies above `kernel_end`, in memory that was untyped.
 */
#ifndef SELKIE_KERNEL_STATE_H
#define SELKIE_KERNEL_STATE_H

#include "kernel/assert.h"
#include "kernel/benchmark.h"
#include "kernel/kernel.h"
#include "kernel/slot.h"
#include "kernel/tcb.h"
#include "machine/virtual_clock.h"

#define KERNEL_PADDR 0x100000ull /* as on a PC, where 1 MiB is the first free byte */

struct queue {
    uint64_t head, tail; /* TCBs, 0 is none */
};

enum irq_mode {
    IRQ_INACTIVE,
    IRQ_SIGNAL,  /* a capability handles it */
    IRQ_TIMER,   /* the kernel's own */
    IRQ_RESERVED
};

/* A turn of the domain schedule; a duration of 0 marks the end of a round. */
enum { DOMAIN_ENTRIES = 256 };
struct domain_entry {
    uint64_t domain : 8;
    uint64_t duration : 56; /* ticks */
};

/* What the scheduler does when the kernel is about to leave. */
enum sched_action {
    SCHED_RESUME_CURRENT,
    SCHED_CHOOSE_NEW,
    SCHED_SWITCH_TO /* sched_candidate, if nothing better is ready */
};

struct ready_queues {
    uint64_t bitmap[ABI_PRIORITIES / 64];
    struct queue queue[ABI_PRIORITIES];
};

/* The time of the MCS kernel (kernel/mcs/time.c). */
struct mcs_state {
    uint64_t now_ns;        /* when the kernel was entered, or looked last */
    uint64_t consumed_ns;   /* since the last commit; sched_context is to pay for it */
    uint64_t timer_ns;      /* when the kernel's timer is due; UINT64_MAX: never */
    uint64_t sched_context; /* 0: the idle thread's, which nobody counts */
    struct queue release;   /* postponed threads, by the time of their next refill */
    bool is_waking;         /* somebody is to run after nobody did, and has not begun yet (time_awake) */
    bool is_reprogramming;  /* before the kernel leaves, what was consumed is committed and timer_ns found anew */
};

struct irq_route { /* how an I/O APIC line was configured when its handler was issued */
    uint32_t ioapic, pin;
    bool is_ioapic;
};

struct kernel_state {
    uint64_t magic;
    uint64_t kernel_end; /* paddr, exclusive: end of this structure and its tail */
    uint64_t root_cnode; /* paddr of the initial CNode, whose memory is no untyped's */

    /* scheduler */
    uint64_t current; /* TCB; 0 is the idle thread */
    enum sched_action sched_action;
    bool is_entry_special; /* kernel_refresh */
    bool is_halted;
    uint64_t sched_candidate;
    uint32_t current_domain;
    uint32_t domain_schedule_start; /* index of the entry that a round begins with */
    uint32_t domain_schedule;       /* index of the current entry (kernel/domain.h) */
    uint64_t domain_time;           /* ticks (MCS: ns) left in the current domain's turn */
    struct domain_entry domain_entry[DOMAIN_ENTRIES];

    struct mcs_state mcs;
    struct benchmark benchmark;

    /* preemption points */
    uint32_t work_units;

    struct virtual_clock virtual_clock; /* where time is virtual; the engine's and the devices' */

    /* address spaces: paddr of the pool that holds each 2^9 identifiers */
    uint64_t asid_pool[1u << ABI_ASID_HIGH_BITS];

    /* interrupts */
    uint8_t irq_mode[KERNEL_IRQS]; /* enum irq_mode */
    struct irq_route irq_route[KERNEL_IRQS];
    _Alignas(sizeof(struct slot)) struct slot irq_slot[KERNEL_IRQS]; /* a notification capability each */

    /* I/O ports that some capability covers: one bit per port */
    uint64_t port_bitmap[65536 / 64];

    /* the last fault nobody took, while its thread lies where it fell */
    uint64_t unhandled_fault; /* TCB */
    struct fault unhandled_detail;
    uint64_t threads;         /* TCB: the newest thread; the others follow by all_next */

    struct ready_queues ready[]; /* one per domain */
};

/* To be called when one of these changes: state->is_entry_special says whether an entry has to look at them at all. */
static inline void kernel_refresh(struct kernel *k)
{
    struct kernel_state *s = k->state;
    s->is_entry_special =
        k->abi->config.is_mcs || k->machine->clock.charge != NULL || s->benchmark.is_on || s->is_halted;
}

static inline void *arena_at(const struct kernel *k, uint64_t paddr)
{
    return k->arena + paddr;
}

static inline uint64_t arena_paddr(const struct kernel *k, const void *pointer)
{
    return (uint64_t)((const unsigned char *)pointer - k->arena);
}

static inline struct tcb *current_tcb(const struct kernel *k)
{
    return tcb_at(k, k->state->current);
}

/* The same where there is one for certain: during a trap that a thread made. */
static inline struct tcb *running_tcb(const struct kernel *k)
{
    return (struct tcb *)arena_at(k, k->state->current);
}

#endif
