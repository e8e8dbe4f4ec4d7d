/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A booted system in memory whose threads make system calls at once: `enter` does
 * what an engine does on either side of kernel_enter, and no more.
 *
 * All threads share the initial thread's CSpace and VSpace. A capability address
 * is the number of a slot of the initial CNode.
 */
#ifndef SELKIE_BENCH_KERNEL_SYSTEM_H
#define SELKIE_BENCH_KERNEL_SYSTEM_H

#include "engine/sim/sim.h"

struct system {
    struct kernel *k;
    struct context *context; /* of the thread that runs */
    uint64_t tcb;
    uint64_t label[OPERATION_COUNT]; /* of each operation, as messages carry it */
    uint64_t number[SYSCALL_COUNT];  /* of each system call */
    uint64_t untyped;                /* the largest one */
    uint64_t free_slot;
    struct sim *sim;
};

void system_open(struct system *s);
void system_close(struct system *s);

/* The running thread makes a system call with the registers it has, but for these. */
static inline void enter(struct system *s, enum syscall syscall, uint64_t cptr, uint64_t info)
{
    static const struct trap trap = {.kind = TRAP_SYSCALL};
    struct context *context = s->context;
    context->reg[REG_RDX] = s->number[syscall];
    context->reg[REG_RDI] = cptr;
    context->reg[REG_RSI] = info;
    context->reg[REG_FAULT_IP] = context->next_ip;
    context->is_syscall = true;
    struct next next = kernel_enter(s->k, 0, &trap);
    s->context = next.context;
    s->tcb = next.tcb;
}

static inline void set_words(struct system *s, uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3)
{
    uint64_t *reg = s->context->reg;
    reg[REG_R10] = word0;
    reg[REG_R8] = word1;
    reg[REG_R9] = word2;
    reg[REG_R15] = word3;
}

/* seL4_MessageInfo_new */
static inline uint64_t info_of(uint64_t label, unsigned extra_caps, unsigned length)
{
    return label << 12 | (uint64_t)extra_caps << 7 | length;
}

/* The words of the initial thread's IPC buffer; the message starts at 1, the extra capabilities at 122. */
uint64_t *system_buffer(const struct system *s);

/* Set-up; ends the program if the kernel refuses. */
uint64_t system_make(struct system *s, enum object object, uint64_t user_bits);
uint64_t system_thread(struct system *s,
                       unsigned priority); /* ready, with a frame of its own as IPC buffer */
void system_check(const struct system *s); /* the last Call of the running thread went well */

#endif
