/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting, and the objects the loops use.
 */
#include "bench/kernel/system.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernel/state.h"

enum {
    CAPS_AT = 122,
    BUFFER_VADDR = 0x500000, /* inside the image's page table */
    ENTRY_VADDR = 0x400000
};

static struct cap cap_in(const struct system *s, uint64_t slot)
{
    return ((struct slot *)arena_at(s->k, s->k->state->root_cnode))[slot].cap;
}

static void numbers_find(struct system *s)
{
    for (uint64_t label = 1; label < ABI_MAX_LABELS; label++)
        s->label[s->k->abi->operation_of_label[label]] = label;
    for (uint64_t i = 1; i < ABI_MAX_SYSCALLS; i++)
        s->number[s->k->abi->syscall_of_number[i]] = 0 - i;
}

void system_open(struct system *s)
{
    struct sim_options options = {.root_cnode_bits = 12};
    s->sim = sim_open(&options);
    s->k = &s->sim->kernel;
    s->context = s->sim->next.context;
    s->tcb = s->sim->next.tcb;
    numbers_find(s);
    s->untyped = 0;
    for (s->free_slot = ABI_SLOT_FIRST_FREE; cap_in(s, s->free_slot).type != CAP_NULL; s->free_slot++) {
        struct cap cap = cap_in(s, s->free_slot);
        if (cap.type == CAP_UNTYPED && !cap.is_device &&
            (!s->untyped || cap.untyped_bits > cap_in(s, s->untyped).untyped_bits))
            s->untyped = s->free_slot;
    }
}

void system_close(struct system *s)
{
    sim_close(s->sim);
}

uint64_t *system_buffer(const struct system *s)
{
    return arena_at(s->k, cap_in(s, ABI_SLOT_IPC_BUFFER).paddr);
}

void system_check(const struct system *s)
{
    uint64_t label = s->context->reg[REG_RSI] >> 12;
    if (label == ABI_NO_ERROR)
        return;
    fprintf(stderr, "bench_kernel: a call was refused: %s\n", abi_error_name((enum abi_error)label));
    exit(1);
}

struct words {
    unsigned count, cap_count;
    uint64_t word[6], cap[3];
};

static void call(struct system *s, uint64_t cptr, enum operation operation, struct words words)
{
    uint64_t *buffer = system_buffer(s);
    set_words(s, words.word[0], words.word[1], words.word[2], words.word[3]);
    for (unsigned i = ABI_MESSAGE_REGISTERS; i < words.count; i++)
        buffer[1 + i] = words.word[i];
    for (unsigned i = 0; i < words.cap_count; i++)
        buffer[CAPS_AT + i] = words.cap[i];
    enter(s, SYSCALL_CALL, cptr, info_of(s->label[operation], words.cap_count, words.count));
    system_check(s);
}

uint64_t system_make(struct system *s, enum object object, uint64_t user_bits)
{
    uint64_t type = s->k->abi->type_of_object[object];
    call(s, s->untyped, OPERATION_UNTYPED_RETYPE,
         (struct words){6, 1, {type, user_bits, 0, 0, s->free_slot, 1}, {ABI_SLOT_CNODE}});
    return s->free_slot++;
}

uint64_t system_thread(struct system *s, unsigned priority)
{
    uint64_t frame = system_make(s, OBJECT_SMALL_PAGE, 0), tcb = system_make(s, OBJECT_TCB, 0);
    uint64_t vaddr = BUFFER_VADDR + frame * 4096;
    call(s, frame, OPERATION_X86_PAGE_MAP, (struct words){3, 1, {vaddr, 3, 0}, {ABI_SLOT_VSPACE}});
    call(s, tcb, OPERATION_TCB_CONFIGURE,
         (struct words){4, 3, {0, 0, 0, vaddr}, {ABI_SLOT_CNODE, ABI_SLOT_VSPACE, frame}});
    call(s, tcb, OPERATION_TCB_SET_SCHED_PARAMS, (struct words){2, 1, {255, priority}, {ABI_SLOT_TCB}});
    call(s, tcb, OPERATION_TCB_WRITE_REGISTERS, (struct words){3, 0, {1, 1, ENTRY_VADDR}, {0}});
    return tcb;
}
