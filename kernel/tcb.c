/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The beginning and the end of a thread, and its name. All threads form one
 * list, the newest first, which the debug calls and the heap check walk.
 */
#include "kernel/tcb.h"

#include "kernel/print.h"
#include "kernel/state.h"
#include "kernel/x86_64/x86.h"

static void name_print(struct tcb *tcb, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_format(tcb->name, TCB_NAME_SIZE, format, arguments);
    va_end(arguments);
}

void tcb_set_name(struct tcb *tcb, const char *name)
{
    name_print(tcb, "%s", name);
}

static void threads_add(struct kernel *k, struct tcb *tcb)
{
    uint64_t self = arena_paddr(k, tcb);
    struct tcb *newest = tcb_at(k, k->state->threads);
    tcb->all_prev = 0;
    tcb->all_next = k->state->threads;
    if (newest)
        newest->all_prev = self;
    k->state->threads = self;
}

bool tcb_is_outside_range(const struct tcb *tcb)
{
    uint64_t ip = tcb->context.reg[REG_FAULT_IP];
    return ip < tcb->syscall_start || ip >= tcb->syscall_end;
}

void tcb_init(struct kernel *k, struct tcb *tcb)
{
    const struct tcb *creator = current_tcb(k);
    unsigned char *vector = kernel_vector_area(k, arena_paddr(k, tcb));

    x86_context_init(&tcb->context);
    if (vector)
        x86_vector_init(vector);
    tcb->state = THREAD_INACTIVE;
    tcb->domain = (uint8_t)k->state->current_domain;
    tcb->time_slice = k->abi->config.time_slice_ticks;
    tcb->has_time = !k->abi->config.is_mcs;
    if (creator)
        name_print(tcb, "child of: '%s'", creator->name);
    threads_add(k, tcb);
}

void tcb_retire(struct kernel *k, struct tcb *tcb)
{
    struct tcb *newer = tcb_at(k, tcb->all_prev);
    struct tcb *older = tcb_at(k, tcb->all_next);
    if (newer)
        newer->all_next = tcb->all_next;
    else
        k->state->threads = tcb->all_next;
    if (older)
        older->all_prev = tcb->all_prev;
    tcb->all_prev = tcb->all_next = 0;
}
