/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An invocation as a decoder sees it, and the door to each object's decoder.
 *
 * A decoder checks everything, then acts: when it fails it has changed nothing.
 * The caller's state is THREAD_RESTART while a decoder runs; it becomes RUNNING,
 * with a reply if it was a Call, unless the operation changed it.
 */
#ifndef SELKIE_KERNEL_INVOCATION_H
#define SELKIE_KERNEL_INVOCATION_H

#include "kernel/ipc.h"
#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/slot.h"
#include "kernel/tcb.h"

struct invocation {
    struct tcb *caller;
    enum operation operation;
    uint64_t length;   /* message words that can be read: never more than registers without an IPC buffer */
    uint64_t cptr;     /* the address that was invoked */
    struct slot *slot; /* the invoked capability's slot */
    struct cap cap;    /* and what it held */
    struct slot *extra[ABI_EXTRA_CAPS]; /* extra capabilities; NULL behind the last */
    const uint64_t
        *buffer; /* the caller's IPC buffer in the arena, for reading; NULL if there is none, or no need */
    bool is_call;
    bool is_blocking;
    bool can_donate;     /* these two as in struct invocation_how */
    bool is_first_phase;
};

/* Message word `i`; the caller has checked `i < in->length`. */
static inline uint64_t invocation_word(const struct invocation *in, unsigned i)
{
    return message_get(in->caller, in->buffer, i);
}

/* Answer a Call with label 0 and `count` message words and make the caller RUNNING; a Send only makes it RUNNING. */
void invocation_reply(struct kernel *k, struct invocation *in, const uint64_t *words, unsigned count);

/* Decode by the type of in->cap. */
MUST_USE struct result invocation_decode(struct kernel *k, struct invocation *in);

/* A decode-error remark for `-v`: what a printing kernel would say about this refusal. */
COLD void remark(struct kernel *k, const char *format, ...);

/* The decoders of each object, one file each. */
MUST_USE struct result untyped_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result cnode_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result domain_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result irq_control_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result irq_handler_decode(struct kernel *k, struct invocation *in);
/* x86_64/ */
MUST_USE struct result x86_irq_control_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result x86_irq_line_decode(struct kernel *k, struct invocation *in); /* the general IssueIRQHandler */
MUST_USE struct result frame_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result paging_decode(struct kernel *k,
                                     struct invocation *in); /* PDPT, page directory, page table */
MUST_USE struct result pml4_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result asid_control_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result asid_pool_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result io_port_decode(struct kernel *k, struct invocation *in);
MUST_USE struct result io_port_control_decode(struct kernel *k, struct invocation *in);

#endif
